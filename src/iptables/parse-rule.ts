import type { Family } from '../net/family.ts';
import { parsePrefix } from '../net/prefix.ts';
import type { Action, ConnState, Match, Rule, RuleProtocol, SetField } from '../ruleset/match.ts';
import { CT_STATES, protocolSpellings } from './names.ts';
import { splitWords } from './tokens.ts';

/**
 * Reads one rule (without `-A CHAIN`) that Seawall could have written.
 * Anything else, however small the difference, is `undefined`: then somebody else wrote it.
 */
export function parseRule(text: string, family: Family): Rule | undefined {
  const words = new Words(splitWords(text));
  const match: Match[] = [];
  let comment: string | undefined;
  while (!words.done()) {
    if (words.take('-m', 'comment', '--comment')) {
      comment = words.next();
      continue;
    }
    const action = parseAction(words);
    if (action) return words.done() ? { match, action, ...(comment === undefined ? {} : { comment }) } : undefined;
    const next = parseMatch(words, family);
    if (!next) return undefined;
    if (next !== 'implied') match.push(next);
  }
  return undefined;
}

/** The words of a rule, read from left to right. */
class Words {
  #at = 0;
  readonly #words: readonly string[];
  constructor(words: readonly string[]) {
    this.#words = words;
  }
  done = (): boolean => this.#at >= this.#words.length;
  next = (): string | undefined => this.#words[this.#at++];
  take(...expected: string[]): boolean {
    if (!expected.every((word, index) => this.#words[this.#at + index] === word)) return false;
    this.#at += expected.length;
    return true;
  }
}

function parseAction(words: Words): Action | undefined {
  if (words.take('-g')) return { kind: 'goto', chain: words.next() ?? '' };
  if (words.take('-j', 'RETURN')) return { kind: 'return' };
  if (words.take('-j', 'DROP')) return { kind: 'drop' };
  if (words.take('-j', 'LOG', '--log-prefix')) return { kind: 'log', prefix: words.next() ?? '' };
  if (words.take('-j', 'SET', '--add-set')) {
    const set = words.next() ?? '';
    return words.take('src,dst') ? { kind: 'note', set } : undefined;
  }
  return words.take('-j') ? { kind: 'jump', chain: words.next() ?? '' } : undefined;
}

type Parser = (words: Words, family: Family) => Match | 'implied' | undefined;

const PARSERS: readonly (readonly [readonly string[], Parser])[] = [
  [['-i'], (words) => ({ kind: 'in', link: linkName(words.next()) })],
  [['-o'], (words) => ({ kind: 'out', link: linkName(words.next()) })],
  [['-s'], (words) => parsePrefixMatch('src', words.next())],
  [['-d', 'ff00::/8'], () => ({ kind: 'group' })],
  [['-d'], (words) => parsePrefixMatch('dst', words.next())],
  // The second half of what `elsewhere` is in IPv6; the first comes later in the same rule.
  [['!', '-d', 'ff00::/8'], (_words, family) => (family === 6 ? 'implied' : undefined)],
  [['-m', 'addrtype', '!', '--dst-type', 'LOCAL,ANYCAST'], () => ({ kind: 'elsewhere' })],
  [['-m', 'addrtype', '--dst-type', 'UNICAST'], (_w, family) => (family === 4 ? { kind: 'elsewhere' } : undefined)],
  [['-m', 'addrtype', '!', '--dst-type', 'LOCAL'], (_w, family) => (family === 4 ? { kind: 'group' } : undefined)],
  [['-p'], (words, family) => parseProtocol(words.next(), family)],
  [['-m', 'conntrack', '--ctstate', 'DNAT'], () => ({ kind: 'dnat' })],
  [['-m', 'conntrack', '--ctstate'], (words) => parseStates(words.next(), false)],
  [['-m', 'conntrack', '!', '--ctstate'], (words) => parseStates(words.next(), true)],
  [['-m', 'icmp', '--icmp-type'], (words) => parseIcmp(words.next())],
  [['-m', 'icmp6', '--icmpv6-type'], (words) => parseIcmp(words.next())],
  [['-m', 'ttl', '--ttl-eq'], (words) => parseNumber(words.next(), (value) => ({ kind: 'hop-limit', value }))],
  [['-m', 'hl', '--hl-eq'], (words) => parseNumber(words.next(), (value) => ({ kind: 'hop-limit', value }))],
  [['-m', 'udp', '--sport'], parseUdpPorts],
  [['-m', 'set', '--match-set'], (words) => parseSet(words, false)],
  [['-m', 'set', '!', '--match-set'], (words) => parseSet(words, true)],
  [['-m', 'limit', '--limit'], parseLimit],
];

function parseMatch(words: Words, family: Family): Match | 'implied' | undefined {
  for (const [start, parse] of PARSERS) if (words.take(...start)) return parse(words, family);
  return undefined;
}

const linkName = (word = ''): string => (word.endsWith('+') ? `${word.slice(0, -1)}*` : word);

function parsePrefixMatch(kind: 'src' | 'dst', word = ''): Match | undefined {
  const parsed = parsePrefix(word);
  return parsed.ok ? { kind, prefix: parsed.value } : undefined;
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

function parseNumber(word: string | undefined, make: (value: number) => Match): Match | undefined {
  return word !== undefined && /^\d+$/.test(word) ? make(Number(word)) : undefined;
}

function parseUdpPorts(words: Words): Match | undefined {
  const source = Number(words.next());
  return words.take('--dport') ? { kind: 'udp-ports', source, destination: Number(words.next()) } : undefined;
}

function parseSet(words: Words, not: boolean): Match | undefined {
  const set = words.next() ?? '';
  const fields = (words.next() ?? '')
    .split(',')
    .filter((field): field is SetField => field === 'src' || field === 'dst');
  return { kind: 'in-set', set, fields, ...(not ? { not } : {}) };
}

function parseLimit(words: Words): Match | undefined {
  const [, count, unit] = /^(\d+)\/(sec|min)$/.exec(words.next() ?? '') ?? [];
  if (count === undefined) return undefined;
  const burst = words.take('--limit-burst') ? Number(words.next()) : 5;
  return { kind: 'limit', count: Number(count), per: unit === 'sec' ? 'second' : 'minute', burst };
}
