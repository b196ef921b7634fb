import { compareStart, type PrefixColumns } from './prefix-columns.ts';

/** Sorts by start, then by length, so that a prefix stands before those it covers. Sorted lists cost one look only. */
export function sortColumns(columns: PrefixColumns): void {
  if (isSorted(columns)) return;
  let order: Uint32Array = new Uint32Array(columns.size).map((_, index) => index);
  if (columns.size < FEW) return permute(columns, order.toSorted(byStart(columns)));
  order = radixPass(order, columns.lengths, 1, 0, 0);
  for (let word = columns.width - 1; word >= 0; word--) {
    order = radixPass(order, columns.words, columns.width, word, 0);
    order = radixPass(order, columns.words, columns.width, word, 16);
  }
  permute(columns, order);
}

/** Fewer than this are sorted sooner by comparing than the counters of one pass are set to zero. */
const FEW = 4096;

function byStart(columns: PrefixColumns): (a: number, b: number) => number {
  const { words, lengths, width } = columns;
  return (a, b) => compareStart(columns, a, words, b * width) || (lengths[a] ?? 0) - (lengths[b] ?? 0);
}

function isSorted(columns: PrefixColumns): boolean {
  const { words, lengths, width, size } = columns;
  for (let index = 1; index < size; index++) {
    const difference = compareStart(columns, index - 1, words, index * width);
    if (difference > 0 || (difference === 0 && (lengths[index - 1] ?? 0) > (lengths[index] ?? 0))) return false;
  }
  return true;
}

/** One stable counting sort by 16 bits of a column. Where all have the same 16 bits, as often in IPv6, it is none. */
function radixPass(
  order: Uint32Array,
  column: Uint32Array | Uint8Array,
  stride: number,
  offset: number,
  shift: number,
): Uint32Array {
  const starts = new Uint32Array(0x1_0001);
  const size = order.length;
  for (let at = 0; at < size; at++) {
    const digit = ((column[at * stride + offset] ?? 0) >>> shift) & 0xffff;
    starts[digit + 1] = (starts[digit + 1] ?? 0) + 1;
  }
  if (starts.includes(size)) return order;
  for (let digit = 0; digit < 0x1_0000; digit++) starts[digit + 1] = (starts[digit + 1] ?? 0) + (starts[digit] ?? 0);
  const sorted = new Uint32Array(size);
  for (let at = 0; at < size; at++) {
    const index = order[at] ?? 0;
    const digit = ((column[index * stride + offset] ?? 0) >>> shift) & 0xffff;
    const to = starts[digit] ?? 0;
    starts[digit] = to + 1;
    sorted[to] = index;
  }
  return sorted;
}

function permute(columns: PrefixColumns, order: Uint32Array): void {
  const { words, lengths, width } = columns;
  const sortedWords = new Uint32Array(words.length);
  const sortedLengths = new Uint8Array(lengths.length);
  for (let to = 0; to < order.length; to++) {
    const from = order[to] ?? 0;
    sortedLengths[to] = lengths[from] ?? 0;
    for (let word = 0; word < width; word++) sortedWords[to * width + word] = words[from * width + word] ?? 0;
  }
  columns.words = sortedWords;
  columns.lengths = sortedLengths;
}
