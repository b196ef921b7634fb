import { readAddress } from '../../net/address.ts';
import { addressBits, type Family } from '../../net/family.ts';
import { mask, type Prefix } from '../../net/prefix.ts';
import { prefixRange } from '../../ruleset/address-ranges.ts';
import type { AddressRange, NumberRange } from '../../ruleset/ranges.ts';
import { isObject, objectOf, onlyKey, textOf, type Json } from './json.ts';
import { numberOf, type Naming } from './names.ts';

/** An element of a set or a map's key, without a timeout, counters or a comment. */
export function plainItem(item: Json): Json {
  return isObject(item) && 'elem' in item ? objectOf(item['elem'])['val'] : item;
}

/** `"10.0.0.1"`, or `{"prefix": …}`. */
export function prefixItem(item: Json, family: Family): Prefix | undefined {
  const bits = addressBits(family);
  if (typeof item === 'string') return addressOf(item, family, bits);
  if (!isObject(item) || !isObject(item['prefix'])) return undefined;
  const { addr, len } = item['prefix'];
  if (typeof len !== 'number' || !Number.isInteger(len) || len < 0 || len > bits) return undefined;
  const prefix = addressOf(textOf(addr) ?? '', family, len);
  return prefix && { ...prefix, value: prefix.value & mask(family, len) };
}

function addressOf(text: string, family: Family, length: number): Prefix | undefined {
  const read = readAddress(text);
  return read.ok && read.value.family === family ? { family, value: read.value.value, length } : undefined;
}

/** A prefix, or a range. */
export function addressItem(item: Json, family: Family): AddressRange | undefined {
  const prefix = prefixItem(item, family);
  if (prefix) return prefixRange(prefix);
  const [kind, inner] = onlyKey(item) ?? [''];
  return kind === 'range' && Array.isArray(inner) ? addressSpan(inner, family) : undefined;
}

function addressSpan(ends: readonly Json[], family: Family): AddressRange | undefined {
  const [first, last] = ends.map((end) => addressOf(textOf(end) ?? '', family, addressBits(family)));
  if (!first || !last || first.value > last.value || ends.length !== 2) return undefined;
  return { first: { family, value: first.value }, last: { family, value: last.value } };
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
