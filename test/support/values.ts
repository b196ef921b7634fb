import { parseAddress, type Address } from '../../src/net/address.ts';
import { addressBits, type Family } from '../../src/net/family.ts';
import { parsePortRange, PortSet, type PortRange, type Protocol } from '../../src/net/port.ts';
import { mask, parsePrefix, type Prefix } from '../../src/net/prefix.ts';
import { PrefixSet } from '../../src/net/prefix-set.ts';

/** What a test writes down as text; a test that writes nonsense fails. */
export function address(text: string): Address {
  const parsed = parseAddress(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.fault}`);
  return parsed.value;
}

export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.fault}`);
  return parsed.value;
}

export function port(text: string): PortRange {
  const parsed = parsePortRange(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.fault}`);
  return parsed.value;
}

/** Those of the texts that are of the family. */
export const prefixes = (family: Family, ...texts: readonly string[]): PrefixSet =>
  PrefixSet.of(
    family,
    texts.map(prefix).filter((each) => each.family === family),
  );

export const ports = (protocol: Protocol, ...texts: readonly string[]): PortSet =>
  PortSet.of(texts.map(port), protocol);

/** The network that an interface address like `192.0.2.7/24` is in. */
export function subnetOf(text: string): Prefix {
  const [host = '', bits] = text.split('/');
  const own = address(host);
  const length = bits === undefined ? addressBits(own.family) : Number(bits);
  return { family: own.family, value: own.value & mask(own.family, length), length };
}

/** Joined texts and bytes, as a file or a pipe would hold them. */
export const joined = (chunks: Iterable<string | Uint8Array>): string =>
  [...chunks].map((chunk) => (typeof chunk === 'string' ? chunk : new TextDecoder('latin1').decode(chunk))).join('');
