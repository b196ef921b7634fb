import type { Family } from './family.ts';
import type { AddressFault } from './fault.ts';
import { formatIpv4, parseIpv4 } from './ipv4-text.ts';
import { formatIpv6, parseIpv6 } from './ipv6-text.ts';
import { bad, good, type Failed, type Parsed } from './parsed.ts';

export type { AddressFault } from './fault.ts';
export type { Parsed } from './parsed.ts';

/** One IP address: `value` has 32 bits in family 4, 128 bits in family 6. */
export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

/** More than any text of an address or a prefix has, so that megabytes are not searched for what is wrong with them. */
export const LONGEST = 100;

/**
 * Reads an address that a person or a list gives. Strict: what different programs read as different addresses, or what
 * no packet carries as its source, is a fault. A hint, where there is one, is a text that this function accepts.
 */
export function parseAddress(text: string): Parsed<Address, AddressFault> {
  const read = readAddress(text);
  if (!read.ok) return read;
  const fault = embeddedV4Fault(read.value);
  return fault === undefined ? read : bad(fault, formatIpv4(Number(read.value.value & 0xffff_ffffn)));
}

/**
 * Reads an address by the same grammar, but of any value: for the output of the kernel's tools, which can show an
 * IPv4-mapped address that someone put into a set.
 */
export function readAddress(text: string): Parsed<Address, AddressFault> {
  const odd = oddity(text);
  if (odd !== undefined) return odd;
  if (!text.includes(':')) return checked(parseIpv4(text), 4);
  if (/^[0-9.]+:[0-9]+$/.test(text)) return failed('with-port', text.slice(0, text.indexOf(':')));
  return checked(parseIpv6(text), 6);
}

/** What is wrong with the text as such, whichever family it was meant to be. */
function oddity(text: string): Failed<AddressFault> | undefined {
  if (text === '') return bad('empty');
  if (text.length > LONGEST) return bad('not-an-address');
  const characters = oddCharacters(text);
  if (characters !== undefined) return failed(characters.fault, characters.meant);
  if (text.includes('/')) return bad('has-length');
  const bracketed = /^\[([^\]]*)\](:[0-9]+)?$/.exec(text);
  if (bracketed) return failed(bracketed[2] === undefined ? 'brackets' : 'with-port', bracketed[1]);
  return zoneFault(text);
}

/** White space, or what only looks like digits and dots, in an address or a prefix; with the text without it. */
export function oddCharacters(text: string): { fault: AddressFault; meant: string | undefined } | undefined {
  const spaced = /\s/.test(text);
  if (!spaced && !/[^!-~]/.test(text)) return undefined;
  const meant = spaced ? unspaced(text) : plain(text);
  return { fault: spaced ? 'whitespace' : 'not-ascii', meant: meant === text ? undefined : meant };
}

const unspaced = (text: string): string => {
  const parts = text.split('/').map((part) => part.trim());
  return parts.join('/');
};

/** Compatibility forms turn fullwidth digits into plain ones; format characters (zero-width spaces) come with copied text. */
const plain = (text: string): string => text.normalize('NFKC').replace(/\p{Cf}/gu, '');

/** A zone (RFC 4007, 11) names an interface of one machine; only behind an IPv6 address is it one. */
function zoneFault(text: string): Failed<AddressFault> | undefined {
  const [address = '', zone] = text.split('%', 2);
  if (zone === undefined) return undefined;
  return parseIpv6(address).ok ? failed('zone', address) : bad('not-an-address');
}

/**
 * Judged by value, so that `::ffff:102:304` is found as surely as `::ffff:1.2.3.4` (RFC 4291, 2.5.5). `::` to `::ffff`
 * are not IPv4-compatible addresses to any tool that prints them.
 */
function embeddedV4Fault({ family, value }: Address): AddressFault | undefined {
  if (family === 4) return undefined;
  const upper = value >> 32n;
  if (upper === 0xffffn) return 'mapped-v4';
  return upper === 0n && value > 0xffffn ? 'compat-v4' : undefined;
}

function checked(parsed: Parsed<number | bigint, AddressFault>, family: Family): Parsed<Address, AddressFault> {
  return parsed.ok ? good({ family, value: BigInt(parsed.value) }) : failed(parsed.fault, parsed.hint);
}

/** Gives the candidate as hint if it is an address, else the hint that reading it gives. */
function failed(fault: AddressFault, candidate?: string): Failed<AddressFault> {
  if (candidate === undefined) return bad(fault);
  const meant = parseAddress(candidate);
  return bad(fault, meant.ok ? candidate : meant.hint);
}

/** A dotted quad, or the canonical text of RFC 5952 in hexadecimal throughout. */
export const formatAddress = ({ family, value }: Address): string =>
  family === 4 ? formatIpv4(Number(value)) : formatIpv6(value);
