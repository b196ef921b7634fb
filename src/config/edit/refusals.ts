import { formatPortRange, type PortRange } from '../../net/port.ts';
import { entryCovers, showEntry, type EntryValue, type ListEntry, type ListName } from './entry.ts';
import { nearestEntry } from './nearest-entry.ts';

export interface Refused {
  readonly kind: 'refused';
  readonly problem: string;
  readonly hint: string;
}

export const refused = (problem: string, hint: string): Refused => ({ kind: 'refused', problem, hint });

const inLine = (entry: ListEntry): string => `${showEntry(entry)} in line ${entry.at.line}`;

/** Why an entry that is not in the list can't be removed from it. */
export function notThere(entry: EntryValue, list: ListName, entries: readonly ListEntry[]): Refused {
  const wide = entries.find((other) => entryCovers(other, entry));
  if (wide !== undefined) return partOf(entry, wide, list);
  const problem = `${showEntry(entry)} is not in ${list}`;
  const file = entries.find(({ kind }) => kind === 'file');
  if (file !== undefined && entry.kind === 'prefix') {
    return refused(problem, `if it stands in the list ${inLine(file)}, remove it there`);
  }
  const near = nearestEntry(entry, entries);
  return refused(problem, near === undefined ? `${list} has no such entries` : `the nearest is ${inLine(near)}`);
}

function partOf(entry: EntryValue, wide: ListEntry, list: ListName): Refused {
  return refused(`${showEntry(entry)} is only part of ${inLine(wide)}`, partHint(entry, wide, list));
}

function partHint(entry: EntryValue, wide: ListEntry, list: ListName): string {
  if (entry.kind === 'port' && wide.kind === 'port') {
    const rest = withoutRange(wide.range, entry.range).map(formatPortRange).join(' and ');
    return `replace ${showEntry(wide)} with ${rest}`;
  }
  if (list === 'trusted') return `block ${showEntry(entry)}, which comes before trusted, or replace ${showEntry(wide)}`;
  return `replace ${showEntry(wide)} with the parts of it that are to stay`;
}

/** What is left of a range without a part of it. */
function withoutRange(wide: PortRange, part: PortRange): PortRange[] {
  const below = { ...wide, last: part.first - 1 };
  const above = { ...wide, first: part.last + 1 };
  return [below, above].filter(({ first, last }) => first <= last);
}
