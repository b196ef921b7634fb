import { readAddress } from '../../net/address.ts';
import { addressBits, type Family } from '../../net/family.ts';

/** What the `create` line says of how entries are meant. */
export interface SetOptions {
  readonly family: Family;
  /** Of each address so many bits count, also of the packet's. */
  readonly netmask: number;
  /** Some other bits count: nobody here can say which addresses an entry means. */
  readonly oddMask: boolean;
  readonly changing: boolean;
}

export function readOptions(text: string): SetOptions {
  const family: Family = / family inet6(?: |$)/.test(text) ? 6 : 4;
  const bits = addressBits(family);
  const [, netmask] = / netmask ([0-9]+)(?: |$)/.exec(text) ?? [];
  const [, bitmask] = / bitmask (\S+)/.exec(text) ?? [];
  const length = bitmask === undefined ? Number(netmask ?? bits) : maskLength(bitmask, family);
  const oddMark = / markmask (\S+)/.exec(text)?.[1] ?? '0xffffffff';
  return {
    family,
    netmask: length ?? bits,
    oddMask: length === undefined || oddMark.toLowerCase() !== '0xffffffff',
    changing: / (?:timeout|forceadd)(?: |$)/.test(text),
  };
}

/** How many bits a mask keeps, undefined if those are not the first ones. */
function maskLength(text: string, family: Family): number | undefined {
  const mask = readAddress(text);
  if (!mask.ok) return undefined;
  const rest = ((1n << BigInt(addressBits(family))) - 1n) ^ mask.value.value;
  return (rest & (rest + 1n)) === 0n ? addressBits(family) - (rest === 0n ? 0 : rest.toString(2).length) : undefined;
}
