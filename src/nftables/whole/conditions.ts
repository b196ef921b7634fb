import { readAddress } from '../../net/address.ts';
import { addressBits, type Family } from '../../net/family.ts';
import { allBits, maskedRanges } from '../../ruleset/address-ranges.ts';
import { flagCondition, hasTcpFlag, stateFlags, stateName, statusFlags } from './flag-conditions.ts';
import { namingOf, type Field } from './fields.ts';
import { addressItem, allOf, linkItem, numberItem } from './items.ts';
import { listOf, onlyKey, textOf, type Json } from './json.ts';
import { numberOf } from './names.ts';
import { anyOf, turned, type Plain } from './plain.ts';

/** The packet's field is one of the items; undefined where that can't be said. */
export function isOneOf(field: Field, items: readonly Json[]): Plain | undefined {
  const numbers = () => allOf(items, (item) => numberItem(item, namingOf(field)));
  switch (field.kind) {
    case 'address': {
      const ranges = allOf(items, (item) => addressItem(item, field.family));
      return ranges && { kind: 'address', end: field.end, ranges };
    }
    case 'original-address': {
      const ranges = allOf(items, (item) => addressItem(item, field.family));
      return ranges && { kind: 'original', end: field.end, ranges };
    }
    case 'port': {
      const ranges = numbers();
      return ranges && { kind: 'port', end: field.end, ranges };
    }
    case 'original-port': {
      const ports = numbers();
      return ports && { kind: 'original', end: field.end, ports };
    }
    case 'protocol': {
      const protocols = numbers();
      return protocols && { kind: 'protocol', protocols };
    }
    case 'link': {
      const names = allOf(items, linkItem);
      return names && { kind: 'link', side: field.side, names };
    }
    default:
      return isOneOfNamed(field, items);
  }
}

function isOneOfNamed(field: Field, items: readonly Json[]): Plain | undefined {
  switch (field.kind) {
    case 'icmp': {
      const ranges = allOf(items, (item) => numberItem(item, namingOf(field)));
      const any = { first: 0, last: 255 };
      const types = ranges?.map((range) => (field.part === 'type' ? { type: range } : { type: any, code: range }));
      return types && { kind: 'icmp', types };
    }
    case 'state': {
      const states = allOf(items, stateName);
      return states && { kind: 'state', states };
    }
    case 'direction': {
      const [way, ...more] = items.map((item) => DIRECTIONS.get(textOf(item) ?? String(item)));
      return way && more.length === 0 ? { kind: 'direction', direction: way } : undefined;
    }
    case 'family': {
      const families = allOf(items, (item) => FAMILY_NAMES.get(String(item)));
      return families && anyOf(families.map((family) => ({ kind: 'family', family })));
    }
    case 'address-type': {
      const types = allOf(items, textOf);
      return types && { ...field, types };
    }
    case 'mark': {
      const marks = allOf(items, (item) => numberOf(item, namingOf(field)));
      return marks && anyOf(marks.map((value) => ({ kind: 'mark', of: field.of, value, mask: 0xffff_ffff })));
    }
    case 'flags': {
      const values = allOf(items, (item) => flagCondition(item));
      return values && anyOf(values);
    }
    default:
      return undefined;
  }
}

const DIRECTIONS = new Map<string, 'original' | 'reply'>([
  ['original', 'original'],
  ['0', 'original'],
  ['reply', 'reply'],
  ['1', 'reply'],
]);

const FAMILY_NAMES = new Map<string, Family>([
  ['ipv4', 4],
  ['ip', 4],
  ['2', 4],
  ['ipv6', 6],
  ['ip6', 6],
  ['10', 6],
]);

/** Tests of single bits, as `ct state established,related`: one of them is set. */
export function hasFlag(field: Field, names: readonly Json[]): Plain | undefined {
  if (field.kind === 'state') return stateFlags(names);
  if (field.kind === 'status') return statusFlags(names);
  return field.kind === 'flags' ? hasTcpFlag(names) : undefined;
}

/** Older versions print `ct state & (established | related) == 0`. */
function noFlag(field: Field, mask: Json): Plain | undefined {
  const [kind, inner] = onlyKey(mask) ?? [''];
  const some = hasFlag(field, listOf(kind === '|' ? inner : mask));
  return some && turned(some);
}

/** `field & mask == value` */
export function maskedIs(field: Field, mask: Json, value: Json): Plain | undefined {
  if (field.kind === 'mark') {
    const [bits, wanted] = [numberOf(mask, namingOf(field)), numberOf(value, namingOf(field))];
    return bits === undefined || wanted === undefined
      ? undefined
      : { kind: 'mark', of: field.of, value: wanted, mask: bits };
  }
  if (field.kind === 'flags') return flagCondition(value, mask);
  if (field.kind === 'state' || field.kind === 'status') return value === 0 ? noFlag(field, mask) : undefined;
  if (field.kind === 'fragment-offset')
    return mask === 0x1fff && value === 0 ? { kind: 'fragment', not: true } : undefined;
  if (field.kind !== 'address' && field.kind !== 'original-address') return undefined;
  const [bits, wanted] = [valueOf(mask, field.family), valueOf(value, field.family)];
  if (bits === undefined || wanted === undefined) return undefined;
  const ranges = maskedRanges(field.family, wanted, bits);
  // Bits outside of the mask are never there.
  if (ranges === undefined || (wanted & bits) !== wanted) return undefined;
  return field.kind === 'address'
    ? { kind: 'address', end: field.end, ranges }
    : { kind: 'original', end: field.end, ranges };
}

function valueOf(item: Json, family: Family): bigint | undefined {
  const read = readAddress(textOf(item) ?? '');
  return read.ok && read.value.family === family ? read.value.value : undefined;
}

/** How many bits a mask of an address keeps; undefined if those are not the first ones. */
export function keptBits(mask: Json, family: Family): number | undefined {
  const value = valueOf(mask, family);
  if (value === undefined) return undefined;
  const rest = allBits(family) ^ value;
  return (rest & (rest + 1n)) === 0n ? addressBits(family) - (rest === 0n ? 0 : rest.toString(2).length) : undefined;
}

/** `<`, `>` and their like: of numbers alone. */
export function compared(field: Field, op: string, value: Json): Plain | undefined {
  const bound = numberOf(value, namingOf(field));
  if (bound === undefined || (field.kind !== 'port' && field.kind !== 'protocol' && field.kind !== 'original-port'))
    return undefined;
  const most = field.kind === 'protocol' ? 255 : 65_535;
  const range = { '<': [0, bound - 1], '<=': [0, bound], '>': [bound + 1, most], '>=': [bound, most] }[op];
  const [first = 0, last = -1] = range ?? [];
  return range === undefined || first > last ? undefined : isOneOf(field, [{ range: [first, last] }]);
}
