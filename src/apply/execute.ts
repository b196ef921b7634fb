import type { Effects } from '../effects/types.ts';
import { restoreTool } from '../iptables/change.ts';
import { runTool, toolFailure } from '../live/tools.ts';
import { END_OF_ELEMENTS } from '../nftables/render-set.ts';
import type { Step } from '../plan/plan.ts';
import { stepText } from '../plan/step-text.ts';

/** A million prefixes take a few seconds; a slow machine may take a minute. */
const SETS_TIMEOUT_MS = 180_000;
const VERSION_TIMEOUT_MS = 5000;
/** Seconds to wait for another program that is changing rules (legacy iptables; the nft variant needs none). */
const LOCK_SECONDS = '10';

/** Carries out a plan's steps in their order. After a failure the rest isn't done: what stands is old, new or stricter. */
export async function execute(effects: Pick<Effects, 'exec'>, steps: readonly Step[]): Promise<void> {
  await Promise.all(steps.map((step) => checkTool(effects, step)));
  for (const step of steps) await carryOut(effects, step);
}

/** A tool that is missing, or hangs at once, is told before the first step; those that read the machine have shown that they are there. */
async function checkTool(effects: Pick<Effects, 'exec'>, step: Step): Promise<void> {
  if (step.kind !== 'change-table') return;
  const command = { file: restoreTool(step.change), args: ['--version'], timeoutMs: VERSION_TIMEOUT_MS };
  const output = await effects.exec(command);
  if (output.outcome === 'missing' || output.outcome === 'timed-out')
    throw toolFailure(command, output, 'changing the rules');
}

async function carryOut(effects: Pick<Effects, 'exec'>, step: Step): Promise<void> {
  const { input } = stepText(step);
  switch (step.kind) {
    case 'make-sets':
      return restoreSets(effects, input(), 'filling the sets');
    case 'drop-sets':
      return restoreSets(effects, input(), 'removing sets that are no longer used');
    case 'change-table': {
      const file = restoreTool(step.change);
      const args = ['--noflush', '-w', LOCK_SECONDS];
      await runTool(effects, { file, args, input: input() }, 'changing the rules');
      return;
    }
    case 'prepare-nft':
      for (const piece of inPieces(input())) await runNft(effects, piece, 'filling the sets');
      return;
    case 'change-nft':
      return runNft(effects, input(), 'changing the rules');
    case 'drop-nft-sets':
    case 'remove-nft':
      return runNft(effects, input(), 'removing what is no longer used');
  }
}

/**
 * Pieces of about this many bytes, some 10^5 entries each: nft keeps a few hundred bytes for an entry, and takes ever longer
 * where it has many to keep.
 */
const PIECE = 1_300_000;

/** Ends a piece only where a command ends. */
function* inPieces(input: Iterable<string | Uint8Array>): Generator<(string | Uint8Array)[]> {
  let piece: (string | Uint8Array)[] = [];
  let size = 0;
  for (const chunk of input) {
    piece.push(chunk);
    size += chunk.length;
    if (size < PIECE || chunk !== END_OF_ELEMENTS) continue;
    yield piece;
    [piece, size] = [[], 0];
  }
  if (piece.length > 0) yield piece;
}

async function runNft(
  effects: Pick<Effects, 'exec'>,
  input: Iterable<string | Uint8Array>,
  purpose: string,
): Promise<void> {
  await runTool(effects, { file: 'nft', args: ['-f', '-'], input, timeoutMs: SETS_TIMEOUT_MS }, purpose);
}

async function restoreSets(
  effects: Pick<Effects, 'exec'>,
  input: Iterable<string | Uint8Array>,
  purpose: string,
): Promise<void> {
  await runTool(effects, { file: 'ipset', args: ['restore'], input, timeoutMs: SETS_TIMEOUT_MS }, purpose);
}
