import { type CutFilter, cutFilters } from '../analysis/cut-filter.ts';
import { type Flow, flowsToCut, isTrusted } from '../analysis/flow.ts';
import type { Effects } from '../effects/types.ts';
import { readFlows } from '../live/flows.ts';
import { readKernel } from '../live/kernel.ts';
import type { Observation } from '../live/observe.ts';
import { isFirst } from '../plan/changes.ts';
import { cutHookSteps, planRemoval, type Plan } from '../plan/plan.ts';
import type { Policy } from '../policy/policy.ts';
import { rememberBefore, restoreBefore } from './before.ts';
import { prepareBootFiles, switchBootFiles } from './boot.ts';
import { cutFlows, forgetCuts } from './cut.ts';
import { execute } from './execute.ts';
import { FILE_MODE, FOLDER_MODE, type StatePaths } from './state.ts';

/** What an apply is made of: nothing in it is read again from the config. */
export interface ApplyInput {
  readonly plan: Plan;
  readonly policy: Policy;
  readonly observation: Observation;
  readonly bootScript: string;
}

export interface ApplyResult {
  /** Steps that were run; 0 when everything was as it should be. */
  readonly steps: number;
  readonly cut: readonly Flow[];
  /** False where this machine has no tool to cut connections with. */
  readonly couldCut: boolean;
  /** The files for the next boot had to be written. */
  readonly bootWritten: boolean;
}

/** The open connections that the plan denies, though they were let in before, and how to pick them out. */
export interface Cuts {
  readonly flows: readonly Flow[];
  /** With those that the kernel takes for over, which nobody wants to be told of. */
  readonly all: readonly Flow[];
  readonly filters: readonly CutFilter[];
}

/** Undefined where open connections can't be read. */
export async function findCuts(
  effects: Effects,
  { plan, policy, observation }: Omit<ApplyInput, 'bootScript'>,
): Promise<Cuts | undefined> {
  if (plan.steps.length === 0) return { flows: [], all: [], filters: [] };
  const tracked = await readFlows(effects);
  if (!tracked) return undefined;
  const sides = { links: observation.facts.links, zones: policy.zones };
  const all = flowsToCut(tracked, observation.live, plan.target, sides);
  return { flows: all.filter(({ ended }) => !ended), all, filters: cutFilters(tracked, all) };
}

/** Makes it so: kernel, open connections, boot files, memory, in this order. The caller holds the lock. */
export async function applyPlan(effects: Effects, paths: StatePaths, input: ApplyInput): Promise<ApplyResult> {
  const { plan, observation, bootScript } = input;
  await effects.files.folder(paths.dir, FOLDER_MODE);
  if (isFirst(observation.live)) await rememberBefore(effects, paths, observation.live);
  const boot = await both(
    executeOrWithdraw(effects, paths, input),
    prepareBootFiles(effects, paths, plan.target, bootScript),
  );
  // After the rules: what is cut now can't come back.
  const cuts = await findCuts(effects, input);
  if (cuts && cuts.all.length > 0) {
    await execute(effects, cutHookSteps(plan.target, new Set(cuts.all.map(({ source }) => source.family))));
    await cutFlows(effects, cuts.all, cuts.filters);
  }
  if (plan.steps.length > 0) await forgetCuts(effects, (client) => isTrusted(plan.target, client));
  await switchBootFiles(effects, paths, boot, bootScript);
  await keepForNextRun(effects, paths, observation);
  return { steps: plan.steps.length, cut: cuts?.flows ?? [], couldCut: cuts !== undefined, bootWritten: boot.fresh };
}

/** Waits for both, even if one fails: nothing must go on by itself when the lock is given back. */
async function both<T>(first: Promise<unknown>, second: Promise<T>): Promise<T> {
  await Promise.allSettled([first, second]);
  await first;
  return second;
}

/** A first apply that fails leaves nothing behind: half a firewall on a machine that had none helps nobody. */
async function executeOrWithdraw(
  effects: Effects,
  paths: StatePaths,
  { plan, observation }: ApplyInput,
): Promise<void> {
  try {
    await execute(effects, plan.steps);
  } catch (error) {
    if (isFirst(observation.live)) {
      await execute(effects, planRemoval(await readKernel(effects, 'by-name')));
      await restoreBefore(effects, paths);
    }
    throw error;
  }
}

async function keepForNextRun({ files }: Effects, paths: StatePaths, { keep }: Observation): Promise<void> {
  if (keep.length > 0) await files.folder(paths.lists, FOLDER_MODE);
  for (const { path, content } of keep) await files.write(path, [content], FILE_MODE);
}
