import { addressBits } from '../../net/family.ts';
import type { Condition, End, SetKeyPart } from '../../ruleset/condition.ts';
import { setKey } from '../../ruleset/netfilter.ts';
import type { AddressRange } from '../../ruleset/ranges.ts';
import {
  byOption,
  conditionOf,
  openCondition,
  type MatchReader,
  type OptionReader,
  type Plain,
} from './match-reading.ts';
import type { Option } from './rule-words.ts';
import { addressSpan, listOf } from './values.ts';

const span =
  (end: End): OptionReader =>
  ([text = '', ...more], family) => {
    const range = more.length === 0 ? addressSpan(text, family) : undefined;
    return range && { kind: 'address', end, ranges: [range] };
  };

export const iprange = byOption({ '--src-range': span('src'), '--dst-range': span('dst') });

const END_OF: Readonly<Record<string, End>> = { '--src-type': 'src', '--dst-type': 'dst' };
const LINK_OF = { '--limit-iface-in': 'in', '--limit-iface-out': 'out' } as const;

/** `-m addrtype`: its two ends are conditions by themselves, and the link limits both. */
export const addrtype: MatchReader = (options, family) => {
  const limit = options.find(({ name }) => Object.hasOwn(LINK_OF, name));
  const onLink = limit && LINK_OF[limit.name as keyof typeof LINK_OF];
  return options.flatMap((option) => {
    if (option === limit) return [];
    const end = END_OF[option.name];
    const types = option.values.length === 1 ? listOf(option.values[0], typeName) : undefined;
    if (end === undefined || types === undefined) return [openCondition(option.text)];
    const text = limit === undefined ? option.text : `${option.text} ${limit.text}`;
    return family === 4
      ? [conditionOf(lookedUpAs(end, types, onLink), text, option.not)]
      : turned(typesOf6(end, types, onLink), { ...option, text });
  });
};

const typeName = (text: string): string | undefined => (/^[A-Z]+$/i.test(text) ? text.toLowerCase() : undefined);

const lookedUpAs = (end: End, types: readonly string[], onLink?: 'in' | 'out'): Plain =>
  onLink === undefined ? { kind: 'address-type', end, types } : { kind: 'address-type', end, types, onLink };

const V6_LAST = (1n << BigInt(addressBits(6))) - 1n;
const range6 = (first: bigint, last: bigint): AddressRange => ({
  first: { family: 6, value: first },
  last: { family: 6, value: last },
});
const MULTICAST = 0xffn << 120n;
/** In IPv6 these are told by the address alone: all that is not multicast is unicast, the machine's own as well. */
const BY_ADDRESS = new Map([
  ['unspec', range6(0n, 0n)],
  ['unicast', range6(1n, MULTICAST - 1n)],
  ['multicast', range6(MULTICAST, V6_LAST)],
]);
const BY_ROUTE = new Set(['local', 'anycast', 'unreachable']);

/** In IPv6 the kernel wants each type that the address tells, and one of those that the routing table tells. */
function typesOf6(end: End, types: readonly string[], onLink?: 'in' | 'out'): (Plain | undefined)[] {
  const routed = types.filter((type) => BY_ROUTE.has(type));
  const parts = types
    .filter((type) => !BY_ROUTE.has(type))
    .map((type): Plain | undefined => {
      const range = BY_ADDRESS.get(type);
      return range && { kind: 'address', end, ranges: [range] };
    });
  return routed.length === 0 ? parts : [...parts, lookedUpAs(end, routed, onLink)];
}

/** All of several, or their negation: one of them does not hold. */
function turned(parts: readonly (Plain | undefined)[], { text, not }: Option): Condition[] {
  const conditions = parts.map((plain) => (plain === undefined ? openCondition(text) : conditionOf(plain, text, not)));
  return not && conditions.length > 1 ? [{ kind: 'any', of: conditions, text }] : conditions;
}

/** These ask something else than whether the packet is in the set. */
const NO_QUESTION = new Set(['--update-counters', '--update-subcounters']);

export const set: MatchReader = (options, family, text) => {
  const returnsNomatch = options.some(({ name }) => name === '--return-nomatch');
  if (returnsNomatch) return [openCondition(text)];
  return options
    .filter(({ name }) => !NO_QUESTION.has(name))
    .map((option) => {
      const plain =
        option.name === '--match-set' || option.name === '--set' ? matchSet(option.values, family) : undefined;
      return plain === undefined ? openCondition(option.text) : conditionOf(plain, option.text, option.not);
    });
};

const matchSet: OptionReader = ([name, fieldText, ...more]) => {
  const fields = listOf(fieldText, (part): SetKeyPart | undefined =>
    part === 'src' || part === 'dst' ? part : undefined,
  );
  if (name === undefined || fields === undefined || more.length > 0) return undefined;
  return { kind: 'set', set: setKey('iptables', '', name), fields };
};
