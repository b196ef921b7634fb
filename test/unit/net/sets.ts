import * as fc from 'fast-check';
import { addressBits, type Family } from '../../../src/net/family.ts';
import { formatPrefix, mask, type Prefix } from '../../../src/net/prefix.ts';
import { PrefixSet } from '../../../src/net/prefix-set.ts';
import { familyArb, prefix, prefixOf } from './arbitraries.ts';
import { prefixIn, type Piece, type Universe } from './universe.ts';

/** Of the family of the first. */
export const setOf = (...texts: readonly string[]): PrefixSet => {
  const prefixes = texts.map(prefix);
  return PrefixSet.of(prefixes[0]?.family ?? 4, prefixes);
};

export const setIn = (universe: Universe, pieces: readonly Piece[]): PrefixSet =>
  PrefixSet.of(
    universe.family,
    pieces.map((piece) => prefixIn(universe, piece)),
  );

export const textsOf = (set: { prefixes(): Iterable<Prefix> }): string[] => [...set.prefixes()].map(formatPrefix);

export const joined = (chunks: Iterable<Uint8Array>): string => new TextDecoder().decode(Buffer.concat([...chunks]));

/** Prefixes anywhere, all of one family. */
export const listsOf = familyArb.chain((family) =>
  fc.record({ family: fc.constant(family), prefixes: fc.array(prefixOf(family), { maxLength: 60 }) }),
);

/** Always the same, all over the address space, of all lengths from 16 on. */
export function manyPrefixes(family: Family, count: number): Prefix[] {
  let state = 1n;
  return Array.from({ length: count }, () => {
    state =
      (state * 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645n + 0x5851_f42d_4c95_7f2d_1405_7b7e_f767_814fn) % 2n ** 128n;
    const length = 16 + Number((state >> 20n) % BigInt(addressBits(family) - 15));
    return { family, value: (state >> BigInt(128 - addressBits(family))) & mask(family, length), length };
  });
}
