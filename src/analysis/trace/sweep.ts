import { PrefixColumns } from '../../net/prefix-columns.ts';
import { PrefixSet } from '../../net/prefix-set.ts';
import { END, pushRange } from '../../net/prefix-spans.ts';

/**
 * The parts of the IPv4 space that none of these sets tells asunder: one pass over the sorted ends of
 * all prefixes, in numbers, for sets may have a million. The sets must be of family 4 and fewer than 2^20.
 */
export function sweptClasses(sets: readonly PrefixSet[]): PrefixSet[] {
  const next = signatures(sets.length);
  const classes: PrefixColumns[] = [];
  const close = (signature: number, first: number, end: number): void => {
    if (first === end) return;
    pushRange((classes[signature] ??= new PrefixColumns(4)), first, end);
  };
  let [current, first, signature, at] = [0, 0, 0, 0];
  for (const key of sortedEnds(sets)) {
    const end = Math.floor(key / sets.length);
    // Two ends at one place may cancel out: only what is left of them all begins another part.
    if (end !== at && signature !== current) {
      close(current, first, at);
      [current, first] = [signature, at];
    }
    at = end;
    signature = next(signature, key - end * sets.length);
  }
  if (signature !== current) {
    close(current, first, at);
    [current, first] = [signature, at];
  }
  close(current, first, END);
  return classes.flatMap((columns) => PrefixSet.fromFewest(columns));
}

type Keys = Float64Array<ArrayBuffer>;

/**
 * Where prefixes begin and where the next address is out of them, with the set: `address * sets + set`, ascending. Those of
 * one set are so by themselves, and a long one is merged into the others: sorting takes ten times as long.
 */
function sortedEnds(sets: readonly PrefixSet[]): Keys {
  const [long, short] = [true, false].map((isLong) =>
    [...sets.entries()].filter(([, { size }]) => size > LONG === isLong),
  );
  const keys = new Float64Array((short ?? []).reduce((sum, [, { size }]) => sum + 2 * size, 0));
  let to = 0;
  for (const [index, set] of short ?? []) to = writeEnds(set, index, sets.length, keys, to);
  return (long ?? []).reduce<Keys>((all, [index, set]) => {
    const own = new Float64Array(2 * set.size);
    writeEnds(set, index, sets.length, own, 0);
    return mergedKeys(all, own);
  }, keys.toSorted());
}

const LONG = 4096;

/** The place behind the last key. */
function writeEnds(set: PrefixSet, index: number, sets: number, keys: Float64Array, from: number): number {
  const bytes = set.toBytes();
  const starts = new Uint32Array(bytes.buffer, bytes.byteOffset, set.size);
  let to = from;
  for (let at = 0; at < set.size; at++) {
    const start = starts[at] ?? 0;
    keys[to++] = start * sets + index;
    keys[to++] = (start + 2 ** (32 - (bytes[4 * set.size + at] ?? 0))) * sets + index;
  }
  return to;
}

function mergedKeys(a: Keys, b: Keys): Keys {
  const all = new Float64Array(a.length + b.length);
  for (let [at, one, two] = [0, 0, 0]; at < all.length; at++) {
    const x = a[one] ?? Infinity;
    const y = b[two] ?? Infinity;
    all[at] = Math.min(x, y);
    if (x <= y) one++;
    else two++;
  }
  return all;
}

/** Numbers for which sets an address is in, 0 for none, and from each the number of what an end of a set makes of it. */
function signatures(sets: number): (from: number, set: number) => number {
  const members = [0n];
  const numbers = new Map([[0n, 0]]);
  const known = new Map<number, number>();
  return (from, set) => {
    const found = known.get(from * sets + set);
    if (found !== undefined) return found;
    const turned = (members[from] ?? 0n) ^ (1n << BigInt(set));
    const number = numbers.get(turned) ?? members.push(turned) - 1;
    numbers.set(turned, number);
    known.set(from * sets + set, number);
    return number;
  };
}
