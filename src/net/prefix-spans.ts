import { PrefixColumns } from './prefix-columns.ts';

/** One more than the last address of IPv4. */
export const END = 2 ** 32;

/** The addresses of `a` that are not in `b`, both of family 4, sorted and disjoint: in numbers, for either may have 10^6. */
export function spansWithout(a: PrefixColumns, b: PrefixColumns): PrefixColumns {
  const left = new PrefixColumns(4);
  for (let index = 0; index < a.size; index++) {
    let at = startOf(a, index);
    const end = endOf(a, index);
    for (let other = firstReaching(b, at); other < b.size && startOf(b, other) < end; other++) {
      pushRange(left, at, startOf(b, other));
      at = Math.max(at, endOf(b, other));
    }
    pushRange(left, at, end);
  }
  return left;
}

/** The addresses that both have, of the same kind. */
export function spansWithin(a: PrefixColumns, b: PrefixColumns): PrefixColumns {
  const shared = new PrefixColumns(4);
  for (let index = 0; index < a.size; index++) {
    const [start, end] = [startOf(a, index), endOf(a, index)];
    for (let other = firstReaching(b, start); other < b.size && startOf(b, other) < end; other++)
      pushRange(shared, Math.max(start, startOf(b, other)), Math.min(end, endOf(b, other)));
  }
  return shared;
}

const startOf = ({ words }: PrefixColumns, index: number): number => words[index] ?? 0;
const endOf = (columns: PrefixColumns, index: number): number =>
  startOf(columns, index) + 2 ** (32 - (columns.lengths[index] ?? 0));

/** The index of the first prefix that reaches beyond the address. */
function firstReaching(columns: PrefixColumns, address: number): number {
  let [low, high] = [0, columns.size];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (endOf(columns, middle) <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Appends the fewest prefixes that make up the addresses from `first` to before `end`; none where `first` is not less. */
export function pushRange(columns: PrefixColumns, first: number, end: number): void {
  for (let at = first; at < end;) {
    let size = at === 0 ? END : (at & -at) >>> 0;
    while (at + size > end) size /= 2;
    WORD[0] = at;
    columns.push(WORD, 0, size === END ? 0 : Math.clz32(size) + 1);
    at += size;
  }
}

const WORD = new Uint32Array(1);
