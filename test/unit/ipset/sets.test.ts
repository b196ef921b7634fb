import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSet, destroySets, makeSet, replaceSet } from '../../../src/ipset/create.ts';
import { parseSets, sameSet } from '../../../src/ipset/save.ts';
import type { Family } from '../../../src/net/family.ts';
import { PortSet, type PortRange } from '../../../src/net/port.ts';
import { PrefixSet } from '../../../src/net/prefix-set.ts';
import type { SetSpec } from '../../../src/ruleset/set.ts';
import { FakeKernel } from '../../support/fake-kernel.ts';
import { prefixArb } from '../../support/rules-arb.ts';
import { patient, runs } from '../../support/runs.ts';
import { joined, ports, prefixes } from '../../support/values.ts';

const familyArb = fc.constantFrom<Family>(4, 6);

const spanArb = fc
  .tuple(fc.integer({ min: 1, max: 65_535 }), fc.nat(12))
  .map(([first, more]): PortRange => ({ protocol: 'tcp', first, last: Math.min(65_535, first + more) }));

const specArb: fc.Arbitrary<SetSpec> = familyArb.chain((family) =>
  fc.oneof(
    fc.array(prefixArb(family), { maxLength: 40 }).map((list): SetSpec => {
      const members = PrefixSet.of(family, list);
      return { kind: 'net', name: `seawall-trusted${family}a`, family, members };
    }),
    fc.array(spanArb, { maxLength: 6 }).map((spans): SetSpec => {
      return { kind: 'port', name: `seawall-public-tcp${family}b`, family, ports: PortSet.of(spans, 'tcp') };
    }),
    fc.constant<SetSpec>({ kind: 'denied', name: `seawall-denied${family}`, family }),
  ),
);

async function feed(kernel: FakeKernel, text: Iterable<string | Uint8Array>): Promise<void> {
  const { code, stderr } = await kernel.exec({ file: 'ipset', args: ['restore'], input: text });
  expect([code, stderr]).toEqual([0, '']);
}

const read = (kernel: FakeKernel) => parseSets(Buffer.from(kernel.sets.save()));

test('a set that was made is read back as it should be', patient, async () => {
  await fc.assert(
    fc.asyncProperty(specArb, async (spec) => {
      const kernel = new FakeKernel();
      await feed(kernel, makeSet(spec));
      expect(kernel.sets.names()).toEqual([spec.name]);
      expect(sameSet(spec, read(kernel).get(spec.name))).toBe(true);
    }),
    runs(60),
  );
});

test('a set that is replaced has the new content, and nothing is left over', patient, async () => {
  await fc.assert(
    fc.asyncProperty(specArb, specArb, async (old, next) => {
      fc.pre(old.name === next.name);
      const kernel = new FakeKernel();
      await feed(kernel, createSet(old));
      await feed(kernel, replaceSet(next));
      expect(kernel.sets.names()).toEqual([next.name]);
      expect(sameSet(next, read(kernel).get(next.name))).toBe(true);
      expect(sameSet(old, read(kernel).get(old.name))).toBe(sameSet(next, read(await made(old)).get(old.name)));
      await feed(kernel, destroySets([next.name]));
      expect(kernel.sets.names()).toEqual([]);
    }),
    runs(60),
  );
});

async function made(spec: SetSpec): Promise<FakeKernel> {
  const kernel = new FakeKernel();
  await feed(kernel, createSet(spec));
  return kernel;
}

describe('the text', () => {
  test('of a set of prefixes', () => {
    const members = prefixes(4, '192.0.2.1', '198.51.100.0/24');
    expect(joined(createSet({ kind: 'net', name: 'seawall-trusted4a', family: 4, members }))).toBe(
      'create seawall-trusted4a hash:net family inet hashsize 1024 maxelem 65536\nadd seawall-trusted4a 192.0.2.1\nadd seawall-trusted4a 198.51.100.0/24\n',
    );
  });

  test('of a set of ports, filled beside the one in use', () => {
    const spec: SetSpec = {
      kind: 'port',
      name: 'seawall-public-tcp4a',
      family: 4,
      ports: ports('tcp', '22/tcp', '80-82/tcp'),
    };
    expect(joined(replaceSet(spec))).toBe(
      'create seawall-scratch bitmap:port range 0-65535\nadd seawall-scratch 22\nadd seawall-scratch 80-82\nswap seawall-scratch seawall-public-tcp4a\ndestroy seawall-scratch\n',
    );
  });

  test('of a new set, which has its name only when it is whole', () => {
    const text = joined(
      makeSet({ kind: 'net', name: 'seawall-list6-0', family: 6, members: prefixes(6, '2001:db8::/32') }),
    );
    expect(text.split('\n')).toEqual([
      'create seawall-scratch hash:net family inet6 hashsize 1024 maxelem 65536',
      'add seawall-scratch 2001:db8::/32',
      'rename seawall-scratch seawall-list6-0',
      '',
    ]);
  });

  test('of a set that has more entries than ipset takes by itself', () => {
    const family = 4;
    const many = Array.from(
      { length: 70_000 },
      (_, index) => ({ family, value: BigInt(index * 2), length: 32 }) as const,
    );
    const [head] = createSet({ kind: 'net', name: 's', family, members: PrefixSet.of(4, many) });
    expect(head).toBe('create s hash:net family inet hashsize 65536 maxelem 70000\n');
  });
});

describe('a live set is only the same if it is so whole', () => {
  const members = prefixes(4, '192.0.2.0/24');
  const net: SetSpec = { kind: 'net', name: 'seawall-x', family: 4, members };
  const live = (text: string) => parseSets(Buffer.from(text)).get('seawall-x');
  const head = 'create seawall-x hash:net family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x1\n';

  test.each<[string, boolean, string]>([
    ['the same', true, `${head}add seawall-x 192.0.2.0/24\n`],
    ['split into halves', true, `${head}add seawall-x 192.0.2.128/25\nadd seawall-x 192.0.2.0/25\n`],
    ['an entry more', false, `${head}add seawall-x 192.0.2.0/24\nadd seawall-x 0.0.0.0/1\n`],
    ['an entry less', false, head],
    ['an entry that excludes', false, `${head}add seawall-x 192.0.2.0/24\nadd seawall-x 192.0.2.7 nomatch\n`],
    ['an entry with a time-out', false, `${head}add seawall-x 192.0.2.0/24 timeout 7\n`],
    ['everyone', false, `${head}add seawall-x 0.0.0.0/1\nadd seawall-x 128.0.0.0/1\n`],
    [
      'another type',
      false,
      'create seawall-x hash:ip family inet hashsize 1024 maxelem 65536\nadd seawall-x 192.0.2.0\n',
    ],
    ['another family', false, 'create seawall-x hash:net family inet6 hashsize 1024 maxelem 65536\n'],
    ['another one of that beginning', false, `${head.replace('seawall-x', 'seawall-xy')}add seawall-xy 192.0.2.0/24\n`],
  ])('%s: %s', (_name, same, text) => {
    expect(sameSet(net, live(text))).toBe(same);
  });

  test.each<[boolean, string]>([
    [true, 'create seawall-x bitmap:port range 0-65535\nadd seawall-x 80\nadd seawall-x 81\nadd seawall-x 22\n'],
    [true, 'create seawall-x bitmap:port range 0-65535\nadd seawall-x 80-81\nadd seawall-x 22\n'],
    [false, 'create seawall-x bitmap:port range 0-65535\nadd seawall-x 80\nadd seawall-x 22\n'],
    [false, 'create seawall-x bitmap:port range 0-1024\nadd seawall-x 80-81\nadd seawall-x 22\n'],
    [
      false,
      'create seawall-x bitmap:port range 0-65535 timeout 9\nadd seawall-x 80-81 timeout 5\nadd seawall-x 22 timeout 5\n',
    ],
  ])('ports: %s: %j', (same, text) => {
    const spec: SetSpec = { kind: 'port', name: 'seawall-x', family: 6, ports: ports('udp', '22/udp', '80-81/udp') };
    expect(sameSet(spec, live(text))).toBe(same);
  });

  test('a denied set is the same whatever it holds', () => {
    const spec: SetSpec = { kind: 'denied', name: 'seawall-x', family: 6 };
    const text =
      'create seawall-x hash:ip,port family inet6 hashsize 1024 maxelem 65536 timeout 3600 counters\nadd seawall-x 2001:db8::1,tcp:22 timeout 9 packets 1 bytes 40\n';
    expect(sameSet(spec, live(text))).toBe(true);
    expect(sameSet(spec, live(text.replace(' timeout 3600', '')))).toBe(false);
  });

  test('a set of which only the name was asked is taken at its word, a missing one is not', () => {
    expect(sameSet(net, { kind: 'unread' })).toBe(true);
    expect(sameSet(net, undefined)).toBe(false);
  });
});

describe('the output of ipset save', () => {
  test('sets of others are left out, wherever they stand', () => {
    const text =
      'create admins hash:ip family inet\nadd admins 10.0.0.1\ncreate seawall-a bitmap:port range 0-65535\nadd seawall-a 1\ncreate seawallet hash:net\nadd seawallet 10.0.0.0/8\ncreate seawall-b hash:net family inet6 hashsize 1024 maxelem 65536\n';
    expect([...parseSets(Buffer.from(text)).keys()]).toEqual(['seawall-a', 'seawall-b']);
  });

  test('nothing makes it throw', patient, () => {
    const line = fc.oneof(
      fc.constantFrom(
        'create seawall-a hash:net family inet',
        'create seawall-b bitmap:port range 0-65535',
        'add seawall-a 1.2.3.4',
        'add seawall-b 7-9',
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), fc.boolean(), (lines, ended) => {
        parseSets(Buffer.from(lines.join('\n') + (ended ? '\n' : '')));
      }),
      runs(200),
    );
  });
});
