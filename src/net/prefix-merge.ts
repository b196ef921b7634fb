import { columnContains, compareStart, PrefixColumns } from './prefix-columns.ts';

/**
 * Brings sorted columns into the one form that their addresses have, in place: no prefix lies in another, and no two
 * halves of a prefix stand side by side. The entries written so far are a stack; only its top can cover or complete the
 * next one, for all that follows starts behind it.
 */
export function mergeColumns(columns: PrefixColumns): void {
  const { size, width, words, lengths } = columns;
  let top = -1;
  for (let next = 0; next < size; next++) {
    if (top >= 0 && columnContains(columns, top, words, next * width)) continue;
    top++;
    lengths[top] = lengths[next] ?? 0;
    for (let word = 0; word < width; word++) words[top * width + word] = words[next * width + word] ?? 0;
    while (top > 0 && areHalves(columns, top - 1)) lengths[--top] = (lengths[top] ?? 0) - 1;
  }
  columns.size = top + 1;
}

/** Whether the disjoint, ascending prefixes at `index` and `index + 1` are the halves of one that is a bit shorter. */
function areHalves({ words, lengths, width }: PrefixColumns, index: number): boolean {
  const length = lengths[index] ?? 0;
  if (length === 0 || lengths[index + 1] !== length) return false;
  const lastWord = (length - 1) >>> 5;
  for (let word = 0; word <= lastWord; word++) {
    const differing = (words[index * width + word] ?? 0) ^ (words[(index + 1) * width + word] ?? 0);
    const wanted = word === lastWord ? 1 << (31 - ((length - 1) & 31)) : 0;
    if (differing !== wanted) return false;
  }
  return true;
}

/** The entries of two sorted lists, sorted, as `mergeColumns` takes them: those of the longer one are copied in stretches. */
export function interleaved(a: PrefixColumns, b: PrefixColumns): PrefixColumns {
  const [few, many] = a.size <= b.size ? [a, b] : [b, a];
  const all = new PrefixColumns(a.family, a.size + b.size);
  let done = 0;
  for (let index = 0; index < few.size; index++) {
    const next = placeOf(few, index, many, done);
    all.append(many.slice(done, next));
    all.push(few.words, index * few.width, few.lengths[index] ?? 0);
    done = next;
  }
  all.append(many.slice(done, many.size));
  return all;
}

/** The place from `low` on before which an entry of another list comes. */
function placeOf(few: PrefixColumns, index: number, many: PrefixColumns, from: number): number {
  let [low, high] = [from, many.size];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order =
      compareStart(many, middle, few.words, index * few.width) ||
      (many.lengths[middle] ?? 0) - (few.lengths[index] ?? 0);
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
