import { addressBits, type Family } from './family.ts';
import type { Prefix } from './prefix.ts';

/** The fewest prefixes that make up the addresses from `first` to `last`, both included; none where `first` is larger. */
export function* prefixesOfRange(family: Family, first: bigint, last: bigint): Generator<Prefix> {
  for (let value = first; value <= last;) {
    // As wide as the start is aligned and the end allows.
    const free = Math.min(zeros(value, addressBits(family)), magnitude(last - value + 1n));
    yield { family, value, length: addressBits(family) - free };
    value += 1n << BigInt(free);
  }
}

const WORD = 0xffff_ffffn;

/** How many bits from the lowest on are 0; `all` of 0 itself. */
function zeros(value: bigint, all: number): number {
  if (value === 0n) return all;
  let [rest, count] = [value, 0];
  for (; (rest & WORD) === 0n; rest >>= 32n) count += 32;
  const low = Number(rest & WORD);
  return count + 31 - Math.clz32(low & -low);
}

/** The number of the highest bit that is 1, of a value above 0. */
function magnitude(value: bigint): number {
  let [rest, count] = [value, 0];
  for (; rest > WORD; rest >>= 32n) count += 32;
  return count + 31 - Math.clz32(Number(rest));
}
