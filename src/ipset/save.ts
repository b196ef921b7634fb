import type { Family } from '../net/family.ts';
import { PortSet } from '../net/port.ts';
import { parsePrefixText } from '../net/prefix-text.ts';
import { ownsSet } from '../ruleset/ownership.ts';
import type { LiveSet, LiveSets } from '../ruleset/live-set.ts';

export { type LiveSet, type LiveSets, sameSet } from '../ruleset/live-set.ts';

/** Reads the own sets out of the output of `ipset save`; fast and lean, for it may hold 10^6 lines. */
export function parseSets(output: Uint8Array): LiveSets {
  const sets = new Map<string, LiveSet>();
  for (const { header, body } of sections(output)) {
    const [, name, type, options] = /^create (\S+) (\S+)(.*)$/.exec(header) ?? [];
    if (name === undefined || !ownsSet(name)) continue;
    const entries = withoutHeads(body, encoder.encode(`add ${name} `));
    sets.set(name, entries ? readSet(type ?? '', options ?? '', entries) : { kind: 'strange' });
  }
  return sets;
}

const decoder = new TextDecoder('latin1');
const encoder = new TextEncoder();
const NEWLINE = 0x0a;

/** One section a set: its `create` line and the bytes of its `add` lines. */
export function* sections(output: Uint8Array): Generator<{ header: string; body: Uint8Array }> {
  const create = encoder.encode('\ncreate ');
  let start = 0;
  while (start < output.length) {
    const lineEnd = endOf(output, start);
    const next = indexOf(output, create, lineEnd - 1);
    const end = next === -1 ? output.length : next + 1;
    yield { header: decoder.decode(output.subarray(start, lineEnd - 1)), body: output.subarray(lineEnd, end) };
    start = end;
  }
}

const endOf = (bytes: Uint8Array, from: number): number => {
  const at = bytes.indexOf(NEWLINE, from);
  return at === -1 ? bytes.length : at + 1;
};

const indexOf = (bytes: Uint8Array, needle: Uint8Array, from: number): number =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(needle, Math.max(from, 0));

function readSet(type: string, options: string, entries: Uint8Array): LiveSet {
  const family: Family = options.includes('family inet6') ? 6 : 4;
  if (type === 'hash:net') return readPrefixes(family, entries);
  if (type === 'bitmap:port' && options.includes('range 0-65535')) return readPorts(entries);
  if (type === 'hash:ip,port' && options.includes('timeout'))
    return { kind: 'denied', family, empty: entries.length === 0 };
  return { kind: 'strange' };
}

function readPrefixes(family: Family, entries: Uint8Array): LiveSet {
  const text = parsePrefixText(entries);
  // An entry that is more than a prefix (`nomatch`, a time-out) was put there by somebody else. Halves that add up to
  // everyone are a problem in a file; here they are what the set holds.
  if (text.problems.some(({ fault }) => fault !== 'everyone')) return { kind: 'strange' };
  return { kind: 'net', family, members: family === 4 ? text.v4 : text.v6 };
}

function readPorts(entries: Uint8Array): LiveSet {
  const lines = decoder.decode(entries).split('\n').filter(Boolean);
  if (!lines.every((line) => /^\d+(-\d+)?$/.test(line))) return { kind: 'strange' };
  const ranges = lines.map((line) => {
    const [first = 0, last = first] = line.split('-').map(Number);
    return { protocol: 'tcp' as const, first, last };
  });
  return { kind: 'port', ports: PortSet.of(ranges, 'tcp') };
}

/** The entries alone, one a line; undefined if a line is no `add` of this set. */
export function withoutHeads(body: Uint8Array, head: Uint8Array): Uint8Array | undefined {
  const entries = new Uint8Array(body.length);
  let length = 0;
  for (let at = 0; at < body.length;) {
    const end = endOf(body, at);
    if (!standsAt(body, at, head)) return undefined;
    entries.set(body.subarray(at + head.length, end), length);
    length += end - at - head.length;
    at = end;
  }
  return entries.subarray(0, length);
}

function standsAt(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index++) if (bytes[at + index] !== expected[index]) return false;
  return true;
}
