import { FAMILIES } from '../../net/family.ts';
import type { FilterSet, SetKey, SetTuple } from '../../ruleset/filter-set.ts';
import { setKey } from '../../ruleset/netfilter.ts';
import { namingOf, partOf, type Field } from './fields.ts';
import { addressItem, linkItem, numberItem, plainItem } from './items.ts';
import { isObject, listOf, type Json } from './json.ts';
import { printValue } from './print-values.ts';

/** Sets that stand inside of rules, under names that no set of nft can have. */
export class AnonymousSets {
  readonly sets = new Map<string, FilterSet>();

  /** Returns the new set's key. */
  add(table: string, fields: readonly Field[], items: readonly Json[]): string {
    const key = setKey('nftables', table, `{${this.sets.size + 1}}`);
    const parts = fields.map(partOf);
    const entries = items.map((item) => tupleOf(fields, plainItem(item)));
    this.sets.set(key, {
      type: 'concatenation',
      families: FAMILIES,
      parts,
      content: { kind: 'tuples', entries },
      changing: false,
    });
    return key;
  }
}

export function tupleOf(fields: readonly Field[], item: Json): SetTuple {
  const parts = isObject(item) && 'concat' in item ? listOf(item['concat']) : [item];
  return { keys: fields.map((field, at) => keyOf(field, parts[at])), text: printValue(item) };
}

function keyOf(field: Field, item: Json): SetKey {
  const open: SetKey = { kind: 'open', text: printValue(item) };
  // Some versions of nft print fewer parts than there are.
  if (item === undefined) return open;
  if (field.kind === 'address' || field.kind === 'original-address') {
    const range = addressItem(item, field.family);
    return range ? { kind: 'addresses', range } : open;
  }
  if (field.kind === 'link') {
    const name = linkItem(item);
    return name === undefined ? open : { kind: 'link', name };
  }
  if (partOf(field) === 'other') return open;
  const range = numberItem(item, namingOf(field));
  return range ? { kind: 'numbers', range } : open;
}
