import { isScalar, type Pair, type YAMLMap } from 'yaml';
import { KEYS } from '../structure/places.ts';
import { insertion, insertLine, lineStart, nextLine, type Change } from './changes.ts';
import type { ListName } from './entry.ts';
import { addToFlow } from './flow-list.ts';
import { behindColon, dashesOf, endOf, startOf } from './locate.ts';
import { isSeq } from 'yaml';

/** Gives a key that has no value, or `null`, a list with one entry. */
export function fillNothing(text: string, top: YAMLMap, pair: Pair, entry: string): Change[] {
  const { value } = pair;
  if (isScalar(value) && value.source !== '') return [{ start: startOf(value), end: endOf(value), text: `[${entry}]` }];
  const colon = behindColon(pair);
  if (colon === undefined) return [insertion(endOf(pair.key), `: [${entry}]`)];
  if (top.flow === true) return [insertion(colon, ` [${entry}]`)];
  return [insertLine(text, nextLine(text, colon), `${dashIndent(text, top)}- ${entry}`)];
}

/** Adds a key with one entry, below the keys that people expect before it. */
export function addList(text: string, top: YAMLMap, name: ListName, entry: string): Change[] {
  if (top.flow === true) return addToFlow(text, top, `${name}: [${entry}]`);
  const at = endOfSection(text, sectionBefore(top, name));
  const lines = [`${topIndent(text, top)}${name}:`, `${dashIndent(text, top)}- ${entry}`];
  return lines.map((line) => insertLine(text, at, line));
}

/** The last key before this one, in the usual order; `version` is always there. */
function sectionBefore(top: YAMLMap, name: ListName): Pair | undefined {
  const order = KEYS[''] ?? [];
  const earlier = order.slice(0, order.indexOf(name));
  const present = (top.items as Pair[]).filter(({ key }) => isScalar(key) && earlier.includes(String(key.value)));
  return present.toSorted((a, b) => orderOf(order, a) - orderOf(order, b)).at(-1);
}

const orderOf = (order: readonly string[], { key }: Pair): number =>
  order.indexOf(isScalar(key) ? String(key.value) : '');

/** Where the line after a key's value begins, and after comments below that are indented as a part of it. */
function endOfSection(text: string, pair: Pair | undefined): number {
  if (pair === undefined) return text.length;
  const isEmpty = pair.value === null || (isScalar(pair.value) && pair.value.source === '');
  const at = nextLine(text, isEmpty ? (behindColon(pair) ?? endOf(pair.key)) : endOf(pair.value));
  return at + (/^(?:[ \t]+#[^\n]*(?:\n|$))*/.exec(text.slice(at))?.[0].length ?? 0);
}

const columnOf = (text: string, at: number): number => at - lineStart(text, at);

const topIndent = (text: string, top: YAMLMap): string => {
  const start = startOf(top.items[0]?.key);
  return text.slice(lineStart(text, start), start).replace(/[^ ]/g, '');
};

/** As the other lists of the file have it, else two spaces more than their keys. */
function dashIndent(text: string, top: YAMLMap): string {
  const other = (top.items as Pair[]).flatMap(({ value }) => (isSeq(value) ? dashesOf(value).slice(0, 1) : []));
  const [dash] = other;
  return dash === undefined ? `${topIndent(text, top)}  ` : ' '.repeat(columnOf(text, dash));
}
