import { readAddress } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import { addressBits } from '../../net/family.ts';
import { prefixRange } from '../../ruleset/address-ranges.ts';
import type { AddressRange, NumberRange } from '../../ruleset/ranges.ts';
import { isObject, objectOf, onlyKey, textOf, type Json } from './json.ts';
import { numberOf, type Naming } from './names.ts';

/** An element of a set or a map's key, without a timeout, counters or a comment. */
export function plainItem(item: Json): Json {
  return isObject(item) && 'elem' in item ? objectOf(item['elem'])['val'] : item;
}

/** `"10.0.0.1"`, a prefix, or a range. */
export function addressItem(item: Json, family: Family): AddressRange | undefined {
  const text = textOf(item);
  if (text !== undefined) return oneAddress(text, family);
  const [kind, inner] = onlyKey(item) ?? [''];
  if (kind === 'range' && Array.isArray(inner)) return addressSpan(inner, family);
  if (kind !== 'prefix') return undefined;
  const { addr, len } = objectOf(inner);
  const first = oneAddress(textOf(addr) ?? '', family)?.first;
  if (first === undefined || typeof len !== 'number' || !(len >= 0 && len <= addressBits(family))) return undefined;
  return prefixRange({ ...first, length: len });
}

function oneAddress(text: string, family: Family): AddressRange | undefined {
  const read = readAddress(text);
  return read.ok && read.value.family === family ? { first: read.value, last: read.value } : undefined;
}

function addressSpan(ends: readonly Json[], family: Family): AddressRange | undefined {
  const [low, high] = ends.map((end) => oneAddress(textOf(end) ?? '', family)?.first);
  return low && high && low.value <= high.value && ends.length === 2 ? { first: low, last: high } : undefined;
}

/** `80`, a range, or a name. */
export function numberItem(item: Json, naming: Naming): NumberRange | undefined {
  const [kind, inner] = onlyKey(item) ?? [''];
  const ends = kind === 'range' && Array.isArray(inner) ? inner : [item, item];
  const [first, last] = ends.map((end) => numberOf(end, naming));
  return first !== undefined && last !== undefined && first <= last && ends.length === 2 ? { first, last } : undefined;
}

/** A link's name; `*` at its end is the wildcard, to us too, and `\*` the character, which no name here can have. */
export function linkItem(item: Json): string | undefined {
  const text = textOf(item);
  return text === undefined || text === '' || text.includes('\\') || (text.includes('*') && !/^[^*]*\*$/.test(text))
    ? undefined
    : text;
}

/** The elements that all of a list are; undefined if one of them is none. */
export function allOf<T>(items: readonly Json[], read: (item: Json) => T | undefined): T[] | undefined {
  const values = items.map((item) => read(plainItem(item)));
  return values.every((value) => value !== undefined) ? values : undefined;
}
