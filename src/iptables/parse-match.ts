import type { Family } from '../net/family.ts';
import { parsePrefix } from '../net/prefix.ts';
import type { ConnState, Match, RuleProtocol, SetField } from '../ruleset/match.ts';
import { CT_STATES, protocolSpellings } from './names.ts';
import { isName, type Words } from './words.ts';

/** Reads what stands behind the words that a condition begins with. */
type Parser = (words: Words, family: Family) => Match | 'implied' | undefined;

const PARSERS: readonly (readonly [readonly string[], Parser])[] = [
  [['-i'], (words) => parseLink('in', words.next())],
  [['-o'], (words) => parseLink('out', words.next())],
  [['-s'], (words, family) => parsePrefixMatch('src', words.next(), family)],
  [['-d', 'ff00::/8'], (_w, family) => (family === 6 ? { kind: 'group' } : undefined)],
  [['-d'], (words, family) => parsePrefixMatch('dst', words.next(), family)],
  // The second half of what `elsewhere` is in IPv6; the first comes later in the same rule.
  [['!', '-d', 'ff00::/8'], (_w, family) => (family === 6 ? 'implied' : undefined)],
  [
    ['-m', 'addrtype', '!', '--dst-type', 'LOCAL,ANYCAST'],
    (_w, family) => (family === 6 ? { kind: 'elsewhere' } : undefined),
  ],
  [['-m', 'addrtype', '--dst-type', 'UNICAST'], (_w, family) => (family === 4 ? { kind: 'elsewhere' } : undefined)],
  [['-m', 'addrtype', '!', '--dst-type', 'LOCAL'], (_w, family) => (family === 4 ? { kind: 'group' } : undefined)],
  [['-m', 'inner-bridge'], () => ({ kind: 'inner-bridge' })],
  [['-p'], (words, family) => parseProtocol(words.next(), family)],
  [['-m', 'conntrack', '--ctstate', 'DNAT'], () => ({ kind: 'dnat' })],
  [['-m', 'conntrack', '--ctstate'], (words) => parseStates(words.next(), false)],
  [['-m', 'conntrack', '!', '--ctstate'], (words) => parseStates(words.next(), true)],
  [['-m', 'icmp', '--icmp-type'], (words, family) => (family === 4 ? parseIcmp(words.next()) : undefined)],
  [['-m', 'icmp6', '--icmpv6-type'], (words, family) => (family === 6 ? parseIcmp(words.next()) : undefined)],
  [['-m', 'ttl', '--ttl-eq'], (words, family) => (family === 4 ? parseHopLimit(words.next()) : undefined)],
  [['-m', 'hl', '--hl-eq'], (words, family) => (family === 6 ? parseHopLimit(words.next()) : undefined)],
  [['-m', 'udp', '--sport'], parseUdpPorts],
  [['-m', 'set', '--match-set'], (words) => parseSet(words, false)],
  [['-m', 'set', '!', '--match-set'], (words) => parseSet(words, true)],
  [['-m', 'limit', '--limit'], parseLimit],
];

/** The next condition; `implied` if it is only the other half of one. Undefined for all that no own rule has. */
export function parseMatch(words: Words, family: Family): Match | 'implied' | undefined {
  for (const [start, parse] of PARSERS) if (words.take(...start)) return parse(words, family);
  return undefined;
}

/** To us `*` at the end is the wildcard, to iptables `+`; there it is a character like others. */
function parseLink(kind: 'in' | 'out', word = ''): Match | undefined {
  if (!isName(word) || word.includes('*')) return undefined;
  return { kind, link: word.endsWith('+') ? `${word.slice(0, -1)}*` : word };
}

function parsePrefixMatch(kind: 'src' | 'dst', word: string | undefined, family: Family): Match | undefined {
  const parsed = parsePrefix(word ?? '');
  return parsed.ok && parsed.value.family === family ? { kind, prefix: parsed.value } : undefined;
}

function parseProtocol(word: string | undefined, family: Family): Match | undefined {
  const known: readonly RuleProtocol[] = ['tcp', 'udp', 'icmp', 'igmp'];
  const protocol = known.find((name) => protocolSpellings(name, family).includes(word ?? ''));
  return protocol && { kind: 'protocol', protocol };
}

function parseStates(word = '', not: boolean): Match | undefined {
  const names = word.split(',');
  const states = CT_STATES.filter(([, name]) => names.includes(name)).map(([state]): ConnState => state);
  if (states.length !== names.length) return undefined;
  return { kind: 'state', states, ...(not ? { not } : {}) };
}

function parseIcmp(word = ''): Match | undefined {
  const [, type, code] = /^(\d+)(?:\/(\d+))?$/.exec(word) ?? [];
  if (type === undefined) return undefined;
  return { kind: 'icmp', type: Number(type), ...(code === undefined ? {} : { code: Number(code) }) };
}

/** A number as iptables-save prints it. */
const numberOf = (word = ''): number | undefined => (/^\d+$/.test(word) ? Number(word) : undefined);

function parseHopLimit(word: string | undefined): Match | undefined {
  const value = numberOf(word);
  return value === undefined ? undefined : { kind: 'hop-limit', value };
}

function parseUdpPorts(words: Words): Match | undefined {
  const source = numberOf(words.next());
  const destination = words.take('--dport') ? numberOf(words.next()) : undefined;
  return source === undefined || destination === undefined ? undefined : { kind: 'udp-ports', source, destination };
}

function parseSet(words: Words, not: boolean): Match | undefined {
  const set = words.next() ?? '';
  const fields = (words.next() ?? '').split(',');
  return isName(set) && fields.every(isField) ? { kind: 'in-set', set, fields, ...(not ? { not } : {}) } : undefined;
}

const isField = (field: string): field is SetField => field === 'src' || field === 'dst';

function parseLimit(words: Words): Match | undefined {
  const [, count, unit] = /^(\d+)\/(sec|min)$/.exec(words.next() ?? '') ?? [];
  const burst = words.take('--limit-burst') ? numberOf(words.next()) : DEFAULT_BURST;
  if (count === undefined || burst === undefined) return undefined;
  return { kind: 'limit', count: Number(count), per: unit === 'sec' ? 'second' : 'minute', burst };
}

/** iptables-save leaves it out. */
const DEFAULT_BURST = 5;
