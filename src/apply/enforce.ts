import { Failure } from '../effects/failure.ts';
import type { Effects } from '../effects/types.ts';
import { isFirst } from '../plan/changes.ts';
import type { Step } from '../plan/plan.ts';
import { bringsTables, rememberBefore } from './before.ts';
import { execute } from './execute.ts';
import { currentGeneration } from './generation-numbers.ts';
import { isIntact } from './generation-record.ts';
import { commitGeneration, type NewGeneration, type Prepared, prepareGeneration, writeScript } from './generations.ts';
import type { ApplyInput } from './input.ts';
import { openJournal } from './journal.ts';
import { arm, type Pending } from './pending.ts';
import { putBack } from './put-back.ts';
import type { StatePaths } from './state.ts';

/** The new policy stands. */
export interface Enforced {
  readonly prepared: Prepared;
  readonly pending: Pending | undefined;
}

/**
 * Has the new policy stand: for good, or with the undo armed. If a step fails, everything is put back.
 *
 * @throws Failure with exit code 4 if something was changed and put back
 */
export async function enforce(
  effects: Effects,
  paths: StatePaths,
  input: ApplyInput,
  steps: readonly Step[],
): Promise<Enforced> {
  const { plan, live, record, script } = input;
  const generation: NewGeneration = { ...record, ruleset: plan.target, backend: plan.backend };
  const changes = plan.steps.length > 0;
  const confirmed = input.confirmSeconds === undefined || !changes;
  try {
    if (changes && bringsTables(plan.backend, live)) await rememberBefore(effects, paths, live);
    if (changes) await openJournal(effects, paths);
    if (confirmed) {
      // The folder that is filled is named by nothing yet, so it may be filled meanwhile.
      const prepared = await both(execute(effects, steps), prepareGeneration(effects, paths, generation));
      await commitGeneration(effects, paths, prepared.number, { script, config: input.commit });
      return { prepared, pending: undefined };
    }
    const before = await wayBack(effects, paths, input);
    const prepared = await prepareGeneration(effects, paths, generation);
    await writeScript(effects, paths, script);
    const by = `${record.meta.by}${record.meta.from === null ? '' : ` from ${record.meta.from}`}`;
    const seconds = input.confirmSeconds ?? 0;
    const pending = await arm(effects, paths, {
      generation: prepared.number,
      before,
      seconds,
      by,
      edits: input.commit !== undefined,
    });
    await execute(effects, steps);
    return { prepared, pending };
  } catch (error) {
    throw await putBack(effects, paths, input, error);
  }
}

/** What an undo goes back to. It is looked at before anything is changed. */
async function wayBack(effects: Effects, paths: StatePaths, { live }: ApplyInput): Promise<number> {
  const current = await currentGeneration(effects, paths);
  if (current === undefined && isFirst(live)) return 0;
  if (current !== undefined && (await isIntact(effects, paths, current))) return current;
  const what = current === undefined ? 'the generation that stands is not known' : `generation ${current} is damaged`;
  throw new Failure(
    `${what}, so there is nothing to go back to`,
    'run seawall apply once without --confirm: it does nothing that the config doesn’t say',
  );
}

/** Waits for both, even if one fails: nothing must go on by itself when the lock is given back. */
async function both<T>(first: Promise<unknown>, second: Promise<T>): Promise<T> {
  await Promise.allSettled([first, second]);
  await first;
  return second;
}
