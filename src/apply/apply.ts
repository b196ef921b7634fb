import { cutFilters } from '../analysis/cut-filter.ts';
import type { CutFilter } from '../analysis/cut-filter.ts';
import { type Flow, flowsToCut, isTrusted, type Sides } from '../analysis/flow.ts';
import { Failure } from '../effects/failure.ts';
import type { Effects } from '../effects/types.ts';
import { readFlows } from '../live/flows.ts';
import type { Observation } from '../live/observe.ts';
import { isFirst } from '../plan/changes.ts';
import type { LiveState } from '../plan/live-state.ts';
import { cutHookSteps, type Plan, type Step } from '../plan/plan.ts';
import { rememberBefore } from './before.ts';
import { cutFlows, forgetCuts } from './cut.ts';
import { execute } from './execute.ts';
import {
  commitGeneration,
  currentGeneration,
  type NewGeneration,
  type Prepared,
  prepareGeneration,
  pruneGenerations,
  readRuleset,
  writeScript,
} from './generations.ts';
import { closeJournal, openJournal, readJournal } from './journal.ts';
import { arm, type Pending } from './pending.ts';
import { putBack } from './put-back.ts';
import { FILE_MODE, FOLDER_MODE, type StatePaths } from './state.ts';

/** What an apply is made of: nothing in it is read again from the config. */
export interface ApplyInput {
  readonly plan: Plan;
  /** The state that the plan was made from. */
  readonly live: LiveState;
  readonly sides: Sides;
  /** Files that the next run profits from. */
  readonly keep: Observation['keep'];
  readonly record: Pick<NewGeneration, 'config' | 'meta'>;
  readonly script: string;
  /** Undo it unless it is confirmed within these seconds. */
  readonly confirmSeconds?: number | undefined;
  /** Writes the config that this stands for, and takes that back. Where it is to be confirmed, `confirm` writes it. */
  readonly commit?: { readonly run: () => Promise<void>; readonly undo: () => Promise<void> } | undefined;
}

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
}

/** The open connections that the plan denies, though they were let in before, and how to pick them out. */
export interface Cuts {
  readonly flows: readonly Flow[];
  /** With those that the kernel takes for over, which nobody wants to be told of. */
  readonly all: readonly Flow[];
  readonly filters: readonly CutFilter[];
}

const NO_CUTS: Cuts = { flows: [], all: [], filters: [] };

type Changing = Pick<ApplyInput, 'plan' | 'live' | 'sides'>;

/** Undefined where open connections can't be read. */
export async function findCuts(
  effects: Pick<Effects, 'exec'>,
  { plan, live, sides }: Changing,
): Promise<Cuts | undefined> {
  const tracked = await readFlows(effects);
  if (!tracked) return undefined;
  const all = flowsToCut(tracked, live, plan.target, sides);
  return { flows: all.filter(({ ended }) => !ended), all, filters: cutFilters(tracked, all) };
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
  const troubles: string[] = [];
  const unlessTrouble = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      troubles.push(troubleText(error));
      return undefined;
    }
  };
  // After the rules: what is cut now can't come back. Which connections a killed run has left open nobody knows.
  const before = interrupted ? withoutHooks(live) : live;
  const cuts = await unlessTrouble(async () =>
    changes || interrupted ? cut(effects, paths, { ...input, live: before }, pending) : NO_CUTS,
  );
  // The journal that stays open has the next run cut what this one could not.
  const done = troubles.length === 0 || pending !== undefined;
  if ((changes || interrupted) && done) await unlessTrouble(() => closeJournal(effects, paths));
  await unlessTrouble(() => execute(effects, tidying));
  await unlessTrouble(() => keepForNextRun(effects, paths, input.keep));
  if (changes && !pending) await unlessTrouble(() => effects.files.remove(paths.undone));
  if (prepared.fresh && !pending) await unlessTrouble(() => pruneGenerations(effects, paths));
  const { flows = [] } = cuts ?? {};
  const couldCut = cuts !== undefined || troubles.length > 0;
  return { steps: plan.steps.length, cut: flows, couldCut, generation: prepared, pending, troubles };
}

/** What is expected to happen is told; a bug goes on to where bugs are shown. */
function troubleText(error: unknown): string {
  if (error instanceof Failure || (error instanceof Error && 'code' in error)) return error.message;
  throw error;
}

/** Old sets go when nothing refers to them any more: that is no part of what has to succeed. */
function split(steps: readonly Step[]): { enforcing: readonly Step[]; tidying: readonly Step[] } {
  const last = steps.findLastIndex(({ kind }) => kind !== 'drop-sets');
  return { enforcing: steps.slice(0, last + 1), tidying: steps.slice(last + 1) };
}

interface Enforced {
  readonly prepared: Prepared;
  readonly pending: Pending | undefined;
}

async function enforce(
  effects: Effects,
  paths: StatePaths,
  input: ApplyInput,
  steps: readonly Step[],
): Promise<Enforced> {
  const { plan, live, record, script } = input;
  const generation: NewGeneration = { ...record, ruleset: plan.target };
  const changes = plan.steps.length > 0;
  const confirmed = input.confirmSeconds === undefined || !changes;
  try {
    if (changes && isFirst(live)) await rememberBefore(effects, paths, live);
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
  if (current !== undefined) {
    await readRuleset(effects, paths, current);
    return current;
  }
  if (isFirst(live)) return 0;
  throw new Failure(
    'a firewall stands of which no generation is known, so there is nothing to go back to',
    'run seawall apply once without --confirm: it changes nothing that the config doesn’t say',
  );
}

/** Waits for both, even if one fails: nothing must go on by itself when the lock is given back. */
async function both<T>(first: Promise<unknown>, second: Promise<T>): Promise<T> {
  await Promise.allSettled([first, second]);
  await first;
  return second;
}

const withoutHooks = (live: LiveState): LiveState => ({
  ...live,
  tables: { 4: { ...live.tables[4], hooks: [] }, 6: { ...live.tables[6], hooks: [] } },
});

async function cut(
  effects: Effects,
  paths: StatePaths,
  input: Changing,
  pending: Pending | undefined,
): Promise<Cuts | undefined> {
  const { plan } = input;
  // Also where nothing is left to change: a killed run may have come as far as this.
  const cuts = await findCuts(effects, input);
  if (cuts && cuts.all.length > 0) {
    await execute(effects, cutHookSteps(plan.target, new Set(cuts.all.map(({ source }) => source.family))));
    await cutFlows(effects, cuts.all, cuts.filters, pending && paths.uncut);
  }
  await forgetCuts(effects, (client) => isTrusted(plan.target, client));
  return cuts;
}

async function keepForNextRun({ files }: Effects, paths: StatePaths, keep: ApplyInput['keep']): Promise<void> {
  if (keep.length > 0) await files.folder(paths.lists, FOLDER_MODE);
  for (const { path, content } of keep) await files.write(path, [content], FILE_MODE);
}
