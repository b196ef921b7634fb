import { addressBits, type Family } from './family.ts';
import { mask, type Prefix } from './prefix.ts';

/**
 * A growing list of prefixes without an object per entry: a million IPv4 prefixes take 5 MB. A value is `width` words of
 * 32 bits (1 in family 4, 4 in family 6), the most significant first, so that one code serves both families.
 */
export class PrefixColumns {
  readonly family: Family;
  readonly width: number;
  words: Uint32Array;
  lengths: Uint8Array;
  size = 0;

  constructor(family: Family, capacity = 16) {
    this.family = family;
    this.width = addressBits(family) / 32;
    this.words = new Uint32Array(capacity * this.width);
    this.lengths = new Uint8Array(capacity);
  }

  /** Appends the prefix whose words start at `from` of `words`. */
  push(words: Uint32Array, from: number, length: number): void {
    if (this.size === this.lengths.length) this.#resize(2 * this.size + 16);
    const at = this.size++;
    this.lengths[at] = length;
    for (let word = 0; word < this.width; word++) this.words[at * this.width + word] = words[from + word] ?? 0;
  }

  /** Throws a RangeError for another family's prefix or one with host bits: those are mistakes of the program. */
  pushPrefix({ family, value, length }: Prefix): void {
    if (family !== this.family || (value & mask(family, length)) !== value) {
      throw new RangeError(`not a prefix of IPv${this.family}: ${value.toString(16)}/${length} of IPv${family}`);
    }
    this.push(wordsOf(family, value), 0, length);
  }

  append(other: PrefixColumns): void {
    if (this.lengths.length < this.size + other.size) this.#resize(this.size + other.size);
    this.words.set(other.words.subarray(0, other.size * this.width), this.size * this.width);
    this.lengths.set(other.lengths.subarray(0, other.size), this.size);
    this.size += other.size;
  }

  /** The entries from `first` up to `end`; they share their memory with these. */
  slice(first: number, end: number): PrefixColumns {
    const part = new PrefixColumns(this.family, 0);
    part.words = this.words.subarray(first * this.width, end * this.width);
    part.lengths = this.lengths.subarray(first, end);
    part.size = end - first;
    return part;
  }

  /** Gives unused capacity back. */
  trim(): void {
    if (this.lengths.length > this.size) this.#resize(this.size);
  }

  prefixAt(index: number): Prefix {
    let value = 0n;
    for (let word = 0; word < this.width; word++) {
      value = (value << 32n) | BigInt(this.words[index * this.width + word] ?? 0);
    }
    return { family: this.family, value, length: this.lengths[index] ?? 0 };
  }

  #resize(capacity: number): void {
    const { words, lengths } = this;
    const kept = Math.min(this.size, capacity);
    this.words = new Uint32Array(capacity * this.width);
    this.lengths = new Uint8Array(capacity);
    this.words.set(words.subarray(0, kept * this.width));
    this.lengths.set(lengths.subarray(0, kept));
  }
}

/** The value as words of 32 bits, the most significant first. */
export function wordsOf(family: Family, value: bigint): Uint32Array {
  const words = new Uint32Array(addressBits(family) / 32);
  for (let at = words.length - 1, rest = value; at >= 0; at--, rest >>= 32n) words[at] = Number(rest & 0xffff_ffffn);
  return words;
}

/** The bits of word `word` that a prefix of this length fixes, as an unsigned number. */
export function wordMask(length: number, word: number): number {
  const fixed = length - 32 * word;
  if (fixed <= 0) return 0;
  return fixed >= 32 ? 0xffff_ffff : (0xffff_ffff << (32 - fixed)) >>> 0;
}

/** Whether the value whose words start at `from` lies in prefix `index` of the columns. */
export function columnContains(columns: PrefixColumns, index: number, words: Uint32Array, from: number): boolean {
  const length = columns.lengths[index] ?? 0;
  const start = index * columns.width;
  for (let word = 0; 32 * word < length; word++) {
    const differing = (columns.words[start + word] ?? 0) ^ (words[from + word] ?? 0);
    if ((differing & wordMask(length, word)) !== 0) return false;
  }
  return true;
}

/** Negative, 0 or positive as prefix `index` starts below, at or above the value whose words start at `from`. */
export function compareStart(columns: PrefixColumns, index: number, words: Uint32Array, from: number): number {
  const start = index * columns.width;
  for (let word = 0; word < columns.width; word++) {
    const difference = (columns.words[start + word] ?? 0) - (words[from + word] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
