// Whole dumps of ipset: each type, the narrowest entry deciding, and 10^6 prefixes.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseIpset } from '../../../src/ipset/whole/parse.ts';
import { formatAddress, readAddress, type Address } from '../../../src/net/address.ts';
import type { Family } from '../../../src/net/family.ts';
import { formatPrefix, prefixContains } from '../../../src/net/prefix.ts';
import type { FilterSet, SetKey } from '../../../src/ruleset/netfilter.ts';
import { prefixArb } from '../../support/rules-arb.ts';
import { runs } from '../../support/runs.ts';

const parse = (text: string): Map<string, FilterSet> => parseIpset(new TextEncoder().encode(text));

function read(type: string, options: string, ...entries: string[]): FilterSet {
  const set = parse(`create s ${type} ${options}\n${entries.map((entry) => `add s ${entry}\n`).join('')}`).get('s');
  if (!set) throw new Error('no set');
  return set;
}

function shownKey(key: SetKey): string {
  switch (key.kind) {
    case 'addresses':
      return `${formatAddress(key.range.first)}-${formatAddress(key.range.last)}`;
    case 'numbers':
      return `${key.range.first}-${key.range.last}`;
    case 'service':
      return `${key.protocol}:${key.ports.first}-${key.ports.last}`;
    case 'link':
      return `link ${key.name}`;
    case 'open':
      return `open ${key.text}`;
  }
}

function shown({ content }: FilterSet): string[] {
  if (content.kind === 'addresses') return [...content.members.prefixes()].map(formatPrefix);
  if (content.kind === 'ports') return content.ranges.map(({ first, last }) => `${first}-${last}`);
  if (content.kind === 'list') return [...content.sets];
  if (content.kind === 'unknown') return ['unknown'];
  return content.entries.map(({ keys, nomatch }) => `${nomatch ? '! ' : ''}${keys.map(shownKey).join(', ')}`);
}

const V4 = 'family inet hashsize 1024 maxelem 65536';
const V6 = 'family inet6 hashsize 1024 maxelem 65536';

test.each<[type: string, options: string, entries: string[], content: string[], parts: string]>([
  ['hash:ip', V4, ['10.0.0.1', '10.0.0.0'], ['10.0.0.0/31'], 'address'],
  ['hash:ip', `${V4} netmask 24`, ['10.0.1.0'], ['10.0.1.0/24'], 'address'],
  ['hash:ip', `${V4} bitmask 255.255.0.0`, ['10.0.0.0'], ['10.0.0.0/16'], 'address'],
  ['hash:ip', `${V4} bitmask 255.0.255.0`, ['10.0.1.0'], ['unknown'], 'address'],
  ['hash:net', V4, ['10.0.0.0/8', '192.0.2.1'], ['10.0.0.0/8', '192.0.2.1'], 'address'],
  ['hash:net', V4, ['0.0.0.0/1', '128.0.0.0/1'], ['0.0.0.0/0'], 'address'],
  ['hash:net', V4, ['10.0.0.0/30', '10.0.0.1 nomatch'], ['10.0.0.0', '10.0.0.2/31'], 'address'],
  ['hash:net', V4, ['10.0.0.0/8 nomatch', '10.1.0.0/16'], ['10.1.0.0/16'], 'address'],
  ['hash:net', `${V4} timeout 9 comment`, ['10.0.0.0/8 timeout 5 comment "nomatch"'], ['10.0.0.0/8'], 'address'],
  ['hash:net', `${V4} comment`, ['10.0.0.0/31', '10.0.0.1 nomatch comment "x"'], ['10.0.0.0'], 'address'],
  ['hash:net', V6, ['2001:db8::/32', '::ffff:1.2.3.0/120'], ['::ffff:102:300/120', '2001:db8::/32'], 'address'],
  ['hash:net', V4, ['10.0.0.0/8', 'odd'], ['unknown'], 'address'],
  ['hash:net', V4, ['::1'], ['unknown'], 'address'],
  ['bitmap:ip', 'range 10.0.0.0-10.0.255.255', ['10.0.0.0', '10.0.0.1'], ['10.0.0.0/31'], 'address'],
  ['bitmap:ip', 'range 10.0.0.0-10.255.255.255 netmask 24', ['10.1.2.0'], ['10.1.2.0/24'], 'address'],
  ['bitmap:port', 'range 0-65535', ['22', '80', '81', '90-99'], ['22-22', '80-81', '90-99'], 'port'],
  ['hash:ip,port', V4, ['10.0.0.1,tcp:80'], ['10.0.0.1-10.0.0.1, 6:80-80'], 'address,service'],
  ['hash:ip,port', V4, ['10.0.0.1,icmp:echo-request'], ['10.0.0.1-10.0.0.1, 1:2048-2048'], 'address,service'],
  [
    'hash:ip,port',
    V4,
    ['10.0.0.1,icmp:3/4', '10.0.0.1,gre:0'],
    ['10.0.0.1-10.0.0.1, 1:772-772', '10.0.0.1-10.0.0.1, 47:0-0'],
    'address,service',
  ],
  ['hash:ip,port', V6, ['::1,ipv6-icmp:echo-request'], ['::1-::1, 58:32768-32768'], 'address,service'],
  ['hash:ip,port', V4, ['10.0.0.1,odd:80'], ['10.0.0.1-10.0.0.1, open odd:80'], 'address,service'],
  ['hash:ip,port', V4, ['10.0.0.1'], ['unknown'], 'address,service'],
  ['hash:ip,port', `${V4} netmask 24`, ['10.0.1.0,udp:53'], ['10.0.1.0-10.0.1.255, 17:53-53'], 'address,service'],
  [
    'hash:ip,port,ip',
    V4,
    ['10.0.0.1,tcp:8,10.0.0.2'],
    ['10.0.0.1-10.0.0.1, 6:8-8, 10.0.0.2-10.0.0.2'],
    'address,service,address',
  ],
  [
    'hash:ip,port,net',
    V4,
    ['10.0.0.1,sctp:8,10.1.0.0/16'],
    ['10.0.0.1-10.0.0.1, 132:8-8, 10.1.0.0-10.1.255.255'],
    'address,service,address',
  ],
  ['hash:net,port', V4, ['10.0.0.0/8,udp:53'], ['10.0.0.0-10.255.255.255, 17:53-53'], 'address,service'],
  [
    'hash:net,net',
    V4,
    ['10.0.0.0/8,10.1.0.0/16 nomatch'],
    ['! 10.0.0.0-10.255.255.255, 10.1.0.0-10.1.255.255'],
    'address,address',
  ],
  [
    'hash:net,port,net',
    V4,
    ['10.0.0.0/8,tcp:1,10.1.0.0/16'],
    ['10.0.0.0-10.255.255.255, 6:1-1, 10.1.0.0-10.1.255.255'],
    'address,service,address',
  ],
  [
    'hash:net,iface',
    V4,
    ['10.0.0.0/8,eth0', '0.0.0.0/0,veth wildcard'],
    ['10.0.0.0-10.255.255.255, link eth0', '0.0.0.0-255.255.255.255, link veth*'],
    'address,link',
  ],
  ['hash:net,iface', V4, ['10.0.0.0/8,physdev:eth0'], ['10.0.0.0-10.255.255.255, open physdev:eth0'], 'address,link'],
  ['hash:ip,mark', V4, ['10.0.0.1,0x00000063'], ['10.0.0.1-10.0.0.1, 99-99'], 'address,mark'],
  ['hash:ip,mark', `${V4} markmask 0xff`, ['10.0.0.1,0x00000063'], ['open 10.0.0.1, open 0x00000063'], 'address,mark'],
  ['hash:mac', 'hashsize 1024', ['01:02:03:04:05:06'], ['open 01:02:03:04:05:06'], 'mac'],
  ['hash:ip,mac', V4, ['10.0.0.1,01:02:03:04:05:06'], ['10.0.0.1-10.0.0.1, open 01:02:03:04:05:06'], 'address,mac'],
  ['bitmap:ip,mac', 'range 10.0.0.0-10.0.0.255', ['10.0.0.1'], ['10.0.0.1-10.0.0.1, open '], 'address,mac'],
  ['list:set', 'size 8', ['a', 'b'], ['a', 'b'], 'other'],
  ['hash:nonesuch', V4, ['whatever'], ['open whatever'], 'other'],
])('%s %s: %j', (type, options, entries, content, parts) => {
  const set = read(type, options, ...entries);
  expect(shown(set)).toEqual(content);
  expect([set.type, set.parts.join()]).toEqual([type, parts]);
});

describe('what a set says of itself', () => {
  test('families: of a set with addresses its own, else both', () => {
    const families = (type: string, options: string): readonly Family[] => read(type, options).families;
    expect(families('hash:net', V4)).toEqual([4]);
    expect(families('hash:ip,port', V6)).toEqual([6]);
    expect(families('bitmap:ip', 'range 10.0.0.0-10.0.0.9')).toEqual([4]);
    expect(families('bitmap:port', 'range 0-9')).toEqual([4, 6]);
    expect(families('list:set', 'size 8')).toEqual([4, 6]);
  });

  test('entries that come and go by themselves', () => {
    expect(read('hash:net', `${V4} timeout 60`).changing).toBe(true);
    expect(read('hash:net', `${V4} forceadd`).changing).toBe(true);
    expect(read('hash:net', V4).changing).toBe(false);
  });

  test('several sets, and one whose entries are not where they belong', () => {
    const sets = parse(`create a hash:net ${V4}\nadd a 10.0.0.0/8\ncreate b hash:net ${V4}\nadd a 10.0.0.1\n`);
    expect([...sets].map(([name, set]) => [name, shown(set)])).toEqual([
      ['a', ['10.0.0.0/8']],
      ['b', ['unknown']],
    ]);
  });
});

test('the narrowest of nested entries decides', () => {
  const entryArb = fc.record({ prefix: prefixArb(4), nomatch: fc.boolean() });
  fc.assert(
    fc.property(fc.array(entryArb, { maxLength: 20 }), fc.array(prefixArb(4), { maxLength: 10 }), (all, probes) => {
      const entries = [...new Map(all.map((entry) => [formatPrefix(entry.prefix), entry])).values()].filter(
        ({ prefix }) => prefix.length > 0,
      );
      const set = read(
        'hash:net',
        V4,
        ...entries.map(({ prefix, nomatch }) => formatPrefix(prefix) + (nomatch ? ' nomatch' : '')),
      );
      if (set.content.kind !== 'addresses') throw new Error('no addresses');
      for (const { family, value } of [...probes, ...entries.map(({ prefix }) => prefix)]) {
        const address: Address = { family, value };
        const holding = entries.filter(({ prefix }) => prefixContains(prefix, address));
        const narrowest = holding.toSorted((a, b) => b.prefix.length - a.prefix.length)[0];
        expect(set.content.members.has(address)).toBe(narrowest !== undefined && !narrowest.nomatch);
      }
    }),
    runs(200),
  );
});

test('garbage is read without a crash', () => {
  const wordArb = fc.constantFrom(
    'create',
    'add',
    's',
    'hash:net',
    'list:set',
    'hash:ip,port',
    '10.0.0.0/8',
    ',',
    ' nomatch',
    '\n',
    '"',
    'family inet6',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc.array(wordArb).map((words) => Buffer.from(words.join(' '))),
      ),
      (bytes) => {
        for (const { content } of parseIpset(bytes).values()) expect(content.kind).toBeTypeOf('string');
      },
    ),
    runs(300),
  );
});

test('10^5 prefixes are one object, in a moment', () => {
  const lines = Array.from(
    { length: 100_000 },
    (_, at) => `add s ${10 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}.0/24 timeout 60\n`,
  );
  const bytes = new TextEncoder().encode(`create s hash:net ${V4} timeout 60\n${lines.join('')}`);
  const before = performance.now();
  const set = parseIpset(bytes).get('s');
  // A tenth of it is usual; a machine with others on it takes longer.
  expect(performance.now() - before).toBeLessThan(1500);
  const probe = readAddress('11.2.3.4');
  expect(set?.content.kind === 'addresses' && probe.ok && set.content.members.has(probe.value)).toBe(true);
});
