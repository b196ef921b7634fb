import { isScalar } from 'yaml';
import { addToBlock, removeFromBlock } from './edit/block-list.ts';
import { applyChanges, type Change } from './edit/changes.ts';
import {
  entriesOf,
  entryCovers,
  readEntry,
  sameEntry,
  showEntry,
  writeEntry,
  type EntryValue,
  type ListEntry,
  type ListName,
} from './edit/entry.ts';
import { addToFlow, removeFromFlow } from './edit/flow-list.ts';
import { locate } from './edit/locate.ts';
import { addList, fillNothing } from './edit/new-list.ts';
import { notThere, refused, type Refused } from './edit/refusals.ts';
import type { Config, Problem } from './model.ts';
import { readConfig } from './read.ts';

export type { ListName } from './edit/entry.ts';

/** What an edit comes to. A `note` says what the change does not do by itself; the text is changed all the same. */
export type Edit =
  | { readonly kind: 'changed'; readonly text: string; readonly note?: string }
  | { readonly kind: 'unchanged'; readonly reason: string }
  | Refused;

/**
 * Adds an entry to a list of the config, as the last one, with as little change to the text as there can be. The value
 * is read like an entry of the file, so nothing else gets into it; for a list in a file, it is `file:PATH`.
 */
export function addEntry(text: string, list: ListName, value: string): Edit {
  const { config, problems } = readConfig(text);
  if (config === undefined) return invalid(problems);
  const reading = readEntry(list, value);
  if ('fault' in reading) return refused(reading.fault.message, reading.fault.hint);
  const { entry } = reading;
  const cover = entriesOf(config, list).find((other) => entryCovers(other, entry));
  if (cover !== undefined) return { kind: 'unchanged', reason: reasonOf(entry, cover, list) };
  const changes = additionOf(text, list, writeEntry(entry));
  return changes ? verified(applyChanges(text, changes), withEntry(config, list, entry), list) : byHand(list);
}

/** Removes an entry from a list of the config: every one that means the same, however it is written. */
export function removeEntry(text: string, list: ListName, value: string): Edit {
  const { config, problems } = readConfig(text);
  if (config === undefined) return invalid(problems);
  const reading = readEntry(list, value);
  if ('fault' in reading) return refused(reading.fault.message, reading.fault.hint);
  const { entry } = reading;
  const entries = entriesOf(config, list);
  if (!entries.some((other) => sameEntry(other, entry))) return notThere(entry, list, entries);
  const edited = withoutEntries(text, list, entries, entry);
  const rest = entries.filter((other) => !sameEntry(other, entry));
  return edited === undefined
    ? byHand(list)
    : stillCovered(verified(edited, withEntries(config, list, rest), list), entry, rest);
}

/** The same text without the entries that mean this one, from the last to the first, so that the indexes hold. */
function withoutEntries(
  text: string,
  list: ListName,
  entries: readonly ListEntry[],
  entry: EntryValue,
): string | undefined {
  let edited: string | undefined = text;
  for (let index = entries.length - 1; index >= 0 && edited !== undefined; index--) {
    const other = entries[index];
    if (other === undefined || !sameEntry(other, entry)) continue;
    const changes: Change[] | undefined = removalOf(edited, list, index);
    edited = changes && applyChanges(edited, changes);
  }
  return edited;
}

/** Undefined where the list is written in a way that no edit here knows. */
function additionOf(text: string, name: ListName, entry: string): Change[] | undefined {
  const found = locate(text, name);
  if (found === undefined) return undefined;
  const { top, pair, list } = found;
  if (pair === undefined) return addList(text, top, name, entry);
  if (list === undefined)
    return pair.value === null || isScalar(pair.value) ? fillNothing(text, top, pair, entry) : undefined;
  return list.flow === true ? addToFlow(text, list, entry) : addToBlock(text, list, entry);
}

function removalOf(text: string, name: ListName, index: number): Change[] | undefined {
  const { pair, list } = locate(text, name) ?? {};
  if (pair === undefined || list === undefined) return undefined;
  return list.flow === true ? removeFromFlow(text, list, index) : removeFromBlock(text, pair, list, index);
}

/** Reads the text again: it must say what was asked for, and else what it said before. */
function verified(text: string, wanted: string, list: ListName): Edit {
  const { config, problems } = readConfig(text);
  const everyone = problems.find(({ code }) => code === 'everyone');
  if (everyone !== undefined) return refused(everyone.message, everyone.hint);
  if (config === undefined || meaningOf(config) !== wanted) return byHand(list);
  return { kind: 'changed', text, ...noteOf(config, list, problems) };
}

/** A warning about the entry that is last now, as a new one is. */
function noteOf(config: Config, list: ListName, problems: readonly Problem[]): { note?: string } {
  const last = entriesOf(config, list).at(-1);
  const warning = problems.find(({ at }) => last !== undefined && at.offset === last.at.offset);
  return warning === undefined ? {} : { note: warning.message };
}

function stillCovered(edit: Edit, entry: EntryValue, rest: readonly ListEntry[]): Edit {
  if (edit.kind !== 'changed') return edit;
  const cover = rest.find((other) => entryCovers(other, entry));
  if (cover === undefined) return { kind: 'changed', text: edit.text };
  return { kind: 'changed', text: edit.text, note: `${showEntry(entry)} is still part of ${showEntry(cover)}` };
}

/** All that a config says, without where it says it. */
const meaningOf = (config: unknown): string =>
  JSON.stringify(config, (key, value: unknown) => {
    if (key === 'at') return undefined;
    return typeof value === 'bigint' ? value.toString() : value;
  });

const withEntry = (config: Config, list: ListName, entry: EntryValue): string =>
  withEntries(config, list, [...entriesOf(config, list), entry]);

function withEntries(config: Config, list: ListName, entries: readonly EntryValue[]): string {
  const values = entries.map((entry) => (entry.kind === 'port' ? { range: entry.range } : entry));
  return meaningOf({ ...config, [list]: values });
}

const STATE: Readonly<Record<ListName, string>> = { trusted: 'trusted', block: 'blocked', public: 'public' };

function reasonOf(entry: EntryValue, cover: ListEntry, list: ListName): string {
  const how = sameEntry(entry, cover)
    ? `see line ${cover.at.line}`
    : `${showEntry(cover)} in line ${cover.at.line} covers it`;
  return `${showEntry(entry)} is ${STATE[list]} already: ${how}`;
}

function invalid(problems: readonly Problem[]): Refused {
  const first = problems.find(({ severity }) => severity === 'error');
  if (first === undefined) throw new TypeError('a config that is not read has a problem that says why');
  return refused(`line ${first.at.line}, column ${first.at.column}: ${first.message}`, first.hint);
}

const byHand = (list: ListName): Refused =>
  refused(
    `${list} is written in a way that can't be edited without changing more than the entry`,
    'edit the file by hand',
  );
