import type { Span } from '../problems/positions.ts';

/**
 * What the YAML says, with where it says it: all that the rest of this floor knows of YAML. Scalars stay text (`010`
 * and `no` are what was written), aliases stand resolved in their place, with the span of the alias.
 */
export type Tree = Text | List | Mapping | Nothing | Faulty;

export interface Text {
  readonly kind: 'text';
  readonly text: string;
  readonly span: Span;
}

export interface List {
  readonly kind: 'list';
  readonly items: readonly Tree[];
  readonly span: Span;
}

export interface Mapping {
  readonly kind: 'mapping';
  readonly entries: readonly Entry[];
  readonly span: Span;
}

export interface Entry {
  readonly key: string;
  readonly keySpan: Span;
  readonly value: Tree;
}

/** No value: nothing at all, `~` or `null`. */
export interface Nothing {
  readonly kind: 'nothing';
  readonly span: Span;
}

/** Something whose fault is reported already. */
export interface Faulty {
  readonly kind: 'faulty';
  readonly span: Span;
}

/** The value of a key, whatever the tree is; undefined where there is no such key. */
export const child = (tree: Tree | undefined, key: string | number): Tree | undefined => {
  if (tree?.kind === 'mapping') return tree.entries.find((entry) => entry.key === key)?.value;
  return tree?.kind === 'list' && typeof key === 'number' ? tree.items[key] : undefined;
};

/** Where a key is written, or the value where the path ends in a list. */
export const keySpan = (tree: Tree | undefined, key: string): Span | undefined =>
  tree?.kind === 'mapping' ? tree.entries.find((entry) => entry.key === key)?.keySpan : undefined;

/** The items of a list; none where the tree is no list. */
export const itemsOf = (tree: Tree | undefined): readonly Tree[] => (tree?.kind === 'list' ? tree.items : []);

/** Text, lists, null and objects without a prototype, for a schema to judge. */
export function plain(tree: Tree): unknown {
  switch (tree.kind) {
    case 'text':
      return tree.text;
    case 'nothing':
    case 'faulty':
      return null;
    case 'list':
      return tree.items.map(plain);
    case 'mapping': {
      const object = Object.create(null) as Record<string, unknown>;
      for (const { key, value } of tree.entries) object[key] = plain(value);
      return object;
    }
  }
}
