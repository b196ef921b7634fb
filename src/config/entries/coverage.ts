import type { PortRange } from '../../net/port.ts';
import { prefixCovers, type Prefix } from '../../net/prefix.ts';

/** Sorted so, whatever covers an entry stands before it; of equals, the one that stands first in the file. */
const byPrefix = (a: Prefix, b: Prefix): number =>
  a.family - b.family || Number(a.value > b.value) - Number(a.value < b.value) || a.length - b.length;

/**
 * For each prefix of a list that others cover: the narrowest of those, or the first one that equals it. One pass over
 * the sorted list, since lists have 10^5 entries; only those that `covers` accepts count as covering.
 */
export function coveredPrefixes<T extends { readonly prefix: Prefix }>(
  entries: readonly T[],
  covers: (entry: T) => boolean = () => true,
): Map<T, T> {
  const found = new Map<T, T>();
  const open: T[] = [];
  for (const entry of entries.toSorted((a, b) => byPrefix(a.prefix, b.prefix))) {
    let top = open.at(-1);
    for (; top !== undefined && !prefixCovers(top.prefix, entry.prefix); top = open.at(-1)) open.pop();
    if (top !== undefined) found.set(entry, top);
    if (covers(entry) && (top === undefined || top.prefix.length !== entry.prefix.length)) open.push(entry);
  }
  return found;
}

export const rangeCovers = (a: PortRange, b: PortRange): boolean =>
  a.protocol === b.protocol && a.first <= b.first && b.last <= a.last;

export const sameRange = (a: PortRange, b: PortRange): boolean => rangeCovers(a, b) && rangeCovers(b, a);

/** For each range that has ports in common with one sorted before it: that one. */
export function overlappingRanges<T extends { readonly range: PortRange }>(entries: readonly T[]): Map<T, T> {
  const found = new Map<T, T>();
  let widest: T | undefined;
  for (const entry of entries.toSorted((a, b) => byRange(a.range, b.range))) {
    if (widest === undefined || widest.range.protocol !== entry.range.protocol) widest = entry;
    else if (entry.range.first <= widest.range.last) found.set(entry, widest);
    if (entry.range.last > widest.range.last) widest = entry;
  }
  return found;
}

/** Not localeCompare: the collation tables that it loads take 9 ms at every start. */
const byRange = (a: PortRange, b: PortRange): number =>
  Number(a.protocol > b.protocol) - Number(a.protocol < b.protocol) || a.first - b.first || b.last - a.last;
