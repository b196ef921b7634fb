import type { Family } from '../../net/family.ts';
import type { Condition, End, SetKeyPart } from '../../ruleset/condition.ts';
import type { SetPart } from '../../ruleset/filter-set.ts';
import { listOf, objectOf, onlyKey, textOf, type Json, type JsonObject } from './json.ts';
import { flagNaming, icmpNaming, noNaming, protocolNaming, type Naming } from './names.ts';

/** What of a packet an expression reads, as far as it is judged here. */
export type Field =
  | { readonly kind: 'address'; readonly end: End; readonly family: Family }
  /** `protocol`: of that alone; otherwise what the header in front says. */
  | { readonly kind: 'port'; readonly end: End; readonly protocol?: number }
  | { readonly kind: 'protocol'; readonly family?: Family }
  | { readonly kind: 'icmp'; readonly part: 'type' | 'code'; readonly family: Family }
  | { readonly kind: 'link'; readonly side: 'in' | 'out' }
  | { readonly kind: 'family' | 'state' | 'status' | 'direction' | 'flags' | 'fragment-offset' }
  /** Something else of a header, which only packets with such a header have. */
  | { readonly kind: 'other'; readonly family?: Family; readonly protocol?: number }
  | { readonly kind: 'mark'; readonly of: 'packet' | 'connection' }
  | { readonly kind: 'original-address'; readonly end: End; readonly family: Family }
  | { readonly kind: 'original-port'; readonly end: End }
  | { readonly kind: 'address-type'; readonly end: End; readonly onLink?: 'in' | 'out' };

const OTHER: Field = { kind: 'other' };
const OF_TCP: Field = { kind: 'other', protocol: 6 };
const OF_IPV6: Field = { kind: 'other', family: 6 };

type Reader = (inner: JsonObject) => Field;

export function fieldOf(expression: Json): Field {
  const [kind, inner] = onlyKey(expression) ?? [''];
  return READERS.get(kind)?.(objectOf(inner)) ?? OTHER;
}

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['payload', payloadField],
  ['meta', metaField],
  ['ct', ctField],
  ['fib', fibField],
  ['tcp option', () => OF_TCP],
  ['exthdr', () => OF_IPV6],
]);

const PORT_PROTOCOLS: ReadonlyMap<string, number | undefined> = new Map([
  ['tcp', 6],
  ['udp', 17],
  ['dccp', 33],
  ['sctp', 132],
  ['udplite', 136],
  ['th', undefined],
]);
const END_OF_PORT = new Map<string, End>([
  ['sport', 'src'],
  ['dport', 'dst'],
]);
const END_OF_ADDRESS = new Map<string, End>([
  ['saddr', 'src'],
  ['daddr', 'dst'],
]);

function payloadField({ protocol, field }: JsonObject): Field {
  const [name, what] = [textOf(protocol) ?? '', textOf(field) ?? ''];
  if (PORT_PROTOCOLS.has(name)) return transportField(PORT_PROTOCOLS.get(name), what);
  if (name === 'ip' || name === 'ip6') return headerField(name === 'ip' ? 4 : 6, what);
  if ((name === 'icmp' || name === 'icmpv6') && (what === 'type' || what === 'code'))
    return { kind: 'icmp', part: what, family: name === 'icmp' ? 4 : 6 };
  if (name === 'icmp' || name === 'icmpv6') return { kind: 'other', protocol: name === 'icmp' ? 1 : 58 };
  return name === 'ether' && what === 'type' ? { kind: 'family' } : OTHER;
}

function transportField(protocol: number | undefined, what: string): Field {
  if (protocol === 6 && what === 'flags') return { kind: 'flags' };
  const end = END_OF_PORT.get(what);
  if (end === undefined) return protocol === undefined ? OTHER : { kind: 'other', protocol };
  return protocol === undefined ? { kind: 'port', end } : { kind: 'port', end, protocol };
}

/** `ip6 nexthdr` is the first header's word: with extensions in between it isn't the protocol, but such packets are not judged here. */
function headerField(family: Family, what: string): Field {
  const end = END_OF_ADDRESS.get(what);
  if (end !== undefined) return { kind: 'address', end, family };
  if (what === (family === 4 ? 'protocol' : 'nexthdr')) return { kind: 'protocol', family };
  return family === 4 && what === 'frag-off' ? { kind: 'fragment-offset' } : { kind: 'other', family };
}

const META: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['l4proto', { kind: 'protocol' }],
  ['nfproto', { kind: 'family' }],
  ['protocol', { kind: 'family' }],
  ['mark', { kind: 'mark', of: 'packet' }],
  ['iifname', { kind: 'link', side: 'in' }],
  ['iif', { kind: 'link', side: 'in' }],
  ['oifname', { kind: 'link', side: 'out' }],
  ['oif', { kind: 'link', side: 'out' }],
]);

function metaField({ key }: JsonObject): Field {
  return META.get(textOf(key) ?? '') ?? OTHER;
}

const CT: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['state', { kind: 'state' }],
  ['status', { kind: 'status' }],
  ['direction', { kind: 'direction' }],
  ['mark', { kind: 'mark', of: 'connection' }],
]);
const CT_ORIGINAL: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['ip saddr', { kind: 'original-address', end: 'src', family: 4 }],
  ['ip daddr', { kind: 'original-address', end: 'dst', family: 4 }],
  ['ip6 saddr', { kind: 'original-address', end: 'src', family: 6 }],
  ['ip6 daddr', { kind: 'original-address', end: 'dst', family: 6 }],
  ['proto-src', { kind: 'original-port', end: 'src' }],
  ['proto-dst', { kind: 'original-port', end: 'dst' }],
]);

function ctField({ key, dir, family }: JsonObject): Field {
  const name = [textOf(family), textOf(key)].filter(Boolean).join(' ');
  if (dir === undefined) return CT.get(name) ?? OTHER;
  return dir === 'original' ? (CT_ORIGINAL.get(name) ?? OTHER) : OTHER;
}

function fibField({ result, flags }: JsonObject): Field {
  const words = listOf(flags).map((flag) => textOf(flag) ?? '');
  const end = END_OF_ADDRESS.get(words[0] ?? '');
  if (result !== 'type' || end === undefined || words.length > 2) return OTHER;
  if (words[1] === undefined) return { kind: 'address-type', end };
  if (words[1] === 'iif') return { kind: 'address-type', end, onLink: 'in' };
  return words[1] === 'oif' ? { kind: 'address-type', end, onLink: 'out' } : OTHER;
}

export function namingOf(field: Field): Naming {
  if (field.kind === 'icmp') return icmpNaming(field.part, field.family);
  if (field.kind === 'protocol') return protocolNaming;
  return field.kind === 'flags' ? flagNaming : noNaming;
}

/** What a packet needs for there to be such a field at all; without it nothing matches, not even a negation. */
export function needsOf(field: Field, text: string): Condition[] {
  switch (field.kind) {
    case 'address':
    case 'original-address':
      return [...tracked(field, text), { kind: 'family', family: field.family, text }];
    case 'protocol':
      return field.family === undefined ? [] : [{ kind: 'family', family: field.family, text }];
    case 'port':
      return field.protocol === undefined ? [] : [protocolIs(field.protocol, text)];
    case 'icmp':
      return [protocolIs(field.family === 4 ? 1 : 58, text)];
    case 'flags':
      return [protocolIs(6, text)];
    case 'fragment-offset':
      return [{ kind: 'family', family: 4, text }];
    case 'other':
      return [
        ...(field.family === undefined ? [] : [{ kind: 'family' as const, family: field.family, text }]),
        ...(field.protocol === undefined ? [] : [protocolIs(field.protocol, text)]),
      ];
    default:
      return tracked(field, text);
  }
}

/** A packet of this protocol. */
export const protocolIs = (number: number, text: string): Condition => ({
  kind: 'protocol',
  protocols: [{ first: number, last: number }],
  text,
});

const OF_CONNECTION = new Set<Field['kind']>(['status', 'direction', 'original-address', 'original-port']);

const tracked = (field: Field, text: string): Condition[] =>
  OF_CONNECTION.has(field.kind) || (field.kind === 'mark' && field.of === 'connection')
    ? [{ kind: 'state', states: ['invalid', 'untracked'], not: true, text }]
    : [];

/** What of the packet a set is asked for. */
export function lookupOf(field: Field): SetKeyPart {
  switch (field.kind) {
    case 'address':
      return field.end;
    case 'port':
      return `${field.end}-port`;
    case 'link':
      return field.side;
    case 'protocol':
      return 'protocol';
    case 'mark':
      return field.of === 'packet' ? 'mark' : 'other';
    default:
      return 'other';
  }
}

export function partOf(field: Field): SetPart {
  if (field.kind === 'original-address') return 'address';
  if (field.kind === 'original-port') return 'port';
  return field.kind === 'address' ||
    field.kind === 'port' ||
    field.kind === 'link' ||
    field.kind === 'protocol' ||
    field.kind === 'mark'
    ? field.kind
    : 'other';
}
