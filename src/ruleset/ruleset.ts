import type { Family } from '../net/family.ts';
import type { Match, Rule } from './match.ts';
import type { SetSpec } from './set.ts';

/** The places in the packet's way where own chains are hooked in, always in front of everything else. */
export type HookPoint = 'prerouting' | 'input' | 'forward' | 'output';

export interface Hook {
  readonly point: HookPoint;
  readonly match: readonly Match[];
  readonly chain: string;
}

export interface Chain {
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** Everything of one IP version. The two never refer to each other, so each changes on its own. */
export interface FamilyRules {
  readonly family: Family;
  readonly sets: readonly SetSpec[];
  readonly chains: readonly Chain[];
  readonly hooks: readonly Hook[];
}

/** What should stand in the kernel, independent of the tool that puts it there. */
export type Ruleset = Readonly<Record<Family, FamilyRules>>;
