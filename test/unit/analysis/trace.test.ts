import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { semanticDiff } from '../../../src/analysis/trace/difference.ts';
import { explainPacket } from '../../../src/analysis/trace/explain.ts';
import type { Machine } from '../../../src/analysis/trace/machine.ts';
import { serviceMatrix } from '../../../src/analysis/trace/matrix.ts';
import { whoReaches } from '../../../src/analysis/trace/reach.ts';
import { parseIptables } from '../../../src/iptables/whole/parse.ts';
import { type Address, parseAddress } from '../../../src/net/address.ts';
import { formatPrefix } from '../../../src/net/prefix.ts';

const address = (text: string): Address => {
  const parsed = parseAddress(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
};

const HOST = address('198.51.100.10');
const LINKS = { links: [{ name: 'eth0', addresses: [{ address: HOST, length: 24 }] }], routes: [] };

/** A host with these rules in its filter table. */
const machine = (rules: string, policy = 'ACCEPT', hook = 'INPUT'): Machine => {
  const text = `*filter\n:${hook} ${policy} [0:0]\n:mine - [0:0]\n${rules}\nCOMMIT\n`;
  return { ...LINKS, netfilter: { tables: parseIptables(text, 4), sets: new Map() } };
};

const verdict = (rules: string, from = '203.0.113.9', port = 80): string => {
  const ports = { source: 40_000, destination: port };
  const asked = { from: address(from), to: HOST, protocol: 6, ports, in: 'eth0', state: 'new' as const };
  const { verdict: word, certainty } = explainPacket(machine(rules), asked);
  return `${word} ${certainty}`;
};

test.each([
  ['-A INPUT -p tcp -m tcp --dport 80 -j DROP', 'drop definite'],
  ['-A INPUT -p tcp -m tcp ! --dport 80 -j DROP', 'accept definite'],
  ['-A INPUT ! -s 203.0.113.0/24 -j DROP', 'accept definite'],
  ['-A INPUT ! -i eth0 -j DROP', 'accept definite'],
  ['-A INPUT -j mine\n-A mine -j RETURN\n-A INPUT -j REJECT --reject-with icmp-port-unreachable', 'reject definite'],
  ['-A INPUT -g mine\n-A mine -s 10.0.0.0/8 -j DROP\n-A INPUT -j DROP', 'accept definite'],
  // What stands behind a rate limit is not shadowed by it.
  ['-A INPUT -m limit --limit 1/sec -j ACCEPT\n-A INPUT -j DROP', 'accept possible'],
  ['-A INPUT -m limit --limit 1/sec -j DROP\n-A INPUT -j ACCEPT', 'accept possible'],
  ['-A INPUT -m limit --limit 1/sec -j DROP\n-A INPUT -j DROP', 'drop definite'],
  ['-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A INPUT -j DROP', 'drop definite'],
  ['-A INPUT -m addrtype --src-type UNICAST -j ACCEPT\n-A INPUT -j DROP', 'accept definite'],
  ['-A INPUT -m addrtype --src-type LOCAL -j DROP', 'accept definite'],
])('%s', (rules, expected) => {
  expect(verdict(rules)).toBe(expected);
});

test('whom the rules let in is told to the address, and by which rule', () => {
  const rules = '-A INPUT -s 10.0.0.0/9 -p tcp -j ACCEPT\n-A INPUT -s 10.0.0.5/32 -j ACCEPT';
  const { who, must, by } = whoReaches(machine(rules, 'DROP'), { address: HOST, protocol: 17, port: 53 }, ['eth0']);
  expect([who, [...must.prefixes()].map(formatPrefix), by[0]?.rule]).toEqual(['some', ['10.0.0.5'], 2]);
  const limited = machine('-A INPUT -m limit --limit 1/sec -j DROP');
  const unsure = whoReaches(limited, { address: HOST, protocol: 6, port: 1 }, ['eth0']);
  expect([unsure.who, unsure.must.size]).toEqual(['some', 0]);
});

const SSH = {
  hook: 'forward',
  family: 4,
  protocol: 6,
  ports: { source: 40_000, destination: 22 },
} as const;

test('the matrix has the fewest classes, and they are all addresses', () => {
  const prefix = fc.constantFrom('10.0.0.0/8', '10.1.0.0/16', '10.1.2.3/32', '192.168.0.0/16', '0.0.0.0/0');
  const rule = fc
    .tuple(prefix, prefix, fc.constantFrom('ACCEPT', 'DROP', 'RETURN'), fc.constantFrom('', '-m limit --limit 1/s '))
    .map(([from, to, target, limit]) => `-A FORWARD -s ${from} -d ${to} ${limit}-j ${target}`);
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 8 }), (rules) => {
      const { classes, edges } = serviceMatrix(machine(rules.join('\n'), 'DROP', 'FORWARD'), SSH);
      expect(classes.reduce((sum, { addresses }) => sum + addresses().share(), 0)).toBe(1);
      const row = (at: number): string =>
        JSON.stringify([
          edges.filter(({ from }) => from === at).map(({ to, certainty }) => [to, certainty]),
          edges.filter(({ to }) => to === at).map(({ from, certainty }) => [from, certainty]),
        ]);
      expect(new Set(classes.map((_, at) => row(at))).size).toBe(classes.length);
    }),
    { numRuns: 60 },
  );
});

test('rules of another text and the same meaning do not differ; others differ by a witness', () => {
  const one = machine('-A INPUT -s 10.0.0.0/9 -j ACCEPT\n-A INPUT -s 10.128.0.0/9 -j ACCEPT', 'DROP');
  const same = machine('-A INPUT -j mine\n-A mine ! -s 10.0.0.0/8 -j DROP\n-A mine -j ACCEPT', 'DROP');
  expect(semanticDiff(one, same, 'eth0')).toEqual([]);
  const more = machine('-A INPUT -s 10.0.0.0/8 -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT', 'DROP');
  const found = semanticDiff(one, more, 'eth0');
  expect(found.length).toBeGreaterThan(0);
  expect(found).toMatchObject([{ change: 'allowed', ports: [{ protocol: 'tcp', first: 22, last: 22 }] }]);
});
