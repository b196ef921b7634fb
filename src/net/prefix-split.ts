import { addressBits } from './family.ts';
import { PrefixColumns } from './prefix-columns.ts';

/**
 * Splits each prefix into those of the shortest given length that is not shorter than its own; prefixes longer than all
 * of them stay. The pieces stand where the prefix stood, so sorted columns give sorted columns.
 */
export function splitColumns(columns: PrefixColumns, lengths: Iterable<number>): PrefixColumns {
  const targets = targetLengths(addressBits(columns.family), lengths);
  const { size, width } = columns;
  const pieces = new PrefixColumns(columns.family, size);
  const words = new Uint32Array(width);
  for (let index = 0; index < size; index++) {
    const length = columns.lengths[index] ?? 0;
    const target = targets[length] ?? length;
    for (let word = 0; word < width; word++) words[word] = columns.words[index * width + word] ?? 0;
    for (let left = 2 ** (target - length); left > 0; left--) {
      pieces.push(words, 0, target);
      step(words, target);
    }
  }
  return pieces;
}

/** For each length the one to split it into. */
function targetLengths(bits: number, lengths: Iterable<number>): Uint8Array {
  const kept = new Set(lengths);
  const targets = Uint8Array.from({ length: bits + 1 }, (_, length) => length);
  for (let length = bits - 1; length >= 0; length--) {
    const next = targets[length + 1] ?? bits;
    if (!kept.has(length) && kept.has(next)) targets[length] = next;
  }
  return targets;
}

/** Goes on to the start of the next prefix of the length: adds 1 at its last bit, with carry. */
function step(words: Uint32Array, length: number): void {
  let carry = 2 ** (31 - ((length - 1) & 31));
  for (let word = (length - 1) >>> 5; word >= 0 && carry > 0; word--) {
    const sum = (words[word] ?? 0) + carry;
    words[word] = sum;
    carry = sum > 0xffff_ffff ? 1 : 0;
  }
}
