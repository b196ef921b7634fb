import * as fc from 'fast-check';
import type { Address } from '../../../src/net/address.ts';
import { addressBits, FAMILIES, type Family } from '../../../src/net/family.ts';
import { parsePrefix, type Prefix } from '../../../src/net/prefix.ts';

export const familyArb = fc.constantFrom(...FAMILIES);

/** Values with runs of zeros and ones, as real addresses have, and with single bits at the edges of words. */
const valueArb = (family: Family): fc.Arbitrary<bigint> => {
  const group = fc.oneof(fc.constantFrom(0, 0, 0, 1, 0x8000, 0xffff), fc.integer({ min: 0, max: 0xffff }));
  const count = addressBits(family) / 16;
  return fc
    .array(group, { minLength: count, maxLength: count })
    .map((groups) => groups.reduce((value, part) => (value << 16n) | BigInt(part), 0n));
};

export const addressOf = (family: Family): fc.Arbitrary<Address> =>
  valueArb(family).map((value) => ({ family, value }));

export const addressArb: fc.Arbitrary<Address> = familyArb.chain(addressOf);

export const prefixOf = (family: Family): fc.Arbitrary<Prefix> =>
  fc.tuple(valueArb(family), fc.integer({ min: 0, max: addressBits(family) })).map(([value, length]) => {
    const free = BigInt(addressBits(family) - length);
    return { family, value: (value >> free) << free, length };
  });

export const prefixArb: fc.Arbitrary<Prefix> = familyArb.chain(prefixOf);

/** `::ffff:0:0/96` and `::/96`, of which the strict parser takes only `::` to `::ffff`. */
export const embedsV4 = ({ family, value }: Address): boolean =>
  family === 6 &&
  ((value >= 0xffff_0000_0000n && value <= 0xffff_ffff_ffffn) || (value >= 0x1_0000n && value < 2n ** 32n));

/** A prefix that a test writes down; the test fails if it is none. */
export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.fault}`);
  return parsed.value;
}

export type Interval = readonly [first: bigint, last: bigint];

/** The oracle of what prefixes cover: intervals of values, overlapping and touching ones joined. */
export function intervalsOf(prefixes: Iterable<Prefix>): Interval[] {
  const all = [...prefixes].map(({ family, value, length }): Interval => [
    value,
    value + 2n ** BigInt(addressBits(family) - length) - 1n,
  ]);
  const joined: Interval[] = [];
  for (const [first, last] of all.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) {
    const before = joined.at(-1);
    if (before === undefined || first > before[1] + 1n) joined.push([first, last]);
    else if (last > before[1]) joined[joined.length - 1] = [before[0], last];
  }
  return joined;
}
