import { addressBits, type Family } from './family.ts';
import type { Prefix } from './prefix.ts';

/** The fewest prefixes that make up the addresses from `first` to `last`, both included; none where `first` is larger. */
export function* prefixesOfRange(family: Family, first: bigint, last: bigint): Generator<Prefix> {
  for (let value = first; value <= last;) {
    let free = 0;
    // As wide as the start is aligned and the end allows.
    while (
      free < addressBits(family) &&
      value % (2n << BigInt(free)) === 0n &&
      value + (2n << BigInt(free)) - 1n <= last
    )
      free++;
    yield { family, value, length: addressBits(family) - free };
    value += 1n << BigInt(free);
  }
}
