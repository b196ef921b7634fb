import type { Flow } from '../analysis/flow.ts';
import { Failure } from '../effects/failure.ts';
import type { Effects } from '../effects/types.ts';
import type { Step } from '../plan/plan.ts';
import { isTidying } from '../plan/step.ts';
import { enforce } from './enforce.ts';
import { execute } from './execute.ts';
import { cut, NO_CUTS, withoutHooks } from './find-cuts.ts';
import { type Prepared, pruneGenerations } from './generations.ts';
import type { ApplyInput } from './input.ts';
import { closeJournal, readJournal } from './journal.ts';
import type { Pending } from './pending.ts';
import { FILE_MODE, FOLDER_MODE, type StatePaths } from './state.ts';

export interface ApplyResult {
  /** Steps that were run; 0 when everything was as it should be. */
  readonly steps: number;
  readonly cut: readonly Flow[];
  /** False where this machine has no tool to cut connections with. */
  readonly couldCut: boolean;
  readonly generation: Prepared;
  readonly pending: Pending | undefined;
  /** What could not be done after the new policy stood, and is left to the next run. */
  readonly troubles: readonly string[];
  /** Why sets that nothing asks any more are still there. They do no harm. */
  readonly leftOver: readonly string[];
}

/**
 * Makes it so. Up to the moment in which the new generation is named everything is put back if a step fails; after that
 * it stands, and what is left to do the next run can do as well. The caller holds the lock.
 *
 * @throws Failure with exit code 4 if something was changed and put back
 */
export async function applyPlan(effects: Effects, paths: StatePaths, input: ApplyInput): Promise<ApplyResult> {
  const { plan, live } = input;
  // One that is led astray is refused before anything is changed.
  for (const folder of [paths.dir, paths.boot, paths.generations]) await effects.files.folder(folder, FOLDER_MODE);
  const interrupted = (await readJournal(effects, paths)) !== undefined;
  const changes = plan.steps.length > 0;
  const { enforcing, tidying } = split(plan.steps);
  const { prepared, pending } = await enforce(effects, paths, input, enforcing);
  const [troubles, leftOver]: [string[], string[]] = [[], []];
  const unlessTrouble = <T>(work: () => Promise<T>): Promise<T | undefined> => toldIn(troubles, work);
  // After the rules: what is cut now can't come back. Which connections a killed run has left open nobody knows.
  const before = interrupted ? withoutHooks(live) : live;
  const cuts = await unlessTrouble(async () =>
    changes || interrupted ? cut(effects, paths, { ...input, live: before }, pending) : NO_CUTS,
  );
  // The journal that stays open has the next run cut what this one could not.
  const done = troubles.length === 0 || pending !== undefined;
  if ((changes || interrupted) && done) await unlessTrouble(() => closeJournal(effects, paths));
  await toldIn(leftOver, () => execute(effects, tidying));
  await unlessTrouble(() => keepForNextRun(effects, paths, input.keep));
  if (changes && !pending) await unlessTrouble(() => effects.files.remove(paths.undone));
  if (prepared.fresh && !pending) await unlessTrouble(() => pruneGenerations(effects, paths));
  const { flows = [] } = cuts ?? {};
  const couldCut = cuts !== undefined || troubles.length > 0;
  return { steps: plan.steps.length, cut: flows, couldCut, generation: prepared, pending, troubles, leftOver };
}

/** What is expected to happen is told; a bug goes on to where bugs are shown. */
async function toldIn<T>(troubles: string[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure || (error instanceof Error && 'code' in error))) throw error;
    troubles.push(error.message);
    return undefined;
  }
}

/** Old sets go when nothing refers to them any more: that is no part of what has to succeed. */
function split(steps: readonly Step[]): { enforcing: readonly Step[]; tidying: readonly Step[] } {
  const last = steps.findLastIndex((step) => !isTidying(step));
  return { enforcing: steps.slice(0, last + 1), tidying: steps.slice(last + 1) };
}

async function keepForNextRun({ files }: Effects, paths: StatePaths, keep: ApplyInput['keep']): Promise<void> {
  if (keep.length > 0) await files.folder(paths.lists, FOLDER_MODE);
  for (const { path, content } of keep) await files.write(path, [content], FILE_MODE);
}
