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
