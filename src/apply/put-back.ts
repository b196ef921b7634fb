import { Failure } from '../effects/failure.ts';
import type { Effects } from '../effects/types.ts';
import { readKernel } from '../live/kernel.ts';
import { restoreSteps } from '../plan/restore.ts';
import type { ApplyInput } from './input.ts';
import { bringsTables, restoreBefore } from './before.ts';
import { execute } from './execute.ts';
import { closeJournal } from './journal.ts';
import { disarm } from './pending.ts';
import type { StatePaths } from './state.ts';

/**
 * Takes back what was done of a change that failed: every family and every set, and the config. Returns what to
 * tell: the failure itself if nothing had been changed yet, else that it was put back, or that not even this could be done.
 */
export async function putBack(
  effects: Effects,
  paths: StatePaths,
  input: Pick<ApplyInput, 'live' | 'commit'>,
  failure: unknown,
): Promise<unknown> {
  try {
    const steps = restoreSteps(input.live, await readKernel(effects, 'by-name', input.live.backend ?? 'iptables'));
    await execute(effects, steps);
    const left = await forget(effects, paths, input);
    const config = await troubleOf(async () => input.commit?.undo());
    if (config !== '') return configStays(failure, config);
    if (steps.length === 0 || !(failure instanceof Error)) return failure;
    const what = `${failure.message}; what was changed until then was put back${left === '' ? '' : `, but ${left}`}`;
    return new Failure(what, hintOf(failure), { cause: failure, exitCode: 4 });
  } catch (second) {
    // The journal stays, and an undo that is armed stays armed.
    return new Failure(
      `${textOf(failure)}; and it could not be put back: ${textOf(second)}`,
      'nothing was opened that was closed; mend the cause, then run: seawall apply',
      { cause: failure },
    );
  }
}

const configStays = (failure: unknown, trouble: string): Failure =>
  new Failure(
    `${textOf(failure)}; and the config could not be put back: ${trouble}`,
    'the rules are as they were; put the config right before you apply again',
    { cause: failure },
  );

async function troubleOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return '';
  } catch (error) {
    return textOf(error);
  }
}

/** The kernel is as it was. A file that can't be removed then must not make that look otherwise. Returns what to tell. */
async function forget(effects: Effects, paths: StatePaths, { live }: Pick<ApplyInput, 'live'>): Promise<string> {
  const work = [
    ...(bringsTables(live.backend, live) ? [() => restoreBefore(effects, paths)] : []),
    () => disarm(effects, paths),
    () => closeJournal(effects, paths),
  ];
  const ended = await Promise.allSettled(work.map(async (each) => each()));
  const failed = ended.find((each) => each.status === 'rejected');
  return failed ? textOf(failed.reason) : '';
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const hintOf = (error: Error): string =>
  error instanceof Failure ? error.hint : 'mend the cause (a full disk?), then run it again';
