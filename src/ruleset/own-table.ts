import type { Family } from '../net/family.ts';
import type { HookPoint } from './ruleset.ts';

/** A rule of a built-in chain that jumps to an own chain. `position` counts from 1, as iptables does. */
export interface SavedHook {
  readonly point: HookPoint;
  readonly position: number;
  readonly text: string;
  /** The first rules that stand before it, as they were printed; absent where it is the first. */
  readonly behind?: readonly string[];
}

/** What Seawall owns of a table. Texts are in canonical form, so that they compare by `===`. */
export interface OwnTable {
  readonly family: Family;
  readonly exists: boolean;
  readonly chains: ReadonlyMap<string, readonly string[]>;
  readonly hooks: readonly SavedHook[];
  /** Packets that own rules have dropped since those rules were written. */
  readonly dropped: number;
}
