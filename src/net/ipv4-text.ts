import type { AddressFault } from './fault.ts';
import { bad, good, type Parsed } from './parsed.ts';

const DOTTED = /^[0-9.]+$/;
/** What inet_aton() and browsers take for an address: parts in decimal, octal or hexadecimal. */
const LOOSE = /^(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+))*$/i;

/**
 * Reads a dotted quad into its 32 bits. Only four decimal parts without leading zeros will do: inet_aton() also takes
 * octal, hexadecimal and fewer parts, and two programs that read one text as two addresses are a hole (RFC 6943, 3.1.1).
 */
export function parseIpv4(text: string): Parsed<number, AddressFault> {
  if (!DOTTED.test(text)) return bad(LOOSE.test(text) ? 'hex-v4' : 'not-an-address');
  const parts = text.split('.');
  if (parts.includes('')) return bad('empty-part');
  const plain = parts.map((part) => part.replace(/^0+(?=.)/, ''));
  if (plain.some((part, index) => part !== parts[index])) return bad('octal', plain.join('.'));
  if (parts.length < 4) return bad('short-v4', filledUp(parts));
  if (parts.length > 4) return bad('long-v4');
  const octets = parts.map(Number);
  if (octets.some((octet) => octet > 255)) return bad('octet-range');
  return good(octets.reduce((value, octet) => value * 256 + octet, 0));
}

/** '10.1' is '10.0.0.1' to everyone who fills it up; '10' and '192.168.1' have more than one likely meaning. */
const filledUp = (parts: readonly string[]): string | undefined =>
  parts.length === 2 ? `${parts[0]}.0.0.${parts[1]}` : undefined;

/** The dotted quad of 32 bits. */
export const formatIpv4 = (value: number): string =>
  `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
