import { currentGeneration } from '../apply/generation-numbers.ts';
import { readGeneration, readRuleset } from '../apply/generation-record.ts';
import type { Unfinished } from '../apply/standing.ts';
import { statePaths } from '../apply/state.ts';
import { unlessFailure } from '../effects/failure.ts';
import { meaningFingerprint } from '../plan/boot-files.ts';
import { driftOf } from '../plan/drift.ts';
import { planRuleset } from '../plan/plan.ts';
import type { DifferenceFacts } from '../report/difference.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import type { Context } from './command.ts';
import type { Survey } from './survey.ts';

/**
 * Whether the kernel was changed since the last apply, or what should stand in it, or both; undefined where nothing
 * differs. What was applied is read only then.
 */
export async function findDifference(
  context: Context,
  { plan, observation: { live } }: Survey,
  config: string,
  unfinished: Unfinished,
): Promise<DifferenceFacts | undefined> {
  if (plan.steps.length === 0) return undefined;
  const applied = unfinished.underWay === undefined ? await readApplied(context, unfinished) : undefined;
  if (!applied) return { generation: null, drift: driftOf(plan, live), wanted: 'unknown' };
  const same = meaningFingerprint(applied.ruleset) === meaningFingerprint(plan.target);
  return {
    generation: applied.number,
    drift: driftOf(planRuleset(applied.ruleset, live), live),
    wanted: same ? 'same' : applied.config === config ? 'other-facts' : 'edited',
  };
}

interface Applied {
  readonly number: number;
  readonly ruleset: Ruleset;
  readonly config: string | undefined;
}

/** What the kernel should hold by itself: the generation that waits for its confirmation, or else the current one. */
async function readApplied({ effects, stateDir }: Context, { pending }: Unfinished): Promise<Applied | undefined> {
  const paths = statePaths(stateDir);
  const waiting = pending === undefined || pending === 'damaged' ? undefined : pending.generation;
  const number = waiting ?? (await currentGeneration(effects, paths));
  if (number === undefined) return undefined;
  // A generation that is damaged can’t be compared with.
  const [ruleset, record] = await Promise.all([
    unlessFailure(readRuleset(effects, paths, number)),
    unlessFailure(readGeneration(effects, paths, number)),
  ]);
  return ruleset && { number, ruleset, config: record?.config };
}
