import { FAMILIES, type Family } from '../../net/family.ts';
import { PrefixColumns } from '../../net/prefix-columns.ts';
import { PrefixSet } from '../../net/prefix-set.ts';
import { rangePrefixes } from '../../ruleset/address-ranges.ts';
import type { FilterSet, SetContent } from '../../ruleset/filter-set.ts';
import { tupleOf } from './anonymous-sets.ts';
import { fieldsOf } from './match.ts';
import { partOf, type Field } from './fields.ts';
import { addressItem, allOf, numberItem, plainItem, prefixItem } from './items.ts';
import { listOf, onlyKey, textOf, type Json, type JsonObject } from './json.ts';
import { noNaming } from './names.ts';

const TYPES: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['ipv4_addr', { kind: 'address', end: 'src', family: 4 }],
  ['ipv6_addr', { kind: 'address', end: 'src', family: 6 }],
  ['inet_service', { kind: 'port', end: 'dst' }],
  ['inet_proto', { kind: 'protocol' }],
  ['ifname', { kind: 'link', side: 'in' }],
  ['iface_index', { kind: 'link', side: 'in' }],
  ['mark', { kind: 'mark', of: 'packet' }],
]);

/** What the entries of a set are, whichever end they will be asked for. */
export function typeFields(type: Json): Field[] {
  const [kind, inner] = onlyKey(type) ?? [''];
  if (kind === 'typeof') return fieldsOf(inner);
  return listOf(type).map((name): Field => TYPES.get(textOf(name) ?? '') ?? { kind: 'other' });
}

/** Reads a named set. `complete`: the elements were asked for; without them a set may hold anything. */
export function readSet(set: JsonObject, elements: readonly Json[], complete: boolean): FilterSet {
  const fields = typeFields(set['type']);
  const flags = listOf(set['flags']).map((flag) => textOf(flag));
  return {
    type:
      fields.length === 0
        ? ''
        : listOf(set['type'])
            .map((name) => textOf(name) ?? 'typeof')
            .join(' . '),
    families: familiesOf(fields),
    parts: fields.map(partOf),
    content: complete ? (contentOf(fields, elements) ?? { kind: 'unknown' }) : { kind: 'unknown' },
    changing: flags.includes('timeout') || flags.includes('dynamic'),
  };
}

function familiesOf(fields: readonly Field[]): readonly Family[] {
  const families = fields.flatMap((field) => (field.kind === 'address' ? [field.family] : []));
  return families.length === 0 ? FAMILIES : [...new Set(families)];
}

function contentOf(fields: readonly Field[], elements: readonly Json[]): SetContent | undefined {
  const [field] = fields;
  if (field === undefined || elements.some((element) => element === '*')) return undefined;
  if (fields.length === 1 && field.kind === 'address') return addressContent(field.family, elements);
  if (fields.length === 1 && field.kind === 'port') {
    const ranges = allOf(elements, (item) => numberItem(item, noNaming));
    return ranges && { kind: 'ports', ranges };
  }
  return { kind: 'tuples', entries: elements.map((element) => tupleOf(fields, plainItem(element))) };
}

/** Without an object that stays for each: there may be 10^6. */
function addressContent(family: Family, elements: readonly Json[]): SetContent | undefined {
  const columns = new PrefixColumns(family, elements.length);
  for (const element of elements) {
    const item = plainItem(element);
    const prefix = prefixItem(item, family);
    if (prefix) {
      columns.pushPrefix(prefix);
      continue;
    }
    const range = addressItem(item, family);
    if (range === undefined) return undefined;
    for (const part of rangePrefixes(range)) columns.pushPrefix(part);
  }
  return { kind: 'addresses', members: PrefixSet.fromColumns(columns) };
}
