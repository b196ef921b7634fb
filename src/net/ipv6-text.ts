import type { AddressFault } from './fault.ts';
import { parseIpv4 } from './ipv4-text.ts';
import { bad, good, type Parsed } from './parsed.ts';

type Groups = Parsed<number[], AddressFault>;

/** Reads the text forms of RFC 4291, 2.2 into 128 bits: eight groups, one "::" for one or more zero groups, a dotted tail. */
export function parseIpv6(text: string): Parsed<bigint, AddressFault> {
  if (!/^[0-9a-f:.]+$/i.test(text)) return bad('not-an-address');
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0 || text.includes(':::')) return bad('two-gaps');
  const left = readGroups(head, tail === undefined);
  if (!left.ok) return left;
  const right = readGroups(tail ?? '', true);
  if (!right.ok) return right;
  const given = left.value.length + right.value.length;
  if (tail === undefined ? given !== 8 : given > 7) return bad('group-count');
  return good(joinGroups([...left.value, ...Array<number>(8 - given).fill(0), ...right.value]));
}

/** The groups on one side of "::". Only the very last may be a dotted quad, which stands for two groups. */
function readGroups(text: string, mayEndDotted: boolean): Groups {
  const parts = text === '' ? [] : text.split(':');
  const dotted = mayEndDotted && parts.at(-1)?.includes('.') ? parts.pop() : undefined;
  const fault = parts.map(groupFault).find((found) => found !== undefined);
  if (fault !== undefined) return bad(fault);
  const groups = parts.map((part) => Number.parseInt(part, 16));
  if (dotted === undefined) return good(groups);
  const quad = parseIpv4(dotted);
  return quad.ok ? good([...groups, quad.value >>> 16, quad.value & 0xffff]) : bad(quad.fault);
}

function groupFault(part: string): AddressFault | undefined {
  if (!/^[0-9a-f]+$/i.test(part)) return 'not-an-address';
  return part.length > 4 ? 'long-group' : undefined;
}

const joinGroups = (groups: readonly number[]): bigint =>
  groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n);

const splitGroups = (value: bigint): number[] =>
  Array.from({ length: 8 }, (_, index) => Number((value >> BigInt(112 - 16 * index)) & 0xffffn));

/**
 * Where the "::" goes by RFC 5952, 4.2: the longest run of at least two zero groups, the first of equals.
 * Returns [8, 0] where there is none.
 */
export function zeroRun(groups: ArrayLike<number>): readonly [start: number, length: number] {
  let best = 8;
  let bestLength = 1;
  for (let at = 0, length = 0; at < 8; at++) {
    length = groups[at] === 0 ? length + 1 : 0;
    if (length > bestLength) {
      best = at - length + 1;
      bestLength = length;
    }
  }
  return best === 8 ? [8, 0] : [best, bestLength];
}

const hex = (groups: readonly number[]): string => groups.map((group) => group.toString(16)).join(':');

/** The canonical text of RFC 5952, section 4, always in hexadecimal (the dotted tail of section 5 is optional). */
export function formatIpv6(value: bigint): string {
  const groups = splitGroups(value);
  const [start, length] = zeroRun(groups);
  return length === 0 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}
