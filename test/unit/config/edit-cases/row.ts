import type { ListName } from '../../../../src/config/edit.ts';

/** One edit, and the text before and after it. */
export type Row = readonly [name: string, list: ListName, value: string, before: string, after: string];

export const V = 'version: 1\n';
