import { parseAddress } from '../net/address.ts';
import { addressBits, type Family } from '../net/family.ts';
import { formatPrefix, mask, parsePrefix } from '../net/prefix.ts';
import type { Match, RuleProtocol, SetField } from '../ruleset/match.ts';
import { type Json, keyOf, matchParts, numbersIn, sameJson, textIn } from './json.ts';
import { IP } from './names.ts';
import { PRIVATE } from './render-rule.ts';
import { wholeOf } from './set-parts.ts';

/** What is known of a rule so far. */
export interface Reading {
  readonly family: Family;
  readonly match: Match[];
  /** The name of the part of a set that the rule asks, where that is kept in several. */
  part: string | undefined;
}

/** How many of the conditions it could make sense of, from the first on. */
export function takeMatch(conditions: readonly Json[], reading: Reading): number {
  for (const [length, read] of READERS) {
    const matches = conditions.length >= length ? read(conditions.slice(0, length), reading) : undefined;
    if (!matches) continue;
    reading.match.push(...matches);
    return length;
  }
  return 0;
}

type Reader = (conditions: readonly Json[], reading: Reading) => Match[] | undefined;

export const eq = (left: Json, right: Json): Json => ({ match: { op: '==', left, right } });
const ne = (left: Json, right: Json): Json => ({ match: { op: '!=', left, right } });
const has = (left: Json, right: Json): Json => ({ match: { op: 'in', left, right } });
export const meta = (key: string): Json => ({ meta: { key } });
const payload = (protocol: string, field: string): Json => ({ payload: { protocol, field } });
const TYPE: Json = { fib: { result: 'type', flags: ['daddr'] } };
const GROUPS: Json = { prefix: { addr: 'ff00::', len: 8 } };
/** As in rtnetlink(7): unicast 1, local 2, anycast 4. */
const [UNICAST, LOCAL, ANYCAST] = [1, 2, 4];
/** Bits of nf_conntrack_common.h. */
const [INVALID, DNAT] = [1, 32];

/** Conditions that are always the same words. */
const fixed =
  (family: Family | undefined, conditions: (family: Family) => readonly Json[], match: Match): Reader =>
  (given, { family: own }) =>
    (family === undefined || family === own) && sameJson(given, conditions(own)) ? [match] : undefined;

const READERS: readonly (readonly [number, Reader])[] = [
  [3, fixed(undefined, innerBridge, { kind: 'inner-bridge' })],
  [
    2,
    fixed(6, () => [ne(payload('ip6', 'daddr'), GROUPS), ne(TYPE, { set: [LOCAL, ANYCAST] })], { kind: 'elsewhere' }),
  ],
  [1, fixed(4, () => [eq(TYPE, UNICAST)], { kind: 'elsewhere' })],
  [1, fixed(4, () => [ne(TYPE, LOCAL)], { kind: 'group' })],
  [1, fixed(6, () => [eq(payload('ip6', 'daddr'), GROUPS)], { kind: 'group' })],
  [1, fixed(undefined, () => [has({ ct: { key: 'state' } }, INVALID)], { kind: 'state', states: ['invalid'] })],
  [1, fixed(undefined, () => [has({ ct: { key: 'status' } }, DNAT)], { kind: 'dnat' })],
  [2, readUdpPorts],
  [2, readBlock],
  [2, readIcmp],
  [1, readIcmp],
  [1, readLink],
  [1, readEndpoints],
  [1, readPortLookup],
  [1, readAddress],
  [1, readProtocol],
  [1, readHopLimit],
  [1, readLimit],
];

function innerBridge(family: Family): Json[] {
  const prefixes = PRIVATE[family].map((text) => {
    const [addr = '', len] = text.split('/');
    return { prefix: { addr, len: Number(len) } };
  });
  return [
    eq(meta('iifkind'), 'bridge'),
    eq(payload(IP[family], 'saddr'), { set: prefixes }),
    eq({ fib: { result: 'oif', flags: ['saddr', 'iif'] } }, true),
  ];
}

function readUdpPorts([first, second]: readonly Json[]): Match[] | undefined {
  const [source, destination] = [first, second].map((each) => matchParts(each));
  const whole = sameJson(source?.left, payload('udp', 'sport')) && sameJson(destination?.left, payload('udp', 'dport'));
  if (!whole || source?.op !== '==' || destination?.op !== '==') return undefined;
  const [from, to] = [source.right, destination.right];
  if (typeof from !== 'number' || typeof to !== 'number') return undefined;
  return [
    { kind: 'protocol', protocol: 'udp' },
    { kind: 'udp-ports', source: from, destination: to },
  ];
}

function readIcmp([first, second]: readonly Json[], { family }: Reading): Match[] | undefined {
  const word = family === 4 ? 'icmp' : 'icmpv6';
  const type = numberOf(first, payload(word, 'type'));
  if (type === undefined) return undefined;
  const protocol: Match = { kind: 'protocol', protocol: 'icmp' };
  if (second === undefined) return [protocol, { kind: 'icmp', type }];
  const code = numberOf(second, payload(word, 'code'));
  return code === undefined ? undefined : [protocol, { kind: 'icmp', type, code }];
}

/** The number that something is compared with. */
function numberOf(condition: Json | undefined, left: Json): number | undefined {
  const parts = matchParts(condition);
  return parts?.op === '==' && sameJson(parts.left, left) && typeof parts.right === 'number' ? parts.right : undefined;
}

function readLink([condition]: readonly Json[]): Match[] | undefined {
  const parts = matchParts(condition);
  if (parts?.op !== '==' || typeof parts.right !== 'string') return undefined;
  if (sameJson(parts.left, meta('iifname'))) return [{ kind: 'in', link: parts.right }];
  return sameJson(parts.left, meta('oifname')) ? [{ kind: 'out', link: parts.right }] : undefined;
}

/** The set of a right side `@name`. */
export const setOf = (right: Json): string | undefined =>
  typeof right === 'string' && right.startsWith('@') ? right.slice(1) : undefined;

/** An address together with a port. */
function readEndpoints([condition]: readonly Json[], { family }: Reading): Match[] | undefined {
  const parts = matchParts(condition);
  const set = setOf(parts?.right ?? null);
  if (!parts || parts.op !== '==' || set === undefined) return undefined;
  const orders: readonly (readonly [SetField, SetField])[] = [
    ['src', 'dst'],
    ['dst', 'src'],
  ];
  const fields = orders.find(([address, port]) => sameJson(parts.left, endpointJson(address, port, family)));
  return fields && [{ kind: 'in-set', set, fields: [...fields] }];
}

export const endpointJson = (address: SetField, port: SetField, family: Family): Json => ({
  concat: [
    payload(IP[family], address === 'src' ? 'saddr' : 'daddr'),
    meta('l4proto'),
    payload('th', port === 'src' ? 'sport' : 'dport'),
  ],
});

function readPortLookup([condition]: readonly Json[]): Match[] | undefined {
  const parts = matchParts(condition);
  const set = setOf(parts?.right ?? null);
  if (!parts || parts.op !== '==' || set === undefined) return undefined;
  for (const protocol of ['tcp', 'udp'] as const)
    for (const field of ['src', 'dst'] as const)
      if (sameJson(parts.left, payload(protocol, field === 'src' ? 'sport' : 'dport')))
        return [
          { kind: 'protocol', protocol },
          { kind: 'in-set', set, fields: [field] },
        ];
  return undefined;
}

/** An address, or some of its bits, that is one, in a prefix, or in a set. */
function readAddress([condition]: readonly Json[], reading: Reading): Match[] | undefined {
  const address = addressIn(condition, reading.family);
  if (!address) return undefined;
  const { field, right } = address;
  if (setOf(right) !== undefined) return readLookup(address, reading);
  const parsed = parsePrefix(textIn(right) ?? '');
  const plain = address.bits === undefined && parsed.ok && parsed.value.family === reading.family;
  return plain ? [{ kind: field, prefix: parsed.value }] : undefined;
}

/** A look-up in a part of a set that is within a prefix, which the address is compared with before. */
function readBlock([first, second]: readonly Json[], reading: Reading): Match[] | undefined {
  const [guard, address] = [first, second].map((each) => addressIn(each, reading.family));
  if (!guard || !address || guard.bits !== undefined || guard.field !== address.field) return undefined;
  const { within } = wholeOf(setOf(address.right) ?? '', reading.family);
  const parsed = parsePrefix(textIn(guard.right) ?? '');
  const same = within && parsed.ok && formatPrefix(within) === formatPrefix(parsed.value);
  return same ? readLookup(address, reading, 'guarded') : undefined;
}

interface AddressTest {
  readonly field: SetField;
  /** Those of the address that are looked at; undefined for all of it. */
  readonly bits: string | undefined;
  readonly right: Json;
}

function addressIn(condition: Json | undefined, family: Family): AddressTest | undefined {
  const parts = matchParts(condition);
  if (parts?.op !== '==') return undefined;
  for (const field of ['src', 'dst'] as const) {
    const address = payload(IP[family], field === 'src' ? 'saddr' : 'daddr');
    const bits = numbersIn(parts.left, address);
    if (bits !== undefined || sameJson(parts.left, address)) return { field, bits, right: parts.right };
  }
  return undefined;
}

function readLookup({ field, bits, right }: AddressTest, reading: Reading, guarded?: 'guarded'): Match[] | undefined {
  const { family } = reading;
  const name = setOf(right) ?? '';
  const { set, length = addressBits(family), within } = wholeOf(name, family);
  const sound = looksUp(bits, length, family) && (within !== undefined) === (guarded !== undefined);
  if (!sound || (set !== name && reading.part !== undefined)) return undefined;
  if (set !== name) reading.part = name;
  return [{ kind: 'in-set', set, fields: [field] }];
}

/** Whether those bits are the first so many of an address. */
function looksUp(bits: string | undefined, length: number, family: Family): boolean {
  if (bits === undefined) return length === addressBits(family);
  const parsed = parseAddress(bits);
  return parsed.ok && parsed.value.value === mask(family, length);
}

const PROTOCOLS: Readonly<Record<number, RuleProtocol>> = { 6: 'tcp', 17: 'udp', 2: 'igmp' };

function readProtocol([condition]: readonly Json[], { family }: Reading): Match[] | undefined {
  const number = numberOf(condition, meta('l4proto'));
  const icmp = family === 4 ? 1 : 58;
  const protocol = number === icmp ? 'icmp' : PROTOCOLS[number ?? -1];
  return protocol && [{ kind: 'protocol', protocol }];
}

function readHopLimit([condition]: readonly Json[], { family }: Reading): Match[] | undefined {
  const value = numberOf(condition, family === 4 ? payload('ip', 'ttl') : payload('ip6', 'hoplimit'));
  return value === undefined ? undefined : [{ kind: 'hop-limit', value }];
}

function readLimit([condition]: readonly Json[]): Match[] | undefined {
  if (keyOf(condition ?? null) !== 'limit') return undefined;
  const { rate, burst, per, ...rest } = (condition as { limit: Record<string, Json> }).limit;
  if (typeof rate !== 'number' || typeof burst !== 'number' || Object.keys(rest).length > 0) return undefined;
  return per === 'second' || per === 'minute' ? [{ kind: 'limit', count: rate, per, burst }] : undefined;
}
