import { ASSUMED_LINK } from '../analysis/trace/audit.ts';
import type { Inventory } from '../analysis/trace/inventory.ts';
import type { Machine } from '../analysis/trace/machine.ts';
import { type Dumps, readDumps, readFolder } from '../live/dumps.ts';
import { inventoryOf } from '../live/inventory.ts';
import { machineOf } from '../live/whole-machine.ts';
import type { Call, Context, Option } from './command.ts';

export const OFFLINE: Option = {
  name: 'offline',
  value: 'DIR',
  summary: 'read the saved files of another machine (seawall collect) instead of the live kernel',
};

export interface Inspected {
  readonly machine: Machine;
  readonly inventory: Inventory;
  /** What couldn't be seen, in words. */
  readonly unseen: readonly string[];
}

/** The machine that a command is about: this one, or that of the files in `--offline DIR`. */
export async function inspect(context: Context, call: Call): Promise<Inspected> {
  const folder = call.value('offline');
  const dumps = folder === undefined ? await readDumps(context.effects) : await readFolder(context.effects, folder);
  return inspectedOf(dumps);
}

export function inspectedOf(dumps: Dumps): Inspected {
  const machine = machineOf(dumps);
  const { netfilter } = machine;
  const unread = [...(netfilter.unread ?? []), ...netfilter.tables.flatMap((table) => table.unread ?? [])];
  const unseen = [
    ...dumps.missing.map(({ name, why }) => `${name}: ${why}`),
    ...[...dumps.texts].flatMap(([name, text]) => (isStrange(name, text) ? [`${name}: holds no table of rules`] : [])),
    ...(unread.length > 0 ? [`${unread.length} lines of rules that nobody here can read, such as ${unread[0]}`] : []),
  ];
  const inventory = inventoryOf(dumps);
  if (machine.links.length > 0) return { machine, inventory, unseen };
  const note = `the links: taken for eth0 with 192.0.2.1 and 2001:db8::1`;
  return { machine: { ...machine, links: [ASSUMED_LINK] }, inventory, unseen: [...unseen, note] };
}

/** Lines, but none that begins a table: what somebody saved is something else. */
const isStrange = (name: string, text: Buffer): boolean =>
  name.endsWith('tables-save') && /^[^#\s]/m.test(text.toString()) && !/^\*/m.test(text.toString());
