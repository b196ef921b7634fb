import { addressBits } from '../../net/family.ts';
import type { PortRange } from '../../net/port.ts';
import type { Prefix } from '../../net/prefix.ts';
import { editDistance } from '../suggest.ts';
import { showEntry, type EntryValue, type ListEntry } from './entry.ts';

/** The entry that is most like this one: what was probably meant. */
export function nearestEntry(entry: EntryValue, entries: readonly ListEntry[]): ListEntry | undefined {
  let best: ListEntry | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const other of entries) {
    const distance = distanceOf(entry, other);
    if (distance >= least) continue;
    [best, least] = [other, distance];
  }
  return best;
}

function distanceOf(a: EntryValue, b: EntryValue): number {
  if (a.kind === 'prefix' && b.kind === 'prefix') return prefixDistance(a.prefix, b.prefix);
  if (a.kind === 'port' && b.kind === 'port') return portDistance(a.range, b.range);
  return a.kind === b.kind ? editDistance(showEntry(a), showEntry(b)) : Number.POSITIVE_INFINITY;
}

/** The number of bits from the first one in which the two differ. */
function prefixDistance(a: Prefix, b: Prefix): number {
  if (a.family !== b.family) return Number.POSITIVE_INFINITY;
  const differing = (a.value ^ b.value).toString(2);
  return (differing === '0' ? 0 : differing.length) + Math.abs(a.length - b.length) / addressBits(a.family);
}

const portDistance = (a: PortRange, b: PortRange): number =>
  Math.abs(a.first - b.first) + Math.abs(a.last - b.last) + (a.protocol === b.protocol ? 0 : 0.5);
