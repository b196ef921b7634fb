import type { YAMLMap, YAMLSeq } from 'yaml';
import { deletion, insertion, lineEndAt, lineStart, type Change } from './changes.ts';
import { endOf, startOf } from './locate.ts';

interface Bounds {
  readonly start: number;
  readonly end: number;
}

/** Where the entries of `[…]` or `{…}` stand, without the commas and comments between them. */
export function boundsOf(collection: YAMLSeq | YAMLMap): Bounds[] {
  return (collection.items as unknown[]).map((item) => {
    const { key, value } = item as { key?: unknown; value?: unknown };
    const isPair = key !== undefined && 'range' in (key as object);
    if (!isPair) return { start: startOf(item), end: endOf(item) };
    return { start: startOf(key), end: Math.max(endOf(key), value ? endOf(value) : 0) };
  });
}

/** Adds an entry behind the last one: on the same line, or on one of its own where the last one has one. */
export function addToFlow(text: string, collection: YAMLSeq | YAMLMap, entry: string): Change[] {
  const last = boundsOf(collection).at(-1);
  if (last === undefined) return [insertion(startOf(collection) + 1, entry)];
  const indent = text.slice(lineStart(text, last.start), last.start);
  if (indent.trim() !== '') return [insertion(last.end, `, ${entry}`)];
  return addLine(text, last, `${lineEndAt(text, last.start)}${indent}${entry}`);
}

function addLine(text: string, last: Bounds, line: string): Change[] {
  const comma = commaAfter(text, last.end);
  const behind = comma === undefined ? last.end : comma + 1;
  const end = endOfBlank(text, behind);
  if (end === undefined) return [insertion(last.end, `,${line}`)];
  return comma === undefined ? [insertion(last.end, ','), insertion(end, line)] : [insertion(end, `${line},`)];
}

/** Removes an entry with one comma; with its line and the comment there, if it stands on it alone. */
export function removeFromFlow(text: string, list: YAMLSeq, index: number): Change[] {
  const bounds = boundsOf(list);
  const [before, item, after] = [bounds[index - 1], bounds[index], bounds[index + 1]];
  if (item === undefined) return [];
  if (bounds.length === 1 && holdsOnly(text, list, item))
    return [{ start: startOf(list), end: endOf(list), text: '[]' }];
  const line = ownLine(text, item);
  if (line !== undefined) return [...(after === undefined ? danglingComma(text, before, item) : []), line];
  if (before !== undefined && onlyComma(text.slice(before.end, item.start))) return [deletion(before.end, item.end)];
  if (after !== undefined && onlyComma(text.slice(item.end, after.start))) return [deletion(item.start, after.start)];
  return [...(after === undefined ? danglingComma(text, before, item) : []), withComma(text, item, after)];
}

/** Whether the brackets hold this entry, its comma and its comment, and nothing else. */
const holdsOnly = (text: string, list: YAMLSeq, item: Bounds): boolean =>
  text.slice(startOf(list) + 1, item.start).trim() === '' &&
  /^[ \t]*,?[ \t]*(?:#[^\n]*)?\s*$/.test(text.slice(item.end, endOf(list) - 1));

const onlyComma = (text: string): boolean => /^\s*,\s*$/.test(text);

/** The comma before a last entry goes with it, unless one behind the entry shows that the list ends with a comma. */
function danglingComma(text: string, before: Bounds | undefined, item: Bounds): Change[] {
  const comma = before && commaAfter(text, before.end);
  return comma === undefined || commaAfter(text, item.end) !== undefined ? [] : [deletion(comma, comma + 1)];
}

function withComma(text: string, item: Bounds, after: Bounds | undefined): Change {
  const comma = commaAfter(text, item.end);
  return deletion(
    item.start,
    comma !== undefined && (after === undefined || comma < after.start) ? comma + 1 : item.end,
  );
}

/** The whole line of an entry with nothing else on it than its comma and a comment. */
function ownLine(text: string, item: Bounds): Change | undefined {
  const start = lineStart(text, item.start);
  if (text.slice(start, item.start).trim() !== '') return undefined;
  const comma = commaAfter(text, item.end);
  const isNear = comma !== undefined && !text.slice(item.end, comma).includes('\n');
  const end = endOfBlank(text, isNear ? comma + 1 : item.end);
  return end === undefined ? undefined : deletion(start, text.indexOf('\n', end) + 1);
}

/** The next comma that separates entries, past white space and comments. */
function commaAfter(text: string, from: number): number | undefined {
  const skipped = /^(?:\s|#[^\n]*)*/.exec(text.slice(from))?.[0].length ?? 0;
  return text[from + skipped] === ',' ? from + skipped : undefined;
}

/** The end of the line, less its line end, where nothing but a comment stands on its rest; undefined otherwise. */
function endOfBlank(text: string, from: number): number | undefined {
  const rest = /^[ \t]*(?:#[^\r\n]*)?(?=\r?\n)/.exec(text.slice(from));
  return rest === null ? undefined : from + rest[0].length;
}
