import type { Sides } from '../analysis/flow.ts';
import type { Observation } from '../live/observe.ts';
import { rulesetFingerprint } from '../plan/boot-files.ts';
import { type PolicyChange, policyChanges, stepSummary } from '../plan/changes.ts';
import type { LiveState } from '../plan/live-state.ts';
import type { Plan } from '../plan/plan.ts';
import type { SourceChange } from '../policy/source-change.ts';
import type { Survey } from './survey.ts';

/** A change that is to be made, wherever it comes from: the config, an earlier generation, a plan that was kept. */
export interface Proposal {
  readonly plan: Plan;
  readonly live: LiveState;
  readonly sides: Sides;
  readonly changes: readonly PolicyChange[];
  /** Names and lists that differ from what they were at the last apply; none where it isn't the config that is applied. */
  readonly sources: readonly SourceChange[];
  readonly notes: readonly string[];
  readonly keep: Observation['keep'];
  /** The text of the config that it stands for. */
  readonly config: string;
  /** Why, if the person didn't say. */
  readonly message?: string;
  /** Writes the config, between the check and the change of the kernel; the undo runs if that fails. */
  readonly commit?: { readonly run: () => Promise<void>; readonly undo: () => Promise<void> };
}

export function proposalOf({ observation, plan, policy, notes }: Survey, config: string): Proposal {
  const { live, keep, facts, sources } = observation;
  return {
    plan,
    live,
    sides: { links: facts.links, zones: policy.zones },
    changes: policyChanges(plan, live),
    sources,
    notes,
    keep,
    config,
  };
}

/** Two proposals with the same fingerprint do the same to the same machine. */
export const proposalFingerprint = ({ plan, config }: Proposal): string =>
  [rulesetFingerprint(plan.target), ...plan.steps.map(stepSummary), config].join('\n');
