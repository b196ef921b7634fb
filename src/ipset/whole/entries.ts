import type { Family } from '../../net/family.ts';
import { readPrefix } from '../../net/prefix.ts';
import { ICMP_NAMES, ICMP6_NAMES, protocolNumber } from '../../net/protocol-names.ts';
import { prefixRange } from '../../ruleset/address-ranges.ts';
import type { FilterSet, NumberRange, SetKey, SetPart, SetTuple } from '../../ruleset/netfilter.ts';
import { isNomatch, splitOnce } from './addresses.ts';
import type { SetOptions } from './options.ts';

type Content = FilterSet['content'];

const decoder = new TextDecoder();
const linesOf = (entries: Uint8Array): string[] => decoder.decode(entries).split('\n').filter(Boolean);

/** Of `bitmap:port`, joined where they touch. */
export function readPorts(entries: Uint8Array): Content | undefined {
  const ranges: { first: number; last: number }[] = [];
  for (const line of linesOf(entries)) {
    const range = numbers(splitOnce(line)[0], 65_535);
    if (range === undefined) return undefined;
    const before = ranges.at(-1);
    if (before?.last === range.first - 1) before.last = range.last;
    else ranges.push({ ...range });
  }
  return { kind: 'ports', ranges };
}

export const readList = (entries: Uint8Array): Content => ({
  kind: 'list',
  sets: linesOf(entries).map((line) => splitOnce(line)[0]),
});

/** Entries of several parts; undefined if one of them has another number of parts than the set. */
export function readTuples(parts: readonly SetPart[], options: SetOptions, entries: Uint8Array): Content | undefined {
  const tuples: SetTuple[] = [];
  for (const line of linesOf(entries)) {
    const [text, more] = splitOnce(line);
    const elements = text.split(',');
    // bitmap:ip,mac may hold an address whose station is not known yet.
    if (elements.length !== parts.length && !(parts[1] === 'mac' && elements.length === 1)) return undefined;
    const keys = parts.map((part, at) => keyOf(part, elements[at] ?? '', more, options));
    tuples.push(isNomatch(more) ? { keys, text, nomatch: true } : { keys, text });
  }
  return { kind: 'tuples', entries: tuples };
}

function keyOf(part: SetPart, text: string, more: string, { family, netmask, oddMask }: SetOptions): SetKey {
  const key =
    part === 'address' && !oddMask
      ? addressKey(text, family, netmask)
      : part === 'service'
        ? serviceKey(text)
        : part === 'mark' && !oddMask
          ? markKey(text)
          : part === 'link'
            ? linkKey(text, more)
            : undefined;
  return key ?? { kind: 'open', text };
}

function addressKey(text: string, family: Family, netmask: number): SetKey | undefined {
  const prefix = readPrefix(text);
  if (!prefix.ok || prefix.value.family !== family) return undefined;
  return { kind: 'addresses', range: prefixRange({ ...prefix.value, length: Math.min(prefix.value.length, netmask) }) };
}

/** `tcp:80`, `udp:53-60`, `icmp:echo-request`, `icmp:3/4`, `gre:0`. */
function serviceKey(text: string): SetKey | undefined {
  const at = text.indexOf(':');
  const protocol = protocolNumber(text.slice(0, Math.max(at, 0)));
  if (protocol === undefined) return undefined;
  const names = protocol === 1 ? ICMP_NAMES : protocol === 58 ? ICMP6_NAMES : undefined;
  const ports = names ? icmpPort(text.slice(at + 1), names) : numbers(text.slice(at + 1), 65_535);
  return ports && { kind: 'service', protocol, ports };
}

function icmpPort(text: string, names: ReadonlyMap<string, string>): NumberRange | undefined {
  const [, type, code = '0'] = /^([0-9]{1,3})(?:\/([0-9]{1,3}))?$/.exec(names.get(text) ?? text) ?? [];
  if (type === undefined) return undefined;
  const value = Number(type) * 256 + Number(code);
  return { first: value, last: value };
}

function markKey(text: string): SetKey | undefined {
  if (!/^0x[0-9a-f]{1,8}$/i.test(text)) return undefined;
  return { kind: 'numbers', range: { first: Number(text), last: Number(text) } };
}

/** A port of a bridge (`physdev:`) is no link that a packet is judged by here. */
function linkKey(text: string, more: string): SetKey | undefined {
  if (text.startsWith('physdev:') || text.endsWith('*')) return undefined;
  return { kind: 'link', name: / wildcard(?: |$)/.test(more) ? `${text}*` : text };
}

function numbers(text: string, most: number): NumberRange | undefined {
  const [, low, high = low] = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(text) ?? [];
  const range = { first: Number(low), last: Number(high) };
  return low !== undefined && range.first <= range.last && range.last <= most ? range : undefined;
}
