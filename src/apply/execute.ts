import type { Effects } from '../effects/types.ts';
import { destroySets, makeSet, replaceSet } from '../ipset/create.ts';
import { renderChange, restoreTool } from '../iptables/change.ts';
import { runTool, toolFailure } from '../live/tools.ts';
import type { Step } from '../plan/plan.ts';

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
  switch (step.kind) {
    case 'make-sets':
      return restoreSets(effects, makeSets(step), 'filling the sets');
    case 'drop-sets':
      return restoreSets(effects, destroySets(step.names), 'removing sets that are no longer used');
    case 'change-table': {
      const { change } = step;
      const file = restoreTool(change);
      const args = ['--noflush', '-w', LOCK_SECONDS];
      await runTool(effects, { file, args, input: [renderChange(change)] }, 'changing the rules');
    }
  }
}

function* makeSets(step: Step & { kind: 'make-sets' }): Generator<string | Uint8Array> {
  for (const set of step.make) yield* makeSet(set);
  for (const set of step.replace) yield* replaceSet(set);
}

async function restoreSets(
  effects: Pick<Effects, 'exec'>,
  input: Iterable<string | Uint8Array>,
  purpose: string,
): Promise<void> {
  await runTool(effects, { file: 'ipset', args: ['restore'], input, timeoutMs: SETS_TIMEOUT_MS }, purpose);
}
