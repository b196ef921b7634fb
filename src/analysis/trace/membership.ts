import type { Address } from '../../net/address.ts';
import { addressBits } from '../../net/family.ts';
import { formatPrefix, mask } from '../../net/prefix.ts';
import { PrefixSet } from '../../net/prefix-set.ts';
import {
  type Condition,
  lookedUp,
  type Netfilter,
  type SetContent,
  setKey,
  type SetKeyPart,
} from '../../ruleset/netfilter.ts';
import { fitsTuple, within } from './lookup.ts';
import type { Packet } from './packet.ts';
import { allOf, inside, type Split } from './parts.ts';

/** An entry of a set in which a packet is. */
export interface Membership {
  readonly set: string;
  readonly entry: string;
}

type Sets = Netfilter['sets'];

/** For each set that is asked, the entry in which the packet is; nothing of sets in which it isn't. */
export function membershipsOf(
  conditions: readonly Condition[],
  packet: Packet,
  source: Address,
  sets: Sets,
): Membership[] {
  return conditions.flatMap((condition) => {
    if (condition.kind !== 'set') return [];
    const { set, fields, mask: length } = condition;
    const entry = entryIn(sets, set, fields, packet, source, length);
    return entry === undefined ? [] : [{ set: set.split(' ').at(-1) ?? set, entry }];
  });
}

function entryIn(
  sets: Sets,
  key: string,
  fields: readonly SetKeyPart[],
  packet: Packet,
  source: Address,
  length: number | undefined,
): string | undefined {
  const set = sets.get(key);
  if (!set?.families.includes(packet.family)) return undefined;
  const { content } = set;
  if (content.kind === 'list') {
    const found = content.sets.map((name) =>
      entryIn(sets, setKey('iptables', '', name), fields, packet, source, length),
    );
    return found.find((entry) => entry !== undefined);
  }
  const parts = lookedUp(fields, set.parts) ?? [];
  return entryOf(content, parts, packet, source, length);
}

function entryOf(
  content: Exclude<SetContent, { kind: 'list' }>,
  parts: readonly SetKeyPart[],
  packet: Packet,
  source: Address,
  length: number | undefined,
): string | undefined {
  const [part] = parts;
  switch (content.kind) {
    case 'addresses': {
      const address = part === 'src' ? source : packet.destination;
      const prefix = content.members.covering(length === undefined ? address : cut(address, length));
      return prefix && formatPrefix(prefix);
    }
    case 'ports': {
      const port = part === 'src-port' ? packet.ports?.source : packet.ports?.destination;
      const range = port === undefined ? undefined : content.ranges.find((each) => within(each, port));
      return range && (range.first === range.last ? String(range.first) : `${range.first}-${range.last}`);
    }
    case 'tuples': {
      const only = PrefixSet.of(source.family, [{ ...source, length: addressBits(source.family) }]);
      const holds = ({ must }: Split): boolean => inside(only, must) !== undefined;
      return content.entries.find(
        (entry) => entry.nomatch === undefined && holds(allOf(fitsTuple(entry, parts, packet))),
      )?.text;
    }
    case 'unknown':
      return undefined;
  }
}

const cut = ({ family, value }: Address, length: number): Address => ({ family, value: value & mask(family, length) });
