import { addressBits } from './family.ts';
import type { Prefix } from './prefix.ts';
import { PrefixSet } from './prefix-set.ts';
import { spansWithout } from './prefix-spans.ts';

/**
 * The addresses of `set` that are not in `other`. Entries that both have cost next to nothing: long lists differ in a few.
 * Throws a RangeError if the families differ.
 */
export function subtract(set: PrefixSet, other: PrefixSet): PrefixSet {
  if (set.family === 4 && other.family === 4) return set.combine(other, spansWithout);
  return PrefixSet.of(set.family, remains(set, other));
}

function* remains(set: PrefixSet, other: PrefixSet): Generator<Prefix> {
  // Few of a few don't pay for a pass over a long list.
  const few = set.size * 16 < other.size;
  for (const prefix of few ? set.prefixes() : set.entriesNotIn(other)) yield* without(prefix, other);
}

function* without(prefix: Prefix, other: PrefixSet): Generator<Prefix> {
  if (other.covers(prefix)) return;
  if (!other.overlaps(prefix)) {
    yield prefix;
    return;
  }
  const length = prefix.length + 1;
  const upper = 1n << BigInt(addressBits(prefix.family) - length);
  yield* without({ ...prefix, length }, other);
  yield* without({ ...prefix, value: prefix.value | upper, length }, other);
}
