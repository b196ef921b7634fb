import { addressBits, type Family } from '../../net/family.ts';
import { PrefixSet } from '../../net/prefix-set.ts';
import type { Condition } from '../../ruleset/netfilter.ts';
import { inRanges, inSet, matchesLink, rangeSet, within } from './lookup.ts';
import { type Machine, specialAddresses, typeOf } from './machine.ts';
import { ANY_LINK, type Packet } from './packet.ts';
import { anyOf, exactly, FAILS, negated, OPEN, type Split } from './parts.ts';

/** For which sources a condition holds. */
export function splitBy(condition: Condition, packet: Packet, machine: Machine): Split {
  const split = plain(condition, packet, machine);
  return condition.not === true ? negated(split, packet.family) : split;
}

/** Whether the rule is about other destinations: most are, and asking no more of them is most of a matrix's time. */
export function isElsewhere(conditions: readonly Condition[], { destination }: Packet): boolean {
  for (const each of conditions) {
    if (each.kind === 'address' && each.end === 'dst' && inRanges(each.ranges, destination) === (each.not === true))
      return true;
  }
  return false;
}

function plain(condition: Condition, packet: Packet, machine: Machine): Split {
  const { ports, icmp, flags } = packet;
  switch (condition.kind) {
    case 'family':
      return exactly(packet.family === condition.family);
    case 'link':
      if (condition.names.includes('*')) return exactly(true);
      if (packet[condition.side] === ANY_LINK) return OPEN;
      return exactly(condition.names.some((name) => matchesLink(name, packet[condition.side])));
    case 'address':
      if (condition.end === 'dst') return exactly(inRanges(condition.ranges, packet.destination));
      return exactly(rangeSet(condition.ranges, packet.family));
    case 'address-type':
      return addressType(condition, packet, machine);
    case 'protocol':
      return exactly(condition.protocols.some((range) => within(range, packet.protocol)));
    case 'port': {
      if (ports === undefined) return FAILS;
      const { source, destination } = ports;
      const asked = { src: [source], dst: [destination], either: [source, destination] }[condition.end];
      return exactly(asked.some((port) => condition.ranges.some((range) => within(range, port))));
    }
    case 'icmp':
      return exactly(
        icmp !== undefined &&
          condition.types.some(
            ({ type, code }) => within(type, icmp.type) && (code === undefined || within(code, icmp.code)),
          ),
      );
    case 'tcp-flags':
      return exactly(flags !== undefined && (flags & condition.mask) === condition.flags);
    case 'state':
      return exactly(condition.states.includes(packet.state));
    case 'nat':
      if (condition.snat === true) return packet.state === 'new' ? FAILS : OPEN;
      return exactly(condition.dnat === undefined || condition.dnat === packet.dnat);
    case 'original':
      return original(condition, packet);
    case 'direction':
      return exactly(condition.direction === packet.direction);
    case 'mark': {
      const { value, unknown } = condition.of === 'packet' ? packet.mark : packet.connectionMark;
      if ((condition.mask & unknown) !== 0) return OPEN;
      return exactly((value & condition.mask) >>> 0 === condition.value);
    }
    case 'fragment':
      return FAILS;
    case 'set':
      return inSet(machine.netfilter.sets, condition.set, condition.fields, packet, condition.mask);
    case 'any':
      return anyOf(condition.of.map((each) => splitBy(each, packet, machine)));
    case 'open':
      return OPEN;
  }
}

function addressType(
  { end, types, onLink }: Extract<Condition, { kind: 'address-type' }>,
  packet: Packet,
  machine: Machine,
): Split {
  const link = onLink === undefined ? undefined : packet[onLink];
  if (end === 'dst') return exactly(types.includes(typeOf(machine, packet.destination, link)));
  const { family } = packet;
  const special = specialAddresses(machine, family).map((each) => ({ each, type: typeOf(machine, each, link) }));
  const ofType = (wanted: (type: string) => boolean): PrefixSet =>
    PrefixSet.of(family, [
      ...BLOCKS[family].filter(({ type }) => wanted(type)).map(({ prefix }) => prefix),
      ...special.filter(({ type }) => wanted(type)).map(({ each }) => ({ ...each, length: addressBits(family) })),
    ]);
  const named = exactly(ofType((type) => type !== 'unicast' && types.includes(type)));
  if (!types.includes('unicast')) return named;
  return anyOf([named, negated(exactly(ofType((type) => type !== 'unicast')), family)]);
}

const block = (family: Family, value: bigint, length: number, type: string) => ({
  type,
  prefix: { family, value, length },
});
const BLOCKS = {
  4: [block(4, 127n << 24n, 8, 'local'), block(4, 14n << 28n, 4, 'multicast')],
  6: [block(6, 1n, 128, 'local'), block(6, 255n << 120n, 8, 'multicast')],
} as const;

function original({ end, ranges, ports }: Extract<Condition, { kind: 'original' }>, packet: Packet): Split {
  if (packet.state === 'invalid' || packet.state === 'untracked') return FAILS;
  if (packet.direction === 'reply') return OPEN;
  const { destination, port } = packet.original;
  const asked = end === 'dst' ? port : packet.ports?.source;
  const portFits = ports === undefined || (asked !== undefined && ports.some((range) => within(range, asked)));
  if (!portFits) return FAILS;
  if (ranges === undefined) return exactly(true);
  return exactly(end === 'dst' ? inRanges(ranges, destination) : rangeSet(ranges, packet.family));
}
