import { addressBits, type Family } from '../net/family.ts';
import { mask as prefixMask, type Prefix } from '../net/prefix.ts';
import { prefixesOfRange } from '../net/range.ts';
import type { AddressRange } from './ranges.ts';

/** The addresses of a block, its first `length` bits being those of `value`. */
export function prefixRange({ family, value, length }: Prefix): AddressRange {
  const fixed = prefixMask(family, length);
  const rest = allBits(family) ^ fixed;
  return { first: { family, value: value & fixed }, last: { family, value: (value & fixed) | rest } };
}

/** All bits of an address, as a value of the family. */
export const allBits = (family: Family): bigint => (1n << BigInt(addressBits(family))) - 1n;

/** The fewest prefixes that make up a range, ascending. */
export const rangePrefixes = ({ first: { family, value }, last }: AddressRange): Generator<Prefix> =>
  prefixesOfRange(family, value, last.value);

/** More than this many stretches are no list any more: who tests the end of an address has 2^64 of them. */
const MOST_RANGES = 4096;

/**
 * The addresses whose bits of `mask` are those of `value`: one stretch for each choice of the free bits above a fixed one.
 * Undefined if those are too many.
 */
export function maskedRanges(family: Family, value: bigint, mask: bigint): AddressRange[] | undefined {
  const kept = value & mask;
  const below = allBits(family) ^ mask;
  if ((below & (below + 1n)) === 0n) return [{ first: { family, value: kept }, last: { family, value: kept | below } }];
  const bits = Array.from({ length: addressBits(family) }, (_, at) => 1n << BigInt(at));
  const lowest = bits.find((bit) => (mask & bit) !== 0n) ?? 0n;
  const free = bits.filter((bit) => bit > lowest && (mask & bit) === 0n);
  if (2 ** free.length > MOST_RANGES) return undefined;
  const starts = free.reduce((all, bit) => [...all, ...all.map((start) => start | bit)], [kept]);
  return starts.map((start) => ({ first: { family, value: start }, last: { family, value: start | (lowest - 1n) } }));
}
