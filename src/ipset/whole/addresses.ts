import { readAddress } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import { mask, readPrefix, type Prefix } from '../../net/prefix.ts';
import { isEveryone, PrefixSet } from '../../net/prefix-set.ts';
import { parsePrefixText } from '../../net/prefix-text.ts';
import { subtract } from '../../net/subtract.ts';
import { rangePrefixes } from '../../ruleset/address-ranges.ts';
import type { FilterSet } from '../../ruleset/netfilter.ts';
import type { SetOptions } from './options.ts';

interface Entry {
  readonly prefix: Prefix;
  readonly nomatch: boolean;
}

/** The addresses that a set of addresses alone means; undefined if an entry is something else. */
export function readAddresses(options: SetOptions, entries: Uint8Array): FilterSet['content'] | undefined {
  const { family, netmask, oddMask } = options;
  if (oddMask) return undefined;
  const whole = netmask === (family === 4 ? 32 : 128) ? readPlain(family, entries) : undefined;
  const members = whole ?? readOdd(options, entries);
  return members && { kind: 'addresses', members };
}

/** The fast way, for sets whose entries are prefixes and nothing else. */
function readPlain(family: Family, entries: Uint8Array): PrefixSet | undefined {
  const text = parsePrefixText(withoutOptions(entries) ?? entries, { complete: true });
  const [own, other] = family === 4 ? [text.v4, text.v6] : [text.v6, text.v4];
  if (other.size > 0) return undefined;
  // Prefixes that add up to everyone are a problem in a list of a person's; here they are what the set holds.
  return text.problemCount === 0 || (text.problemCount === 1 && isEveryone(own)) ? own : undefined;
}

const SPACE = 0x20;
const NEWLINE = 0x0a;

/** The entries without what stands behind each (a timeout, counters, a comment); undefined if one of them is `nomatch`. */
function withoutOptions(entries: Uint8Array): Uint8Array | undefined {
  if (!entries.includes(SPACE)) return entries;
  if (Buffer.from(entries.buffer, entries.byteOffset, entries.byteLength).includes(' nomatch')) return undefined;
  const kept = new Uint8Array(entries.length);
  let length = 0;
  let inside = true;
  for (const byte of entries) {
    if (byte === SPACE) inside = false;
    if (byte === NEWLINE) inside = true;
    if (inside) kept[length++] = byte;
  }
  return kept.subarray(0, length);
}

function readOdd({ family, netmask }: SetOptions, entries: Uint8Array): PrefixSet | undefined {
  const read: Entry[] = [];
  for (const line of decoder.decode(entries).split('\n')) {
    if (line === '') continue;
    const [element = '', options = ''] = splitOnce(line);
    const prefixes = prefixesOf(element, family, netmask);
    if (prefixes === undefined) return undefined;
    for (const prefix of prefixes) read.push({ prefix, nomatch: isNomatch(options) });
  }
  return resolved(family, read);
}

const decoder = new TextDecoder('latin1');

export const splitOnce = (line: string): readonly [string, string] => {
  const at = line.indexOf(' ');
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at)];
};

/** A comment can say so too, but is quoted. */
export const isNomatch = (options: string): boolean => / nomatch(?: |$)/.test(options.replaceAll(/"[^"]*"/g, ''));

function prefixesOf(element: string, family: Family, netmask: number): readonly Prefix[] | undefined {
  const prefix = readPrefix(element);
  if (!prefix.ok) return rangeOf(element, family);
  if (prefix.value.family !== family) return undefined;
  const length = Math.min(prefix.value.length, netmask);
  return [{ family, length, value: prefix.value.value & mask(family, length) }];
}

const rangeOf = (element: string, family: Family): readonly Prefix[] | undefined => {
  const [first, last, ...more] = element.split('-').map((text) => readAddress(text));
  if (!first?.ok || !last?.ok || more.length > 0) return undefined;
  return first.value.family === family && last.value.family === family
    ? [...rangePrefixes({ first: first.value, last: last.value })]
    : undefined;
};

/** Among the entries that hold an address the narrowest decides whether it is in the set. */
function resolved(family: Family, entries: readonly Entry[]): PrefixSet {
  if (!entries.some(({ nomatch }) => nomatch))
    return PrefixSet.of(
      family,
      entries.map(({ prefix }) => prefix),
    );
  let members = PrefixSet.empty(family);
  for (const length of new Set(entries.map(({ prefix }) => prefix.length).toSorted((a, b) => a - b))) {
    const ofKind = (wanted: boolean): PrefixSet => PrefixSet.of(family, prefixesOfKind(entries, length, wanted));
    members = subtract(members.union(ofKind(false)), ofKind(true));
  }
  return members;
}

const prefixesOfKind = (entries: readonly Entry[], length: number, nomatch: boolean): Prefix[] =>
  entries.filter((entry) => entry.nomatch === nomatch && entry.prefix.length === length).map(({ prefix }) => prefix);
