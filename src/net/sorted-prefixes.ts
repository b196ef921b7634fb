import type { Address } from './address.ts';
import { addressBits, type Family } from './family.ts';
import { prefixCovers, type Prefix } from './prefix.ts';
import { columnContains, compareStart, PrefixColumns, wordsOf } from './prefix-columns.ts';
import { splitColumns } from './prefix-split.ts';
import { writeLines } from './prefix-writer.ts';

/** Prefixes of one family, ascending and disjoint, but not always merged: what a set in the kernel holds. Immutable. */
export class SortedPrefixes {
  readonly family: Family;
  /** Number of prefixes. */
  readonly size: number;
  protected readonly columns: PrefixColumns;

  /** Takes over the columns, which must be sorted and disjoint. */
  constructor(columns: PrefixColumns) {
    columns.trim();
    this.family = columns.family;
    this.size = columns.size;
    this.columns = columns;
  }

  /** Whether the address lies in one of the prefixes. */
  has(address: Address): boolean {
    return this.covering(address) !== undefined;
  }

  /** The prefix in which the address lies. */
  covering(address: Address): Prefix | undefined {
    if (address.family !== this.family) return undefined;
    const words = wordsOf(address.family, address.value);
    const index = this.lastStartingBy(words);
    return index >= 0 && columnContains(this.columns, index, words, 0) ? this.columns.prefixAt(index) : undefined;
  }

  /** Whether some address of the prefix lies in one of these. */
  overlaps(prefix: Prefix): boolean {
    if (prefix.family !== this.family) return false;
    const first = wordsOf(prefix.family, prefix.value);
    const index = this.lastStartingBy(first);
    if (index >= 0 && columnContains(this.columns, index, first, 0)) return true;
    const next = index + 1 < this.size ? this.columns.prefixAt(index + 1) : undefined;
    return next !== undefined && prefixCovers(prefix, next);
  }

  /** The first address from the value on that is in one of these; one more than the last address where there is none. */
  firstFrom(value: bigint): bigint {
    if (this.has({ family: this.family, value })) return value;
    const next = this.#countBefore(value + 1n);
    return next < this.size ? this.columns.prefixAt(next).value : 1n << BigInt(addressBits(this.family));
  }

  /** The first address from the value on that is in none of these; one more than the last address where there is none. */
  firstBeyond(value: bigint): bigint {
    let at = value;
    for (let prefix = this.covering({ family: this.family, value: at }); prefix;) {
      at = prefix.value + (1n << BigInt(addressBits(this.family) - prefix.length));
      prefix = at >> BigInt(addressBits(this.family)) ? undefined : this.covering({ family: this.family, value: at });
    }
    return at;
  }

  get first(): Prefix | undefined {
    return this.size > 0 ? this.columns.prefixAt(0) : undefined;
  }

  /** The prefixes, ascending. */
  *prefixes(): Generator<Prefix> {
    for (let index = 0; index < this.size; index++) yield this.columns.prefixAt(index);
  }

  /**
   * The entries that the other one lacks, ascending, whatever its other entries cover. One pass over both. Throws a
   * RangeError if the families differ.
   */
  *entriesNotIn(other: SortedPrefixes): Generator<Prefix> {
    if (other.family !== this.family) throw new RangeError('sets of different families have no difference');
    for (let [index, at] = [0, 0]; index < this.size; index++) {
      while (at < other.size && this.#compare(index, other, at) > 0) at++;
      if (at === other.size || this.#compare(index, other, at) !== 0) yield this.columns.prefixAt(index);
    }
  }

  /** The distinct prefix lengths, ascending. */
  lengths(): readonly number[] {
    return [...this.countByLength().keys()];
  }

  /** How many prefixes there are of each length, by ascending length. */
  countByLength(): ReadonlyMap<number, number> {
    const counts = new Uint32Array(addressBits(this.family) + 1);
    const { lengths } = this.columns;
    for (let index = 0; index < this.size; index++) {
      const length = lengths[index] ?? 0;
      counts[length] = (counts[length] ?? 0) + 1;
    }
    return new Map([...counts.entries()].filter(([, count]) => count > 0));
  }

  /** Which part of the family's address space the prefixes are, from 0 to 1. */
  share(): number {
    return [...this.countByLength()].reduce((share, [length, count]) => share + count * 2 ** -length, 0);
  }

  /** Those of one length. */
  ofLength(length: number): SortedPrefixes {
    const { words, width, lengths } = this.columns;
    const columns = new PrefixColumns(this.family);
    for (let index = 0; index < this.size; index++) {
      if (lengths[index] === length) columns.push(words, index * width, length);
    }
    return new SortedPrefixes(columns);
  }

  /** Those that start in the prefix. They share their memory with these. */
  startingIn({ family, value, length }: Prefix): SortedPrefixes {
    const first = this.#countBefore(value);
    const end = this.#countBefore(value + (1n << BigInt(addressBits(family) - length)));
    return new SortedPrefixes(this.columns.slice(first, end));
  }

  /** How many start below the value, which may be one more than the last address. */
  #countBefore(value: bigint): number {
    return value === 0n ? 0 : this.lastStartingBy(wordsOf(this.family, value - 1n)) + 1;
  }

  /** The same addresses with each prefix split into those of the next longer of these lengths, its own being one. */
  splitTo(lengths: readonly number[]): SortedPrefixes {
    if (this.lengths().every((length) => lengths.includes(length))) return this;
    return new SortedPrefixes(splitColumns(this.columns, lengths));
  }

  /** For each prefix the line `${head}${formatPrefix(prefix)}${tail}\n`, as bytes in chunks of at most 256 KiB or one line. */
  restoreChunks(head: string, tail = ''): Generator<Uint8Array> {
    return writeLines(this.columns, head, tail);
  }

  /** The same without the lengths: `${head}${formatAddress(first address)}${tail}\n`. */
  addressChunks(head: string, tail: string): Generator<Uint8Array> {
    return writeLines(this.columns, head, tail, 'addresses');
  }

  /** The order of an entry here and one there: by start, then by length. */
  #compare(index: number, other: SortedPrefixes, at: number): number {
    const { words, width, lengths } = other.columns;
    return (
      compareStart(this.columns, index, words, at * width) || (this.columns.lengths[index] ?? 0) - (lengths[at] ?? 0)
    );
  }

  /** The index of the last prefix that starts at or before the value, -1 where there is none. */
  protected lastStartingBy(words: Uint32Array): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareStart(this.columns, middle, words, 0) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
