import { addressBits, type Family } from './family.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { Prefix } from './prefix.ts';
import { columnContains, PrefixColumns, wordsOf } from './prefix-columns.ts';
import { interleaved, mergeColumns } from './prefix-merge.ts';
import { sortColumns } from './prefix-sort.ts';
import { SortedPrefixes } from './sorted-prefixes.ts';

/**
 * A set of addresses of one family as the fewest prefixes that make it up: sorted, nothing covered twice, halves merged.
 * Two sets of the same addresses are the same prefixes. Made for 10^6 entries: typed arrays, no object per entry.
 */
export class PrefixSet extends SortedPrefixes {
  #fingerprint: string | undefined;

  private constructor(columns: PrefixColumns) {
    super(columns);
  }

  /** Throws a RangeError if a prefix is of the other family. */
  static of(family: Family, prefixes: Iterable<Prefix>): PrefixSet {
    const columns = new PrefixColumns(family);
    for (const prefix of prefixes) columns.pushPrefix(prefix);
    return PrefixSet.fromColumns(columns);
  }

  static empty(family: Family): PrefixSet {
    return new PrefixSet(new PrefixColumns(family, 0));
  }

  /** Takes over the columns, in whatever order and however overlapping. */
  static fromColumns(columns: PrefixColumns): PrefixSet {
    sortColumns(columns);
    mergeColumns(columns);
    return new PrefixSet(columns);
  }

  /** Takes over columns that are in the one form already: sorted, disjoint, and no two of them the halves of another. */
  static fromFewest(columns: PrefixColumns): PrefixSet {
    return new PrefixSet(columns);
  }

  /** Takes what `toBytes` gave, for whose being unharmed the caller vouches; throws a RangeError if the size can't be. */
  static fromBytes(family: Family, bytes: Uint8Array): PrefixSet {
    const valueBytes = addressBits(family) / 8;
    const size = bytes.length / (valueBytes + 1);
    if (!Number.isInteger(size)) throw new RangeError(`${bytes.length} bytes are no set of IPv${family}`);
    const columns = new PrefixColumns(family, size);
    new Uint8Array(columns.words.buffer).set(bytes.subarray(0, size * valueBytes));
    columns.lengths.set(bytes.subarray(size * valueBytes));
    columns.size = size;
    return new PrefixSet(columns);
  }

  /** The set as bytes for this machine to keep (its own byte order): all values, then all lengths. */
  toBytes(): Uint8Array {
    const { words, lengths } = this.columns;
    const bytes = new Uint8Array(words.byteLength + lengths.byteLength);
    bytes.set(new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
    bytes.set(lengths, words.byteLength);
    return bytes;
  }

  /** Equal sets have equal fingerprints. Hexadecimal. */
  fingerprint(): string {
    const { words, lengths } = this.columns;
    const values = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    this.#fingerprint ??= fingerprintOf(`${this.family} `, values, lengths);
    return this.#fingerprint;
  }

  /** Whether every address of the prefix is in the set: one entry then covers it, for halves are merged. */
  covers(prefix: Prefix): boolean {
    if (prefix.family !== this.family) return false;
    const words = wordsOf(prefix.family, prefix.value);
    const index = this.lastStartingBy(words);
    if (index < 0 || (this.columns.lengths[index] ?? 0) > prefix.length) return false;
    return columnContains(this.columns, index, words, 0);
  }

  /** Whether both sets hold the same addresses. */
  equals(other: PrefixSet): boolean {
    if (this.family !== other.family || this.size !== other.size) return false;
    const [a, b] = [this.columns, other.columns];
    return (
      a.lengths.every((length, index) => length === b.lengths[index]) &&
      a.words.every((word, index) => word === b.words[index])
    );
  }

  /** What a function makes of the prefixes of both: again the fewest prefixes of the same family. */
  combine(other: PrefixSet, combined: (own: PrefixColumns, others: PrefixColumns) => PrefixColumns): PrefixSet {
    return new PrefixSet(combined(this.columns, other.columns));
  }

  /** The addresses of both; throws a RangeError if the families differ. */
  union(other: PrefixSet): PrefixSet {
    if (this.family !== other.family) throw new RangeError('sets of different families have no union');
    const columns = interleaved(this.columns, other.columns);
    mergeColumns(columns);
    return new PrefixSet(columns);
  }
}

/** Whether the set covers its whole family: `0.0.0.0/0`, or prefixes that add up to it, such as two of length 1. */
export const isEveryone = (set: PrefixSet): boolean => set.size === 1 && set.first?.length === 0;
