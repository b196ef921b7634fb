import type { LiveSet } from '../ruleset/live-set.ts';
import { parseAddress } from '../net/address.ts';
import { addressBits, type Family } from '../net/family.ts';
import { PortSet } from '../net/port.ts';
import { parsePrefix, type Prefix } from '../net/prefix.ts';
import { PrefixSet } from '../net/prefix-set.ts';
import { prefixesOfRange } from '../net/range.ts';
import { parsePrefixText } from '../net/prefix-text.ts';
import { isObject, type Json, sameJson, textIn } from './json.ts';

/** What `nft -n -j` says of a set. */
export interface NftSet {
  readonly name: string;
  readonly type: Json;
  readonly flags: readonly Json[];
  /** Undefined where they weren't asked for, or there are none: nft prints the two alike. */
  readonly elements: readonly Json[] | undefined;
}

const FAMILY: Readonly<Record<string, Family>> = { ipv4_addr: 4, ipv6_addr: 6 };

/** A set of intervals, or one that fills by itself, as one of ours; `strange` if no set of ours looks so. */
export function readNftSet({ type, flags, elements = [] }: NftSet): LiveSet {
  if (Array.isArray(type)) return readTuples(type as readonly Json[], flags, elements);
  const interval = sameJson(flags, ['interval']);
  const family = FAMILY[typeof type === 'string' ? type : ''];
  if (interval && type === 'inet_service') return readPorts(elements);
  if (interval && family !== undefined) return readIntervals(family, elements);
  return STRANGE;
}

const STRANGE: LiveSet = { kind: 'strange' };

function readTuples(type: readonly Json[], flags: readonly Json[], elements: readonly Json[]): LiveSet {
  const [address, ...rest] = type;
  const family = FAMILY[typeof address === 'string' ? address : ''];
  const whole = family !== undefined && sameJson(rest, ['inet_proto', 'inet_service']) && flags.includes('timeout');
  return whole ? { kind: 'denied', family, empty: elements.length === 0 } : STRANGE;
}

function readIntervals(family: Family, elements: readonly Json[]): LiveSet {
  const prefixes = elements.flatMap((element): (Prefix | undefined)[] => readInterval(family, element));
  if (!prefixes.every((prefix) => prefix?.family === family)) return STRANGE;
  return { kind: 'net', family, members: PrefixSet.of(family, prefixes as readonly Prefix[]) };
}

function readInterval(family: Family, element: Json): (Prefix | undefined)[] {
  const range = isObject(element) ? element['range'] : undefined;
  if (!Array.isArray(range)) {
    const parsed = parsePrefix(textIn(element) ?? '');
    return [parsed.ok ? parsed.value : undefined];
  }
  const [first, last] = (range as readonly Json[]).map((end) => parseAddress(typeof end === 'string' ? end : ''));
  const whole = first?.ok === true && last?.ok === true && first.value.family === family;
  return whole ? [...prefixesOfRange(family, first.value.value, last.value.value)] : [undefined];
}

function readPorts(elements: readonly Json[]): LiveSet {
  const ranges = elements.map((element) => {
    const [first, last] = isObject(element) && Array.isArray(element['range']) ? element['range'] : [element, element];
    return typeof first === 'number' && typeof last === 'number'
      ? { protocol: 'tcp' as const, first, last }
      : undefined;
  });
  if (ranges.includes(undefined)) return STRANGE;
  return {
    kind: 'port',
    ports: PortSet.of(
      ranges.filter((range) => range !== undefined),
      'tcp',
    ),
  };
}

/**
 * The addresses in what `nft list set` prints of a hash, each as a prefix of that length. Undefined for anything else. Lean,
 * for there may be 10^6.
 */
export function readHashed(output: Uint8Array, family: Family, length: number): PrefixSet | undefined {
  const text = parsePrefixText(asLines(output, length === addressBits(family) ? '' : `/${length}`));
  if (text.problems.some(({ fault }) => fault !== 'everyone')) return undefined;
  return family === 4 ? text.v4 : text.v6;
}

const encoder = new TextEncoder();
const ELEMENTS = 'elements = {';
const [NEWLINE, COMMA, CLOSE, SPACE] = [10, 44, 125, 32];

/** What stands between the braces, one a line, with the tail behind each. */
function asLines(output: Uint8Array, tail: string): Uint8Array {
  const start = Buffer.from(output.buffer, output.byteOffset, output.byteLength).indexOf(ELEMENTS);
  const end = start === -1 ? -1 : output.indexOf(CLOSE, start);
  if (end === -1) return new Uint8Array();
  const after = encoder.encode(`${tail}\n`);
  // An address has seven characters at least, and a comma and a space behind it; of IPv6 two.
  const lines = new Uint8Array((end - start) * (1 + after.length / 2) + after.length);
  let length = 0;
  for (let at = start + ELEMENTS.length; at <= end; at++) {
    const byte = output[at] ?? CLOSE;
    if (byte === COMMA || byte === CLOSE) {
      if (length > 0 && lines[length - 1] !== NEWLINE) {
        lines.set(after, length);
        length += after.length;
      }
    } else if (byte > SPACE) lines[length++] = byte;
  }
  return lines.subarray(0, length);
}
