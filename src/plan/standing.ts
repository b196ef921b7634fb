import type { LiveSet } from '../ipset/save.ts';
import { tableTexts } from '../iptables/change.ts';
import type { OwnTable } from '../iptables/save.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import type { SetSpec } from '../ruleset/set.ts';
import type { LiveState } from './live-state.ts';

/** The state of a kernel in which a ruleset stands. */
export function standing(ruleset: Ruleset): LiveState {
  const table = (family: Family): OwnTable => {
    const { chains, hooks } = tableTexts(ruleset[family]);
    return { family, exists: true, chains, hooks: hooks.map((hook) => ({ ...hook, position: 1 })), dropped: 0 };
  };
  const sets = FAMILIES.flatMap((family) => ruleset[family].sets).map((set) => [set.name, liveSet(set)] as const);
  return { tables: { 4: table(4), 6: table(6) }, sets: new Map(sets) };
}

const liveSet = (set: SetSpec): LiveSet => (set.kind === 'denied' ? { ...set, empty: true } : set);
