import type { PrefixSet } from './prefix-set.ts';
import type { SortedPrefixes } from './sorted-prefixes.ts';

export interface CompactOptions {
  /** How many entries there may be for each one of the set. */
  readonly factor?: number;
  /** How many entries more than the set's there may be in any case, for sets so small that a factor allows none. */
  readonly allowance?: number;
}

/*
 * Measured with hash:net on kernel 6.18, packets from addresses at random that are in no entry, one lookup a packet:
 *   addresses of three countries (40,602 entries): 22 lengths 948 ns; x1.25: 9, 647 ns; x1.5: 7, 632; x2: 6, 703; x4: 4, 793
 *   a block list (98,560):                         17 lengths 1664 ns; x1.25: 4, 837 ns; x2: 3, 727; x4: 2, 670
 *   10^6 of ten lengths:                           2611 ns; x1.25: 5, 1912 ns; x1.5: 4, 1546; x2: 3, 1415
 * So a factor of 1.25 has most of the gain. Beyond, more entries push each other out of the processor's cache, and every
 * change pays for them: an entry costs about 2.7 us to load and 30 bytes. In a set of 64 a length costs 11 ns a packet;
 * an allowance of 64 entries joins neighbouring lengths for 0.2 ms a change and keeps the kernel's list readable.
 */
const FACTOR = 1.25;
const ALLOWANCE = 64;

/**
 * Covers the same addresses with fewer distinct prefix lengths, for sets of type hash:net: the kernel looks a packet up
 * once per length. Each length is split into the next longer one that is kept; kept are as few as the budget of entries
 * allows, and among as few those that make the fewest entries.
 */
export function compactLengths(set: PrefixSet, options: CompactOptions = {}): SortedPrefixes {
  const { factor = FACTOR, allowance = ALLOWANCE } = options;
  const counts = [...set.countByLength()].map(([length, count]) => ({ length, count }));
  const budget = Math.max(set.size * factor, set.size + allowance);
  return set.splitTo(chooseLengths(counts, budget));
}

interface LengthCount {
  readonly length: number;
  readonly count: number;
}

/** A way to split the shorter lengths: how many entries that makes, and which lengths are kept. */
interface Choice {
  readonly entries: number;
  readonly kept: readonly number[];
}

/** Dynamic programming over the ascending lengths: the best choice that keeps one length, two, … until one fits. */
function chooseLengths(counts: readonly LengthCount[], budget: number): readonly number[] {
  let best: readonly (Choice | undefined)[] = [{ entries: 0, kept: [] }];
  for (let round = 0; round < counts.length; round++) {
    best = keepOneMore(best, counts);
    const all = best[counts.length];
    if (all !== undefined && all.entries <= budget) return all.kept;
  }
  return [];
}

/** Of each beginning of the lengths, `best` has the best choice for those before; this one keeps its last as well. */
function keepOneMore(best: readonly (Choice | undefined)[], counts: readonly LengthCount[]): (Choice | undefined)[] {
  const last = counts.map(({ length }, end) => {
    let found: Choice | undefined;
    let split = 0;
    for (let first = end; first >= 0; first--) {
      const { length: short, count } = counts[first] ?? { length, count: 0 };
      split += count * 2 ** (length - short);
      const before = best[first];
      if (before === undefined || (found !== undefined && found.entries <= before.entries + split)) continue;
      found = { entries: before.entries + split, kept: [...before.kept, length] };
    }
    return found;
  });
  return [undefined, ...last];
}
