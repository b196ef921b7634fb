import type { Address } from '../../net/address.ts';
import { mask as prefixMask, type Prefix } from '../../net/prefix.ts';
import { PrefixSet } from '../../net/prefix-set.ts';
import { rangePrefixes } from '../../ruleset/address-ranges.ts';
import {
  lookedUp,
  setKey,
  type AddressRange,
  type FilterSet,
  type NumberRange,
  type SetKey,
  type SetKeyPart,
  type SetTuple,
} from '../../ruleset/netfilter.ts';
import { allOf, anyOf, exactly, FAILS, OPEN, type Split } from './parts.ts';
import { ANY_LINK, type Packet } from './packet.ts';

export const within = ({ first, last }: NumberRange, value: number): boolean => first <= value && value <= last;

export const inRanges = (ranges: readonly AddressRange[], { family, value }: Address): boolean =>
  ranges.some(({ first, last }) => first.family === family && first.value <= value && value <= last.value);

const known = new WeakMap<readonly AddressRange[], PrefixSet>();

/** The ranges as a set; they are asked for again for every packet. */
export function rangeSet(ranges: readonly AddressRange[], family: Packet['family']): PrefixSet {
  const found = known.get(ranges);
  if (found?.family === family) return found;
  const own = ranges.filter(({ first }) => first.family === family);
  const set = PrefixSet.of(
    family,
    own.flatMap((range) => [...rangePrefixes(range)]),
  );
  known.set(ranges, set);
  return set;
}

export const matchesLink = (name: string, link: string | undefined): boolean =>
  name === '*' || (name.endsWith('*') ? link?.startsWith(name.slice(0, -1)) === true : link === name);

/** Whether a packet is in a set, by its source. */
export function inSet(
  sets: ReadonlyMap<string, FilterSet>,
  key: string,
  fields: readonly SetKeyPart[],
  packet: Packet,
  length?: number,
): Split {
  const set = sets.get(key);
  if (set === undefined || !set.families.includes(packet.family)) return FAILS;
  const { content } = set;
  if (content.kind === 'list')
    return anyOf(content.sets.map((name) => inSet(sets, setKey('iptables', '', name), fields, packet)));
  const parts = lookedUp(fields, set.parts);
  if (parts === undefined) return FAILS;
  const [part = 'other'] = parts;
  switch (content.kind) {
    case 'addresses':
      return addressIn(content.members, part, packet, length);
    case 'ports':
      return exactly(portAt(part, packet, (port) => content.ranges.some((range) => within(range, port))));
    case 'tuples':
      return inTuples(content.entries, parts, packet);
    case 'unknown':
      return OPEN;
  }
}

function addressIn(members: PrefixSet, part: SetKeyPart, packet: Packet, length: number | undefined): Split {
  if (part !== 'src' && part !== 'dst') return OPEN;
  if (members.family !== packet.family) return FAILS;
  const fitting = length === undefined ? members : cutTo(members, length);
  return exactly(part === 'src' ? fitting : fitting.has(packet.destination));
}

const cut = new WeakMap<PrefixSet, Map<number, PrefixSet>>();

/** Whose first bits make up a member: those are all that is looked up. */
export function cutTo(members: PrefixSet, length: number): PrefixSet {
  const of = cut.get(members) ?? new Map<number, PrefixSet>();
  const found = of.get(length) ?? madeOfStarts(members, length);
  cut.set(members, of.set(length, found));
  return found;
}

const madeOfStarts = (members: PrefixSet, length: number): PrefixSet =>
  PrefixSet.of(
    members.family,
    [...members.prefixes()].flatMap((prefix): Prefix[] => {
      if (prefix.length <= length) return [prefix];
      const isStart = (prefix.value & prefixMask(prefix.family, length)) === prefix.value;
      return isStart ? [{ ...prefix, length }] : [];
    }),
  );

const portAt = (part: SetKeyPart, { ports }: Packet, holds: (port: number) => boolean): boolean =>
  ports !== undefined && holds(part === 'src-port' || part === 'src-service' ? ports.source : ports.destination);

/** What is taken out by `nomatch` may be let in again by a narrower entry. */
function inTuples(entries: readonly SetTuple[], parts: readonly SetKeyPart[], packet: Packet): Split {
  const splitOf = (tuple: SetTuple): Split => allOf(fitsTuple(tuple, parts, packet));
  const found = anyOf(entries.filter(({ nomatch }) => nomatch === undefined).map(splitOf));
  const out = anyOf(entries.filter(({ nomatch }) => nomatch === true).map(splitOf));
  return out.may === false ? found : { may: found.may, must: false };
}

/** For each key of an entry whether it fits. */
export const fitsTuple = ({ keys }: SetTuple, parts: readonly SetKeyPart[], packet: Packet): Split[] =>
  keys.map((key, at) => fits(key, parts[at] ?? 'other', packet));

function fits(key: SetKey, part: SetKeyPart, packet: Packet): Split {
  switch (key.kind) {
    case 'addresses':
      if (part === 'src') return exactly(rangeSet(rangeList(key.range), packet.family));
      return part === 'dst' ? exactly(inRanges([key.range], packet.destination)) : OPEN;
    case 'numbers':
      return numberFits(key.range, part, packet);
    case 'service':
      if (key.protocol !== packet.protocol) return FAILS;
      if (packet.icmp) return exactly(within(key.ports, packet.icmp.type * 256 + packet.icmp.code));
      return exactly(packet.ports ? portAt(part, packet, (port) => within(key.ports, port)) : within(key.ports, 0));
    case 'link':
      if (packet[part === 'in' ? 'in' : 'out'] === ANY_LINK) return OPEN;
      return exactly(matchesLink(key.name, part === 'in' ? packet.in : packet.out));
    case 'open':
      return OPEN;
  }
}

function numberFits(range: NumberRange, part: SetKeyPart, packet: Packet): Split {
  if (part === 'protocol') return exactly(within(range, packet.protocol));
  if (part === 'mark') return packet.mark.unknown === 0 ? exactly(within(range, packet.mark.value)) : OPEN;
  return part === 'src-port' || part === 'dst-port'
    ? exactly(portAt(part, packet, (port) => within(range, port)))
    : OPEN;
}

const lists = new WeakMap<AddressRange, readonly AddressRange[]>();

function rangeList(range: AddressRange): readonly AddressRange[] {
  const list = lists.get(range) ?? [range];
  lists.set(range, list);
  return list;
}
