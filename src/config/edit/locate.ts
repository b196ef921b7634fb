import { isMap, isScalar, isSeq, type CST, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import { readYaml } from '../yaml/yaml-text.ts';
import type { ListName } from './entry.ts';

/** Where in the text a list stands, or would stand. */
export interface Located {
  readonly top: YAMLMap;
  /** Absent where the key is missing. */
  readonly pair?: Pair;
  /** Absent where the key has no list for its value. */
  readonly list?: YAMLSeq;
}

/** Finds a list in the text of a valid config; undefined where the text is none. */
export function locate(text: string, name: ListName): Located | undefined {
  const top = readYaml(text).document?.contents;
  if (!isMap(top)) return undefined;
  const pair = (top.items as Pair[]).find(({ key }) => isScalar(key) && key.value === name);
  return { top, ...(pair && { pair }), ...(pair && isSeq(pair.value) && { list: pair.value }) };
}

export const startOf = (node: unknown): number => (node as Node).range?.[0] ?? 0;
export const endOf = (node: unknown): number => (node as Node).range?.[1] ?? 0;

/** The offset behind the colon of a pair; undefined where it has none. */
export function behindColon(pair: Pair): number | undefined {
  const source = (pair as { srcToken?: CST.CollectionItem }).srcToken;
  const colon = source?.sep?.find(({ type }) => type === 'map-value-ind');
  return colon && colon.offset + 1;
}

/** The offsets of the dashes of a block list, one for each entry. */
export function dashesOf(list: YAMLSeq): number[] {
  const token = list.srcToken;
  if (token?.type !== 'block-seq') return [];
  return token.items.flatMap(({ start }) =>
    start.filter(({ type }) => type === 'seq-item-ind').map(({ offset }) => offset),
  );
}
