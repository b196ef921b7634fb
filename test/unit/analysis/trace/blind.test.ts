import { expect, test } from 'vitest';
import { isBlind } from '../../../../src/analysis/trace/blind.ts';
import { parseIptables } from '../../../../src/iptables/whole/parse.ts';
import type { FilterChain, FilterTable } from '../../../../src/ruleset/netfilter.ts';

function tableOf(rules: readonly string[]): FilterTable {
  const lines = ['*mangle', ':A - [0:0]', ':B - [0:0]', ...rules.map((rule) => `-A ${rule}`), 'COMMIT', ''];
  const [table] = parseIptables(lines.join('\n'), 4);
  if (!table) throw new Error('there is no table');
  return table;
}

function chainOf(table: FilterTable, name: string): FilterChain {
  const chain = table.chains.get(name);
  if (!chain) throw new Error(name);
  return chain;
}

test.each<[string, string[], boolean]>([
  [
    'sources, links, ports and what nobody knows',
    ['A -s 10.0.0.1/32 -i eth0 -m mac --mac-source 02:00:00:00:00:01 -j RETURN', 'A -p tcp -m tcp --dport 22 -j DROP'],
    true,
  ],
  ['a set of sources', ['A -m set --match-set x src -j ACCEPT'], true],
  ['a chain that is blind itself', ['A -j B', 'B -s 10.0.0.0/8 -j DROP'], true],
  ['a destination', ['A -d 10.0.0.1/32 -j RETURN'], false],
  ['any but a destination', ['A ! -d 10.0.0.1/32 -j RETURN'], false],
  ['a set of destinations', ['A -m set --match-set x src,dst -j ACCEPT'], false],
  ['what the destination is to the machine', ['A -m addrtype --dst-type LOCAL -j RETURN'], false],
  ['the destination before NAT', ['A -m conntrack --ctorigdst 10.0.0.1 -j RETURN'], false],
  ['a chain that asks', ['A -j B', 'B -d 10.0.0.0/8 -j DROP'], false],
  ['a mark', ['A -j MARK --set-xmark 0x1/0x1'], false],
  ['a circle', ['A -j B', 'B -j A'], false],
])('%s: %#', (_, rules, blind) => {
  const table = tableOf(rules);
  expect(isBlind(table, chainOf(table, 'A'))).toBe(blind);
});

test('a rule that changes the packet before it does what it is for', () => {
  const table = tableOf(['A -s 10.0.0.1/32 -j RETURN']);
  const chain = chainOf(table, 'A');
  const rules = chain.rules.map((rule) => ({ ...rule, also: [{ kind: 'notrack' } as const] }));
  expect(isBlind(table, { ...chain, rules })).toBe(false);
});
