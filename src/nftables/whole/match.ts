import type { Condition } from '../../ruleset/condition.ts';
import { setKey } from '../../ruleset/netfilter.ts';
import { addressBits } from '../../net/family.ts';
import type { AnonymousSets } from './anonymous-sets.ts';
import { compared, hasFlag, isOneOf, keptBits, maskedIs } from './conditions.ts';
import { fieldOf, lookupOf, needsOf, type Field } from './fields.ts';
import { listOf, objectOf, onlyKey, textOf, type Json, type JsonObject } from './json.ts';
import { ALWAYS, openCondition, turned, withText, type Plain } from './plain.ts';

/** Where a rule stands. */
export interface Place {
  /** As in FilterTable. */
  readonly table: string;
  readonly anonymous: AnonymousSets;
}

/** What one `match` asks: first that the packet has such a part at all, then what it says. */
export function matchConditions(match: JsonObject, place: Place, text: string): Condition[] {
  const left = match['left'];
  const fields = fieldsOf(left);
  const plain = fields.some(({ kind }) => kind === 'other') ? undefined : plainOf(match, fields, place);
  const needs = fields.flatMap((field) => needsOf(field, text));
  return [...needs, plain === undefined ? openCondition(text) : withText(plain, text)];
}

/** The fields that are read: several of a concatenation, one under a mask. */
export function fieldsOf(left: Json): Field[] {
  const [kind, inner] = onlyKey(left) ?? [''];
  if (kind === 'concat') return listOf(inner).map(fieldOf);
  return [fieldOf(kind === '&' && Array.isArray(inner) ? inner[0] : left)];
}

function plainOf({ op, left, right }: JsonObject, fields: readonly Field[], place: Place): Plain | undefined {
  const way = typeof op === 'string' ? op : '==';
  const [kind, inner] = onlyKey(left) ?? [''];
  const mask: Json = kind === '&' && Array.isArray(inner) ? inner[1] : undefined;
  const [field] = fields;
  if (field === undefined) return undefined;
  if (way === 'in' || way === '!')
    return signed(mask === undefined ? hasFlag(field, flagList(right)) : undefined, way === '!');
  if (way !== '==' && way !== '!=') return mask === undefined ? compared(field, way, right) : undefined;
  const plain =
    kind === 'concat'
      ? concatIs(fields, right, place)
      : mask === undefined
        ? fieldIs(field, right, place)
        : underMask(field, mask, right, place);
  return signed(plain, way === '!=');
}

const signed = (plain: Plain | undefined, not: boolean): Plain | undefined => (plain && not ? turned(plain) : plain);

const flagList = (right: Json): readonly Json[] => {
  const [kind, inner] = onlyKey(right) ?? [''];
  return listOf(kind === '|' ? inner : right);
};

/** A field is a value, one of a set, or in a set of that name. */
function fieldIs(field: Field, right: Json, place: Place): Plain | undefined {
  const named = setName(right);
  if (named !== undefined) return inSet(named, [field], place);
  if (field.kind === 'status') return undefined;
  // `ct state == established,related`: a packet has one state, never both.
  if (field.kind === 'state' && flagList(right).length > 1 && itemsOf(right) === undefined) return turned(ALWAYS);
  const items = itemsOf(right) ?? [right];
  if (items.some((item) => item === '*')) return ALWAYS;
  return isOneOf(field, items);
}

/** `@name` */
export function setName(right: Json): string | undefined {
  const text = textOf(right);
  return text?.startsWith('@') === true ? text.slice(1) : undefined;
}

/** The elements of a set that has no name. */
function itemsOf(right: Json): readonly Json[] | undefined {
  const [kind, inner] = onlyKey(right) ?? [''];
  return kind === 'set' ? listOf(inner) : undefined;
}

function inSet(name: string, fields: readonly Field[], { table }: Place, mask?: number): Plain {
  const lookup = { kind: 'set', set: setKey('nftables', table, name), fields: fields.map(lookupOf) } as const;
  return mask === undefined ? lookup : { ...lookup, mask };
}

function underMask(field: Field, mask: Json, right: Json, place: Place): Plain | undefined {
  const named = setName(right);
  if (named === undefined) return itemsOf(right) === undefined ? maskedIs(field, mask, right) : undefined;
  const bits = field.kind === 'address' ? keptBits(mask, field.family) : undefined;
  if (field.kind !== 'address' || bits === undefined) return undefined;
  return inSet(named, [field], place, bits === addressBits(field.family) ? undefined : bits);
}

/** Several fields together: what is listed becomes a set of its own. */
export function concatIs(fields: readonly Field[], right: Json, place: Place): Plain | undefined {
  const named = setName(right);
  if (named !== undefined) return inSet(named, fields, place);
  const items = itemsOf(right) ?? [right];
  return { kind: 'set', set: place.anonymous.add(place.table, fields, items), fields: fields.map(lookupOf) };
}

/** Whether a map's key is this one. */
export function keyCondition(fields: readonly Field[], item: Json, place: Place): Plain | undefined {
  if (item === '*') return ALWAYS;
  const [field] = fields;
  if (field === undefined || fields.some(({ kind }) => kind === 'other')) return undefined;
  return fields.length > 1 ? concatIs(fields, item, place) : isOneOf(field, [item]);
}

export const elementOf = (item: Json): Json => (Array.isArray(item) ? item[0] : objectOf(item)['elem']);
