import * as fc from 'fast-check';
import type { Family } from '../../src/net/family.ts';
import { PortSet, type PortRange } from '../../src/net/port.ts';
import type { Prefix } from '../../src/net/prefix.ts';
import { PrefixSet } from '../../src/net/prefix-set.ts';
import type { AllowRule, PerFamily, Policy, Ports } from '../../src/policy/policy.ts';
import type { Zones } from '../../src/policy/zones.ts';
import type { Packet } from './packet.ts';
import { address } from './values.ts';

/**
 * Policies about eight addresses of each IP version and four ports, so small that every packet there is can be sent
 * through every state of a change, and that any two lists overlap.
 */
const BASE: Readonly<Record<Family, { value: bigint; bits: number }>> = {
  4: { value: address('203.0.113.0').value, bits: 32 },
  6: { value: address('2001:db8:1::').value, bits: 128 },
};
const STRANGER: PerFamily<Packet['source']> = { 4: address('198.51.100.77'), 6: address('2001:db8:77::1') };
const OWN: PerFamily<Packet['source']> = { 4: address('192.0.2.1'), 6: address('2001:db8::1') };
const CONTAINER: PerFamily<Packet['source']> = { 4: address('172.17.0.2'), 6: address('fd00:17::2') };
const GROUP: PerFamily<Packet['source']> = { 4: address('224.0.0.251'), 6: address('ff02::fb') };

/** `slot` 0 to 7, `length` 0 (all eight) to 3 (one address). */
function pieceOf(family: Family, slot: number, length: number): Prefix {
  const { value, bits } = BASE[family];
  const free = 3 - length;
  return { family, value: value | BigInt((slot >> free) << free), length: bits - free };
}

export const addressOf = (family: Family, slot: number): Packet['source'] => ({
  family,
  value: BASE[family].value | BigInt(slot),
});

const prefixSetArb = (family: Family): fc.Arbitrary<PrefixSet> =>
  fc
    .array(fc.tuple(fc.nat(7), fc.constantFrom(0, 1, 2, 2, 3, 3, 3)), { maxLength: 3 })
    // In order, for sorting by digits costs more than all the rest here.
    .map((pieces) => pieces.map(([slot, length]) => pieceOf(family, slot, length)).toSorted(byStart))
    .map((pieces) => PrefixSet.of(family, pieces));

const byStart = (a: Prefix, b: Prefix): number =>
  a.value === b.value ? a.length - b.length : a.value < b.value ? -1 : 1;

const bothArb: fc.Arbitrary<PerFamily<PrefixSet>> = fc.record({ 4: prefixSetArb(4), 6: prefixSetArb(6) });

const PORTS: readonly PortRange[] = (['tcp', 'udp'] as const).flatMap((protocol) =>
  [
    [22, 22],
    [80, 80],
    [8000, 8001],
    [22, 80],
  ].map(([first = 0, last = 0]) => ({ protocol, first, last })),
);

const portsArb: fc.Arbitrary<Ports> = fc
  .subarray([...PORTS], { maxLength: 4 })
  .map((ranges) => ({ tcp: PortSet.of(ranges, 'tcp'), udp: PortSet.of(ranges, 'udp') }));

const allowArb: fc.Arbitrary<AllowRule> = fc.record({
  from: bothArb,
  to: portsArb,
  note: fc.option(fc.constantFrom('monitoring', 'two words', '"quoted" \\ é'), { nil: undefined }),
});

const PLAIN: Zones = { internal: ['docker0', 'docker_gwbridge', 'br-*'], except: [], outer: ['eth0'], bridges: [] };
const ZONES: readonly Zones[] = [
  PLAIN,
  { ...PLAIN, except: ['br-lan'], outer: ['eth0', 'br-lan'], bridges: ['br-lan'] },
  { ...PLAIN, internal: [...PLAIN.internal, 'wg*'], except: ['wg9'], outer: ['eth0', 'wg9'] },
  { ...PLAIN, internal: [...PLAIN.internal, 'wg*'], outer: [] },
];

export const policyArb: fc.Arbitrary<Policy> = fc.record({
  trusted: bothArb,
  trustedLists: bothArb,
  block: bothArb,
  blockLists: bothArb,
  allow: fc.array(allowArb, { maxLength: 2 }),
  public: portsArb,
  zones: fc.constantFrom(...ZONES),
  log: fc.constantFrom('off', 'limited'),
  innerBridges: fc.boolean(),
});

/** Policies that follow each other: each differs from the one before in some of its parts, in one as often as in many. */
export const policiesArb = (count: number): fc.Arbitrary<Policy[]> =>
  fc
    .tuple(policyArb, fc.array(fc.tuple(policyArb, fc.subarray(PARTS)), { minLength: count - 1, maxLength: count - 1 }))
    .map(([first, changes]) =>
      changes.reduce(
        (all, [other, parts]) => [
          ...all,
          { ...(all.at(-1) ?? first), ...Object.fromEntries(parts.map((part) => [part, other[part]])) },
        ],
        [first],
      ),
    );

const PARTS: (keyof Policy)[] = [
  ...(['trusted', 'trustedLists', 'block', 'blockLists', 'allow', 'public', 'zones', 'log'] as const),
];

const packet = (family: Family, more: Partial<Packet>): Packet => ({
  family,
  protocol: 'tcp',
  source: STRANGER[family],
  destination: OWN[family],
  sourcePort: 40_000,
  port: 80,
  icmp: { type: 0, code: 0 },
  hopLimit: 60,
  state: 'NEW',
  link: 'eth0',
  to: 'LOCAL',
  out: undefined,
  withinLimit: true,
  ...more,
});

const loopback: PerFamily<Packet['source']> = { 4: address('127.0.0.1'), 6: address('::1') };
const linkLocal: PerFamily<Packet['source']> = { 4: address('169.254.1.1'), 6: address('fe80::7') };

/** Every kind of packet from every address: to host programs and published ports, to containers, guests and groups. */
export function packetsOf(family: Family): Packet[] {
  const sources = [...Array.from({ length: 8 }, (_, slot) => addressOf(family, slot)), STRANGER[family]];
  return sources
    .flatMap((source) => [
      ...[22, 80, 443, 8001].flatMap((port) =>
        (['tcp', 'udp'] as const).map((protocol) => packet(family, { source, port, protocol })),
      ),
      packet(family, { source, port: 8001, out: 'docker0' }),
      packet(family, { source, to: 'UNICAST', destination: CONTAINER[family], out: 'docker0' }),
      packet(family, { source, to: 'UNICAST', destination: CONTAINER[family], out: 'wg0' }),
      packet(family, { source, link: 'wg0' }),
      packet(family, { source, link: 'wg9', port: 22 }),
      packet(family, { source, link: 'br-lan', to: 'MULTICAST', destination: GROUP[family], protocol: 'udp' }),
      packet(family, { source, protocol: 'esp' }),
      packet(family, { source, state: 'INVALID' }),
      packet(family, { source, state: 'ESTABLISHED' }),
      packet(family, { source, protocol: 'icmp', icmp: { type: family === 4 ? 13 : 139, code: 0 } }),
    ])
    .concat(othersOf(family));
}

function othersOf(family: Family): Packet[] {
  const echo = { type: family === 4 ? 8 : 128, code: 0 };
  return [
    packet(family, { source: loopback[family] }),
    packet(family, { link: 'lo', source: loopback[family] }),
    packet(family, { destination: loopback[family] }),
    packet(family, { link: 'docker0' }),
    packet(family, { link: 'br-0123456789ab', to: 'UNICAST', out: 'eth0' }),
    packet(family, { link: 'br-lan', to: 'UNICAST', out: 'eth0' }),
    packet(family, { link: 'br-lan', to: 'UNICAST', out: 'docker0' }),
    packet(family, { to: 'UNICAST', out: 'br-lan' }),
    packet(family, { to: 'UNICAST', out: 'unheard-of' }),
    packet(family, { protocol: 'icmp', icmp: echo }),
    packet(family, { protocol: 'icmp', icmp: echo, withinLimit: false }),
    packet(family, { protocol: 'icmp', icmp: { type: 3, code: 0 } }),
    packet(family, { protocol: 'icmp', state: 'INVALID', hopLimit: 255, icmp: { type: 135, code: 0 } }),
    packet(family, { protocol: 'icmp', state: 'INVALID', hopLimit: 254, icmp: { type: 135, code: 0 } }),
    packet(family, { protocol: 'udp', sourcePort: 67, port: 68 }),
    packet(family, { protocol: 'udp', source: linkLocal[family], sourcePort: 547, port: 546 }),
    packet(family, { protocol: 'igmp', to: 'MULTICAST', destination: GROUP[family] }),
  ];
}
