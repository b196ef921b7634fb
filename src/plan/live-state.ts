import type { LiveSets } from '../ipset/save.ts';
import type { OwnTable } from '../iptables/save.ts';
import type { PerFamily } from '../policy/policy.ts';

/** What of Seawall stands in the kernel. */
export interface LiveState {
  readonly tables: PerFamily<OwnTable>;
  readonly sets: LiveSets;
}

/** Whether the packets meet Seawall at all: its hooks are there for the family. */
export const isHooked = (table: OwnTable): boolean => table.hooks.length > 0;
