import type { Variant } from '../iptables/names.ts';
import type { OwnNft } from '../nftables/read-table.ts';
import type { Backend } from '../ruleset/backend.ts';
import type { LiveSet, LiveSets } from '../ruleset/live-set.ts';
import type { OwnTable } from '../ruleset/own-table.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import type { PerFamily } from '../policy/policy.ts';

/** What of Seawall stands in the variant of iptables that `iptables` is not. Its rules are in force all the same. */
export interface OtherTable {
  readonly variant: Variant;
  readonly table: OwnTable;
}

/** What of Seawall stands in the kernel, by one backend; texts are canonical, so states of both compare. */
export interface LiveState {
  /** Absent: iptables. */
  readonly backend?: Backend;
  readonly tables: PerFamily<OwnTable>;
  readonly sets: LiveSets;
  /** None, unless the machine's variant was changed under a firewall that stands. */
  readonly others?: readonly OtherTable[];
  /** Of nftables: what it takes to change the table. */
  readonly nft?: OwnNft;
  /** What stands by the other backend: it judges too, and goes when this one stands. */
  readonly rival?: LiveState;
}

/** Whether the packets meet Seawall at all: its hooks are there for the family. */
export const isHooked = (table: OwnTable): boolean => table.hooks.length > 0;

/** Every table in which rules of Seawall may judge the family's packets, that of `iptables` first. */
export const tablesOf = ({ tables, others = [], rival }: LiveState, family: Family): OwnTable[] => [
  tables[family],
  ...others.flatMap(({ table }) => (table.family === family ? [table] : [])),
  ...(rival ? tablesOf(rival, family) : []),
];

/** What a set holds, by whichever backend it stands. */
export const setIn = ({ sets, rival }: LiveState, name: string): LiveSet | undefined =>
  sets.get(name) ?? (rival && setIn(rival, name));

/** By what the rules stand; where none do, by what they would. */
export const standingBackend = (live: LiveState): Backend => {
  const { backend = 'iptables', rival } = live;
  const stands = FAMILIES.some((family) => isHooked(live.tables[family]));
  return !stands && rival && !standsNowhere(rival) ? standingBackend(rival) : backend;
};

/** Whether no packet meets any rule of Seawall. */
export const standsNowhere = (live: LiveState): boolean =>
  !FAMILIES.some((family) => tablesOf(live, family).some(isHooked));
