import { expect, test } from 'vitest';
import { explainPacket } from '../../../src/analysis/trace/explain.ts';
import { parseIptables } from '../../../src/iptables/whole/parse.ts';
import { type Address, parseAddress } from '../../../src/net/address.ts';

const address = (text: string): Address => {
  const parsed = parseAddress(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
};

test.each([
  [4, '198.51.100.10', '203.0.113.9', 'DNAT --to-destination 172.17.0.4:81', '198.51.100.10:8081 → 172.17.0.4:81'],
  [4, '198.51.100.10', '203.0.113.9', 'DNAT --to-destination 172.17.0.4', '198.51.100.10:8081 → 172.17.0.4:8081'],
  [4, '198.51.100.10', '203.0.113.9', 'REDIRECT --to-ports 81', '198.51.100.10:8081 → 198.51.100.10:81'],
  [
    4,
    '198.51.100.10',
    '203.0.113.9',
    'DNAT --to-destination 172.17.0.4-172.17.0.6:81',
    '198.51.100.10:8081 → 172.17.0.4:81 or another of the range',
  ],
  [6, '2001:db8::10', '2001:db8:9::9', 'DNAT --to-destination [fd00::4]:81', '[2001:db8::10]:8081 → [fd00::4]:81'],
] as const)('IPv%i to %s from %s: %s tells before and after', (version, to, from, target, effect) => {
  const host = address(to);
  const rule = `-A PREROUTING -p tcp -m tcp --dport 8081 -j ${target}`;
  const tables = parseIptables(`*nat\n:PREROUTING ACCEPT [0:0]\n${rule}\nCOMMIT\n`, version);
  const links = [{ name: 'eth0', addresses: [{ address: host, length: version === 4 ? 24 : 64 }] }];
  const machine = { links, routes: [], netfilter: { tables, sets: new Map() } };
  const ports = { source: 40_000, destination: 8081 };
  const asked = { from: address(from), to: host, protocol: 6, ports, in: 'eth0', state: 'new' as const };
  expect(explainPacket(machine, asked).steps.map((step) => step.effect)).toEqual([effect]);
});

const LINKS = [
  { name: 'eth0', addresses: [{ address: address('198.51.100.10'), length: 24 }] },
  { name: 'docker0', addresses: [{ address: address('172.17.0.1'), length: 16 }] },
];
const ROUTES = [{ prefix: { ...address('0.0.0.0'), length: 0 }, link: 'eth0' }];

function explained(rules: string, from: string, to: string) {
  const tables = parseIptables(rules, 4);
  const machine = { links: LINKS, routes: ROUTES, netfilter: { tables, sets: new Map() } };
  const ports = { source: 40_000, destination: 8081 };
  const asked = { from: address(from), to: address(to), protocol: 6, ports, in: undefined, state: 'new' as const };
  return explainPacket(machine, asked);
}

const range = (targets: string, allowed: string): string => `*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -j DNAT --to-destination ${targets}
COMMIT
*filter
:FORWARD DROP [0:0]
-A FORWARD -d ${allowed} -j ACCEPT
COMMIT
`;

test.each([
  ['172.17.0.4-172.17.0.5', '172.17.0.4/31', 'accept', 'definite'],
  ['172.17.0.4-172.17.0.5', '172.17.0.5/32', 'accept', 'possible'],
  ['172.17.0.4-172.17.0.5', '172.17.0.6/32', 'drop', 'definite'],
  ['172.17.0.4-172.17.255.5', '172.17.0.0/16', 'accept', 'possible'],
])('DNAT to one of %s where %s may pass: %s, %s', (targets, allowed, verdict, certainty) => {
  expect(explained(range(targets, allowed), '203.0.113.9', '198.51.100.10')).toMatchObject({ verdict, certainty });
});

test('what the machine itself sends goes by OUTPUT and POSTROUTING, and MASQUERADE tells the new source', () => {
  const rules = `*nat
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -o eth0 -j MASQUERADE
COMMIT
*filter
:INPUT DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
-A OUTPUT -d 203.0.113.9/32 -j ACCEPT
-A OUTPUT -j REJECT
COMMIT
`;
  const { verdict, steps, answer } = explained(rules, '172.17.0.1', '203.0.113.9');
  expect([verdict, answer?.verdict]).toEqual(['accept', 'accept']);
  const matched = steps.filter((step) => step.matched === true);
  expect(matched.map(({ chain, effect }) => [chain, effect])).toEqual([
    ['OUTPUT', 'accepted'],
    ['POSTROUTING', 'from 172.17.0.1 → 198.51.100.10'],
  ]);
  expect(explained(rules, '172.17.0.1', '203.0.113.8').verdict).toBe('reject');
});
