import { readAddress, type Address } from '../../net/address.ts';
import { addressBits, type Family } from '../../net/family.ts';
import { allBits, maskedRanges } from '../../ruleset/address-ranges.ts';
import type { AddressRange, NumberRange } from '../../ruleset/ranges.ts';
import { SERVICES } from '../../net/protocol-names.ts';

/** Decimal, or hexadecimal with `0x`, up to 32 bits. */
export function numberOf(text = ''): number | undefined {
  if (!/^(?:0x[0-9a-f]{1,8}|[0-9]{1,10})$/i.test(text)) return undefined;
  const value = Number(text);
  return value <= 0xffff_ffff ? value : undefined;
}

/** `VALUE` or `VALUE/MASK`. */
export function maskedNumber(text = ''): { value: number; mask: number } | undefined {
  const [first, second, ...more] = text.split('/');
  const value = numberOf(first);
  const mask = second === undefined ? 0xffff_ffff : numberOf(second);
  return value === undefined || mask === undefined || more.length > 0 ? undefined : { value, mask };
}

/** `22`, `ssh`, `8000:8010`, `:1023`, `1024:`; `-` stands between the ends in a NAT target. */
export function portRange(text = '', between = ':'): NumberRange | undefined {
  const [low = '', high = low, ...more] = text.split(between);
  const first = low === '' && high !== '' ? 0 : portOf(low);
  const last = high === '' && low !== '' ? 65_535 : portOf(high);
  if (first === undefined || last === undefined || more.length > 0 || first > last) return undefined;
  return { first, last };
}

function portOf(text: string): number | undefined {
  const value = SERVICES.get(text) ?? (/^[0-9]{1,5}$/.test(text) ? Number(text) : undefined);
  return value !== undefined && value <= 65_535 ? value : undefined;
}

/** Of a list with commas; undefined if a part of it is none. */
export function listOf<T>(text: string | undefined, read: (part: string) => T | undefined): T[] | undefined {
  const parts = (text ?? '').split(',').map(read);
  return parts.every((part) => part !== undefined) ? parts : undefined;
}

export function addressOf(text: string, family: Family): Address | undefined {
  const read = readAddress(text);
  return read.ok && read.value.family === family ? read.value : undefined;
}

/** `10.0.0.1-10.0.0.9`, or one address alone. */
export function addressSpan(text: string, family: Family): AddressRange | undefined {
  const [low = '', high = low, ...more] = text.split('-');
  const first = addressOf(low, family);
  const last = addressOf(high, family);
  return first && last && more.length === 0 && first.value <= last.value ? { first, last } : undefined;
}

/** `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, or any other mask, as long as the addresses make few stretches. */
export function maskedAddresses(text: string, family: Family): AddressRange[] | undefined {
  const [head = '', tail, ...more] = text.split('/');
  const address = addressOf(head, family);
  const mask = maskOf(tail, family);
  if (address === undefined || mask === undefined || more.length > 0) return undefined;
  return maskedRanges(family, address.value, mask);
}

function maskOf(text: string | undefined, family: Family): bigint | undefined {
  const all = allBits(family);
  if (text === undefined) return all;
  if (!/^[0-9]{1,3}$/.test(text)) return addressOf(text, family)?.value;
  return Number(text) <= addressBits(family) ? all ^ (all >> BigInt(text)) : undefined;
}
