import type { Pair, YAMLSeq } from 'yaml';
import { deletion, insertion, insertLine, lineStart, nextLine, type Change } from './changes.ts';
import { behindColon, dashesOf, endOf, startOf } from './locate.ts';

/** Adds a line below the last entry of a list of dashes, indented and spaced like that. */
export function addToBlock(text: string, list: YAMLSeq, entry: string): Change[] {
  const dash = dashesOf(list).at(-1) ?? 0;
  const last = list.items.at(-1);
  const indent = ' '.repeat(dash - lineStart(text, dash));
  const gap = text.slice(dash + 1, startOf(last));
  return [insertLine(text, nextLine(text, endOf(last)), `${indent}-${/^ +$/.test(gap) ? gap : ' '}${entry}`)];
}

/**
 * Removes an entry with its line, or lines, and so with the comment behind it. Undefined where something else stands on
 * the line before its dash.
 */
export function removeFromBlock(text: string, pair: Pair, list: YAMLSeq, index: number): Change[] | undefined {
  const dash = dashesOf(list)[index] ?? 0;
  const start = lineStart(text, dash);
  if (text.slice(start, dash).trim() !== '') return undefined;
  const lines = wholeLines(text, start, nextLine(text, endOf(list.items[index])));
  const colon = behindColon(pair);
  if (list.items.length > 1) return [lines];
  return colon === undefined ? undefined : [insertion(colon, ' []'), lines];
}

/** Without its last line, a text that had no line end at its end has none either. */
function wholeLines(text: string, start: number, end: number): Change {
  if (end < text.length || text.endsWith('\n')) return deletion(start, end);
  return deletion(start - (text.slice(0, start).endsWith('\r\n') ? 2 : 1), end);
}
