import type { Family } from './family.ts';
import { wordMask } from './prefix-columns.ts';

const [DOT, SLASH, ZERO, COLON] = [46, 47, 48, 58];

/** The value of each byte as a hexadecimal digit, 255 for all others. */
const DIGITS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(value) ? 255 : value;
});

/**
 * Reads the plain forms of prefixes from bytes, without a string per line. What it takes, parsePrefix reads alike; what
 * it doesn't take (faults, dotted tails, addresses that embed IPv4) is for parsePrefix to judge.
 */
export class PrefixReader {
  /** The value of the prefix read last: 1 word in family 4, 4 words in family 6, the most significant first. */
  readonly words = new Uint32Array(4);
  length = 0;
  readonly #groups = new Uint16Array(8);

  /** Returns the family of the prefix that fills the bytes from `from` up to `to`, or undefined. */
  read(bytes: Uint8Array, from: number, to: number): Family | undefined {
    const endV4 = this.#readV4(bytes, from, to);
    if (endV4 > 0) return this.#readLength(bytes, endV4, to, 1) ? 4 : undefined;
    const endV6 = this.#readV6(bytes, from, to);
    if (endV6 > 0) return this.#readLength(bytes, endV6, to, 4) && !this.#embedsV4() ? 6 : undefined;
    return undefined;
  }

  /** Returns where the dotted quad ends, 0 if there is none. */
  #readV4(bytes: Uint8Array, from: number, to: number): number {
    let value = 0;
    let at = from;
    for (let octets = 0; octets < 4; octets++) {
      if (octets > 0 && bytes[at++] !== DOT) return 0;
      const start = at;
      let octet = 0;
      for (; at < to && at < start + 3; at++) {
        const digit = DIGITS[bytes[at] ?? 0] ?? 255;
        if (digit > 9) break;
        octet = octet * 10 + digit;
      }
      if (at === start || octet > 255 || (bytes[start] === ZERO && at > start + 1)) return 0;
      value = (value << 8) | octet;
    }
    this.words[0] = value;
    return at;
  }

  /** Returns where the eight groups, or fewer with one "::", end; 0 if there are none. */
  #readV6(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    let gap = -1;
    let count = 0;
    while (count < 9) {
      const behindGap = gap < 0 && bytes[at] === COLON && bytes[at + 1] === COLON;
      if (behindGap) {
        gap = count;
        at += 2;
      } else if (count > 0) {
        if (bytes[at] !== COLON) break;
        at++;
      }
      const end = this.#readGroup(bytes, at, to, count);
      if (end === at && !behindGap) return 0;
      if (end === at) break;
      at = end;
      count++;
    }
    if (at > to || (gap < 0 ? count !== 8 : count > 7)) return 0;
    this.#fillWords(count, gap);
    return at;
  }

  /** Returns where the one to four digits at `from` end, `from` itself if there are none or more. */
  #readGroup(bytes: Uint8Array, from: number, to: number, index: number): number {
    let group = 0;
    let at = from;
    for (; at < to; at++) {
      const digit = DIGITS[bytes[at] ?? 0] ?? 255;
      if (digit > 15) break;
      if (at === from + 4) return from;
      group = (group << 4) | digit;
    }
    this.#groups[index] = group;
    return at;
  }

  /** Moves the groups behind the gap to the end and the zero groups in between. */
  #fillWords(count: number, gap: number): void {
    const groups = this.#groups;
    if (gap >= 0) {
      groups.copyWithin(8 - (count - gap), gap, count);
      groups.fill(0, gap, 8 - (count - gap));
    }
    for (let word = 0; word < 4; word++)
      this.words[word] = ((groups[2 * word] ?? 0) << 16) | (groups[2 * word + 1] ?? 0);
  }

  /** Reads `/LENGTH` or nothing up to `to`, and makes sure that no bit below the length is set. */
  #readLength(bytes: Uint8Array, from: number, to: number, width: number): boolean {
    this.length = 32 * width;
    if (from === to) return true;
    if (bytes[from] !== SLASH || from + 1 === to || to > from + 4) return false;
    let length = 0;
    for (let at = from + 1; at < to; at++) {
      const digit = DIGITS[bytes[at] ?? 0] ?? 255;
      if (digit > 9 || (length === 0 && at > from + 1)) return false;
      length = length * 10 + digit;
    }
    if (length > this.length) return false;
    this.length = length;
    return this.#hasNoHostBits(width);
  }

  #hasNoHostBits(width: number): boolean {
    for (let word = this.length >>> 5; word < width; word++) {
      if (((this.words[word] ?? 0) & ~wordMask(this.length, word)) !== 0) return false;
    }
    return true;
  }

  /** IPv4-mapped and IPv4-compatible values, which parsePrefix refuses with a hint. */
  #embedsV4(): boolean {
    const [first, second, third, fourth] = this.words;
    return first === 0 && second === 0 && (third === 0xffff || (third === 0 && (fourth ?? 0) > 0xffff));
  }
}
