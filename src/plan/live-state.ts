import type { LiveSets } from '../ipset/save.ts';
import type { Variant } from '../iptables/names.ts';
import type { OwnTable } from '../iptables/save.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import type { PerFamily } from '../policy/policy.ts';

/** What of Seawall stands in the variant of iptables that `iptables` is not. Its rules are in force all the same. */
export interface OtherTable {
  readonly variant: Variant;
  readonly table: OwnTable;
}

/** What of Seawall stands in the kernel. */
export interface LiveState {
  readonly tables: PerFamily<OwnTable>;
  readonly sets: LiveSets;
  /** None, unless the machine's variant was changed under a firewall that stands. */
  readonly others?: readonly OtherTable[];
}

/** Whether the packets meet Seawall at all: its hooks are there for the family. */
export const isHooked = (table: OwnTable): boolean => table.hooks.length > 0;

/** Every table in which rules of Seawall may judge the family's packets, that of `iptables` first. */
export const tablesOf = ({ tables, others = [] }: LiveState, family: Family): OwnTable[] => [
  tables[family],
  ...others.flatMap(({ table }) => (table.family === family ? [table] : [])),
];

/** Whether no packet meets any rule of Seawall. */
export const standsNowhere = (live: LiveState): boolean =>
  !FAMILIES.some((family) => tablesOf(live, family).some(isHooked));
