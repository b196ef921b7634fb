import type { ChainBase, FilterHook } from '../../ruleset/netfilter.ts';

const HOOKS: ReadonlyMap<string, FilterHook> = new Map([
  ['PREROUTING', 'prerouting'],
  ['INPUT', 'input'],
  ['FORWARD', 'forward'],
  ['OUTPUT', 'output'],
  ['POSTROUTING', 'postrouting'],
]);

const PRIORITIES: ReadonlyMap<string, number> = new Map([
  ['raw', -300],
  ['mangle', -150],
  ['filter', 0],
  ['security', 50],
]);

/** Before what the host or the network behind it decides, destinations are rewritten; behind it, sources. */
const NAT_PRIORITIES: Readonly<Partial<Record<FilterHook, number>>> = { prerouting: -100, output: -100 };
const SOURCE_NAT = 100;

/** Where the kernel hands packets to a chain of iptables; undefined for one that somebody made. */
export function baseOf(table: string, chain: string, policy: string): ChainBase | undefined {
  const hook = HOOKS.get(chain);
  if (hook === undefined) return undefined;
  const priority = table === 'nat' ? (NAT_PRIORITIES[hook] ?? SOURCE_NAT) : (PRIORITIES.get(table) ?? 0);
  const type = table === 'nat' ? 'nat' : table === 'mangle' && hook === 'output' ? 'route' : 'filter';
  return { hook, priority, type, policy: policy === 'DROP' ? 'drop' : 'accept' };
}
