import type { Family } from '../net/family.ts';
import { parsePrefix } from '../net/prefix.ts';
import type { Action, ConnState, Match, Rule, RuleProtocol, SetField } from '../ruleset/match.ts';
import { ownsChain } from '../ruleset/ownership.ts';
import { CT_STATES, protocolSpellings } from './names.ts';
import { splitWords } from './tokens.ts';

/**
 * Reads one rule (without `-A CHAIN`) that Seawall could have written.
 * Anything else, however small the difference, is `undefined`: then somebody else wrote it.
 */
export function parseRule(text: string, family: Family): Rule | undefined {
  const words = new Words(splitWords(text));
  const match: Match[] = [];
  const comments: string[] = [];
  let implied = 0;
  while (!words.done()) {
    if (words.take('-m', 'comment', '--comment')) {
      comments.push(words.next() ?? '');
      continue;
    }
    const action = parseAction(words);
    if (action) {
      const whole = words.done() && comments.length <= 1 && implied === impliedBy(match, family);
      return whole ? ruleOf(match, action, comments[0]) : undefined;
    }
    const next = parseMatch(words, family);
    if (!next) return undefined;
    if (next === 'implied') implied++;
    else match.push(next);
  }
  return undefined;
}

const ruleOf = (match: readonly Match[], action: Action, comment: string | undefined): Rule =>
  comment === undefined ? { match, action } : { match, action, comment };

/** How many conditions are only the other half of one that was read. */
const impliedBy = (match: readonly Match[], family: Family): number =>
  family === 4 ? 0 : match.filter(({ kind }) => kind === 'elsewhere').length;

/** The words of a rule, read from left to right. */
class Words {
  #at = 0;
  readonly #words: readonly string[];
  constructor(words: readonly string[]) {
    this.#words = words;
  }
  /** Never again after a word that isn't there was asked for: the rule was cut off. */
  done = (): boolean => this.#at === this.#words.length;
  next = (): string | undefined => this.#words[this.#at++];
  take(...expected: string[]): boolean {
    if (!expected.every((word, index) => this.#words[this.#at + index] === word)) return false;
    this.#at += expected.length;
    return true;
  }
}

function parseAction(words: Words): Action | undefined {
  if (words.take('-g')) return parseChain('goto', words.next());
  if (words.take('-j', 'RETURN')) return { kind: 'return' };
  if (words.take('-j', 'DROP')) return { kind: 'drop' };
  if (words.take('-j', 'LOG', '--log-prefix')) return { kind: 'log', prefix: words.next() ?? '' };
  if (words.take('-j', 'SET', '--add-set')) {
    const set = words.next() ?? '';
    return words.take('src,dst') ? { kind: 'note', set } : undefined;
  }
  return words.take('-j') ? parseChain('jump', words.next()) : undefined;
}

/** Any other target or chain is none that an own rule has. */
const parseChain = (kind: 'jump' | 'goto', chain = ''): Action | undefined =>
  ownsChain(chain) ? { kind, chain } : undefined;

type Parser = (words: Words, family: Family) => Match | 'implied' | undefined;

const PARSERS: readonly (readonly [readonly string[], Parser])[] = [
  [['-i'], (words) => ({ kind: 'in', link: linkName(words.next()) })],
  [['-o'], (words) => ({ kind: 'out', link: linkName(words.next()) })],
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

function parseMatch(words: Words, family: Family): Match | 'implied' | undefined {
  for (const [start, parse] of PARSERS) if (words.take(...start)) return parse(words, family);
  return undefined;
}

const linkName = (word = ''): string => (word.endsWith('+') ? `${word.slice(0, -1)}*` : word);

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
  return fields.every(isField) ? { kind: 'in-set', set, fields, ...(not ? { not } : {}) } : undefined;
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
