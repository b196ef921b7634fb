import { formatAddress, LONGEST, oddCharacters, parseAddress, readAddress, type Address } from './address.ts';
import { addressBits, type Family } from './family.ts';
import type { AddressFault, PrefixFault } from './fault.ts';
import { bad, good, type Failed, type Parsed } from './parsed.ts';

export type { PrefixFault } from './fault.ts';

/** A block of addresses: the first `length` bits of `value` are fixed, the bits below are 0. */
export interface Prefix {
  readonly family: Family;
  readonly value: bigint;
  readonly length: number;
}

type AddressParser = (text: string) => Parsed<Address, AddressFault>;

/**
 * Reads `ADDRESS/LENGTH`, or a bare address as the prefix of that one address. Strict like parseAddress; bits below the
 * length are a fault too, for either the length or the address is then a mistake.
 */
export const parsePrefix = (text: string): Parsed<Prefix, PrefixFault> => parseWith(parseAddress, text);

/** Reads a prefix by the same grammar, but of any value (see readAddress): for the output of the kernel's tools. */
export const readPrefix = (text: string): Parsed<Prefix, PrefixFault> => parseWith(readAddress, text);

function parseWith(parse: AddressParser, text: string): Parsed<Prefix, PrefixFault> {
  if (text.length > LONGEST) return bad('not-an-address');
  const characters = oddCharacters(text);
  if (characters !== undefined) return failed(characters.fault, characters.meant);
  const slash = text.indexOf('/');
  if (slash < 0) return bareAddress(parse, text);
  const address = parse(text.slice(0, slash));
  const lengthText = text.slice(slash + 1);
  if (!address.ok) return addressFault(address, text.slice(0, slash), lengthText);
  return withLength(address.value, lengthText);
}

function bareAddress(parse: AddressParser, text: string): Parsed<Prefix, PrefixFault> {
  const address = parse(text);
  if (address.ok) return good({ ...address.value, length: addressBits(address.value.family) });
  const network = /^[0-9]+\.[0-9]+\.[0-9]+$/.test(text) ? `${text}.0/24` : undefined;
  return failed(address.fault, address.hint ?? network);
}

function withLength({ family, value }: Address, text: string): Parsed<Prefix, PrefixFault> {
  const length = parseLength(text, family);
  if (length === undefined) return failed('bad-length', lengthMeant({ family, value }, text));
  const network = value & mask(family, length);
  if (network === value) return good({ family, value, length });
  return failed('host-bits', formatPrefix({ family, value: network, length }));
}

function parseLength(text: string, family: Family): number | undefined {
  const length = /^(?:0|[1-9][0-9]{0,2})$/.test(text) ? Number(text) : Number.NaN;
  return length <= addressBits(family) ? length : undefined;
}

/** For `/024` and for `/255.255.255.0`. */
function lengthMeant(address: Address, text: string): string | undefined {
  const length = /^0+[0-9]/.test(text) ? text.replace(/^0+(?=.)/, '') : maskLength(address.family, text);
  return length === undefined ? undefined : `${formatAddress(address)}/${length}`;
}

function maskLength(family: Family, text: string): number | undefined {
  const given = readAddress(text);
  if (!given.ok || given.value.family !== family) return undefined;
  const lengths = Array.from({ length: addressBits(family) }, (_, index) => index + 1);
  return lengths.find((length) => mask(family, length) === given.value.value);
}

/** The hint of a wrong address, with the length that stood behind it. */
function addressFault(address: Failed<AddressFault>, text: string, length: string): Failed<PrefixFault> {
  if (address.fault === 'mapped-v4' || address.fault === 'compat-v4') {
    return failed(address.fault, /^[0-9]+$/.test(length) ? `${address.hint}/${Number(length) - 96}` : undefined);
  }
  if (/^[0-9]+(?:\.[0-9]+){0,2}$/.test(text)) {
    return failed(address.fault, `${[...text.split('.'), '0', '0', '0'].slice(0, 4).join('.')}/${length}`);
  }
  return failed(address.fault, address.hint === undefined ? undefined : `${address.hint}/${length}`);
}

/**
 * Gives the candidate as hint if it is a prefix, else the hint that reading it gives. Nobody is told to write a prefix
 * that means everyone.
 */
function failed(fault: PrefixFault, candidate?: string): Failed<PrefixFault> {
  if (candidate === undefined) return bad(fault);
  const meant = parsePrefix(candidate);
  if (!meant.ok) return bad(fault, meant.hint);
  return bad(fault, meant.value.length === 0 ? undefined : candidate);
}

/** The bits that a prefix of this length fixes, as a value of the family. */
export function mask(family: Family, length: number): bigint {
  const free = BigInt(addressBits(family) - length);
  return ((1n << BigInt(length)) - 1n) << free;
}

/** `ADDRESS/LENGTH`; the length of a single address is left out, as ipset prints it. */
export const formatPrefix = (p: Prefix): string =>
  p.length === addressBits(p.family) ? formatAddress(p) : `${formatAddress(p)}/${p.length}`;

/** Whether the address lies in the prefix; never, where the families differ. */
export const prefixContains = (p: Prefix, a: Address): boolean =>
  p.family === a.family && (a.value & mask(p.family, p.length)) === p.value;

/** Whether every address of `b` lies in `a`. */
export const prefixCovers = (a: Prefix, b: Prefix): boolean => a.length <= b.length && prefixContains(a, b);

/** Whether some address lies in both: of two prefixes that do, one covers the other. */
export const prefixesOverlap = (a: Prefix, b: Prefix): boolean => prefixCovers(a, b) || prefixCovers(b, a);
