import type { Sides } from '../analysis/flow.ts';
import type { Observation } from '../live/observe.ts';
import type { LiveState } from '../plan/live-state.ts';
import type { Plan } from '../plan/plan.ts';
import type { NewGeneration } from './generations.ts';

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
