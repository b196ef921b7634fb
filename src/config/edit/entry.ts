import { formatPortRange, type PortRange } from '../../net/port.ts';
import { formatPrefix, prefixCovers } from '../../net/prefix.ts';
import { rangeCovers, sameRange } from '../entries/coverage.ts';
import { readPort } from '../entries/port-text.ts';
import { readFile, readSource, type SourceValue } from '../entries/source-text.ts';
import type { At, Config } from '../model.ts';
import type { Finding } from '../problems/problem-list.ts';

export type ListName = 'trusted' | 'block' | 'public';

/** An entry of any of the lists that commands edit. */
export type EntryValue = SourceValue | { readonly kind: 'port'; readonly range: PortRange };
export type ListEntry = EntryValue & { readonly at: At };

export type EntryReading = { readonly entry: EntryValue } | { readonly fault: Finding };

/** Reads what a command was given; `file:PATH` stands for `{file: PATH}`. Nothing else gets into the file. */
export function readEntry(list: ListName, text: string): EntryReading {
  if (list === 'public') return readPortEntry(text);
  const { value, findings } = text.startsWith('file:') ? readFile(text.slice(5).trim()) : readSource(text, list);
  if (value !== undefined) return { entry: value };
  const [fault] = findings;
  if (fault === undefined) throw new TypeError('a source that is not read has a finding that says why');
  return { fault };
}

function readPortEntry(text: string): EntryReading {
  const reading = readPort(text);
  return 'range' in reading ? { entry: { kind: 'port', range: reading.range } } : { fault: reading.finding };
}

export const entriesOf = (config: Config, list: ListName): readonly ListEntry[] =>
  list === 'public' ? config.public.map(({ range, at }) => ({ kind: 'port', range, at })) : config[list];

/** The entry as people read it. */
export function showEntry(entry: EntryValue): string {
  switch (entry.kind) {
    case 'prefix':
      return formatPrefix(entry.prefix);
    case 'name':
      return entry.name;
    case 'file':
      return `{file: ${entry.path}}`;
    case 'port':
      return formatPortRange(entry.range);
  }
}

/** The entry as YAML, in quotes only where plain text would be something else. */
export function writeEntry(entry: EntryValue): string {
  if (entry.kind === 'file') {
    const isPlain = /^[\w./][\w./-]*$/.test(entry.path) && !isNull(entry.path);
    return `{file: ${isPlain ? entry.path : JSON.stringify(entry.path)}}`;
  }
  const text = showEntry(entry);
  return /^:|:$/.test(text) || isNull(text) ? `"${text}"` : text;
}

const isNull = (text: string): boolean => text.toLowerCase() === 'null';

/** Whether the first entry means all that the second one does; a file's entries are not known here. */
export function entryCovers(wide: EntryValue, entry: EntryValue): boolean {
  if (wide.kind === 'prefix' && entry.kind === 'prefix') return prefixCovers(wide.prefix, entry.prefix);
  if (wide.kind === 'port' && entry.kind === 'port') return rangeCovers(wide.range, entry.range);
  return sameEntry(wide, entry);
}

/** Whether the two mean the same, however they are written. */
export function sameEntry(a: EntryValue, b: EntryValue): boolean {
  if (a.kind === 'port' && b.kind === 'port') return sameRange(a.range, b.range);
  return a.kind === b.kind && showEntry(a) === showEntry(b);
}
