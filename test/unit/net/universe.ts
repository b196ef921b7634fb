import * as fc from 'fast-check';
import type { Address } from '../../../src/net/address.ts';
import { addressBits, type Family } from '../../../src/net/family.ts';
import type { Prefix } from '../../../src/net/prefix.ts';

/**
 * 64 blocks of addresses under one base, small enough for sets of plain numbers to be the oracle. The base is as long as
 * said, so that the blocks' bits lie anywhere in an address, also across the words that it is stored in.
 */
export interface Universe {
  readonly family: Family;
  readonly base: number;
}

/** A prefix within the universe: the first `length` of its six bits are those of `block`, a number below 64. */
export interface Piece {
  readonly block: number;
  readonly length: number;
}

const BITS = 6;
export const BLOCKS: readonly number[] = Array.from({ length: 2 ** BITS }, (_, block) => block);

/** Every piece there is in a universe. */
export const PIECES: readonly Piece[] = BLOCKS.flatMap((block) =>
  Array.from({ length: BITS + 1 }, (_, length) => ({ block, length })),
).filter(({ block, length }) => block % 2 ** (BITS - length) === 0);

export const universeArb: fc.Arbitrary<Universe> = fc.constantFrom(
  ...[0, 1, 13, 26].map((base): Universe => ({ family: 4, base })),
  ...[0, 20, 29, 32, 61, 93, 122].map((base): Universe => ({ family: 6, base })),
);

export const piecesArb: fc.Arbitrary<Piece[]> = fc.oneof(
  fc.array(fc.constantFrom(...PIECES.filter(({ length }) => length > 2)), { maxLength: 40 }),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 6 }),
  fc.subarray(
    PIECES.filter(({ length }) => length === BITS),
    { minLength: 20 },
  ),
);

/** A value whose bits are mixed, so that a base that is ignored shows. */
const PATTERN = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835n;

const shift = ({ family, base }: Universe): bigint => BigInt(addressBits(family) - base - BITS);

const baseValue = (universe: Universe): bigint => {
  const below = shift(universe) + BigInt(BITS);
  return ((PATTERN >> BigInt(128 - addressBits(universe.family))) >> below) << below;
};

export const prefixIn = (universe: Universe, { block, length }: Piece): Prefix => ({
  family: universe.family,
  value: baseValue(universe) | (BigInt(block) << shift(universe)),
  length: universe.base + length,
});

/** The first and the last address of a block. */
export function edges(universe: Universe, block: number): readonly Address[] {
  const { family, value } = prefixIn(universe, { block, length: BITS });
  return [
    { family, value },
    { family, value: value + 2n ** shift(universe) - 1n },
  ];
}

export const blocksOf = ({ block, length }: Piece): readonly number[] =>
  Array.from({ length: 2 ** (BITS - length) }, (_, n) => block + n);

export const covered = (pieces: readonly Piece[]): ReadonlySet<number> => new Set(pieces.flatMap(blocksOf));

/** The fewest pieces that make up the blocks, ascending: the whole if all are there, else those of both halves. */
export function fewest(blocks: ReadonlySet<number>, whole: Piece = { block: 0, length: 0 }): Piece[] {
  const own = blocksOf(whole).filter((block) => blocks.has(block));
  if (own.length === 0) return [];
  if (own.length === 2 ** (BITS - whole.length)) return [whole];
  const length = whole.length + 1;
  const second = whole.block + 2 ** (BITS - length);
  return [...fewest(blocks, { block: whole.block, length }), ...fewest(blocks, { block: second, length })];
}
