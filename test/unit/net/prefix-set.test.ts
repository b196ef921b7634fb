import { BlockList } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/net/address.ts';
import { addressBits, FAMILIES, type Family } from '../../../src/net/family.ts';
import { mask, type Prefix } from '../../../src/net/prefix.ts';
import { PrefixSet } from '../../../src/net/prefix-set.ts';
import { addressOf, familyArb, intervalsOf, prefix, prefixOf } from './arbitraries.ts';
import { listsOf, manyPrefixes, setIn, setOf, textsOf } from './sets.ts';
import { BLOCKS, blocksOf, covered, edges, fewest, PIECES, piecesArb, prefixIn, universeArb } from './universe.ts';

describe('PrefixSet.of', () => {
  it('sorts, drops what is covered, and merges halves again and again', () => {
    expect(textsOf(setOf('10.0.3.0/24', '10.0.0.0/23', '10.0.1.7', '10.0.2.0/24', '192.0.2.9', '9.9.9.9'))).toEqual([
      '9.9.9.9',
      '10.0.0.0/22',
      '192.0.2.9',
    ]);
    expect(textsOf(setOf('2001:db8:0:1::/64', '2001:db8::/64', '2001:db8::5', '::'))).toEqual(['::', '2001:db8::/63']);
  });

  it('leaves neighbours alone that are no halves of one prefix', () => {
    expect(textsOf(setOf('10.0.1.0/24', '10.0.2.0/24'))).toEqual(['10.0.1.0/24', '10.0.2.0/24']);
    expect(textsOf(setOf('10.0.0.0/24', '10.0.1.0/25'))).toEqual(['10.0.0.0/24', '10.0.1.0/25']);
  });

  it('compares values as unsigned numbers', () => {
    expect(textsOf(setOf('200.0.0.0/8', '100.0.0.0/8', '255.255.255.255'))).toEqual([
      '100.0.0.0/8',
      '200.0.0.0/8',
      '255.255.255.255',
    ]);
  });

  it('refuses a prefix of the other family, or with host bits', () => {
    expect(() => PrefixSet.of(4, [prefix('::1')])).toThrow(RangeError);
    expect(() => PrefixSet.of(4, [{ family: 4, value: 1n, length: 24 }])).toThrow(RangeError);
  });

  it('gives the fewest prefixes', () => {
    fc.assert(
      fc.property(universeArb, piecesArb, (universe, pieces) => {
        const set = setIn(universe, pieces);
        expect([...set.prefixes()]).toEqual(fewest(covered(pieces)).map((piece) => prefixIn(universe, piece)));
        expect(set.size).toBe([...set.prefixes()].length);
      }),
      { numRuns: 400 },
    );
  });

  it('covers the same intervals, wherever the prefixes are', () => {
    fc.assert(
      fc.property(listsOf, ({ family, prefixes }) => {
        const set = PrefixSet.of(family, prefixes);
        const intervals = intervalsOf(prefixes);
        expect(intervalsOf(set.prefixes())).toEqual(intervals);
        expect([...set.prefixes()]).toEqual(intervals.flatMap(([first, last]) => decompose(family, first, last)));
      }),
      { numRuns: 250 },
    );
  });

  it('does so for more entries than one digit of the sort can tell apart', () => {
    for (const family of FAMILIES) {
      const prefixes = manyPrefixes(family, 70_000);
      const set = PrefixSet.of(family, prefixes);
      expect(intervalsOf(set.prefixes())).toEqual(intervalsOf(prefixes));
    }
  });
});

/** The fewest prefixes of an interval, by the textbook: always the largest that starts here and ends in time. */
function decompose(family: Family, first: bigint, last: bigint): Prefix[] {
  const prefixes: Prefix[] = [];
  for (let value = first; value <= last;) {
    let length = addressBits(family);
    const fits = (shorter: number): boolean =>
      (value & mask(family, shorter)) === value && value + 2n ** BigInt(addressBits(family) - shorter) - 1n <= last;
    while (length > 0 && fits(length - 1)) length--;
    prefixes.push({ family, value, length });
    value += 2n ** BigInt(addressBits(family) - length);
  }
  return prefixes;
}

describe('has, covers and overlaps', () => {
  it('answer as sets of numbers do', () => {
    fc.assert(
      fc.property(universeArb, piecesArb, (universe, pieces) => {
        const set = setIn(universe, pieces);
        const blocks = covered(pieces);
        const within = (block: number): boolean => blocks.has(block);
        const held = BLOCKS.map((block) => edges(universe, block).map((address) => set.has(address)));
        expect(held).toEqual(BLOCKS.map((block) => [within(block), within(block)]));
        const asked = PIECES.map((piece) => prefixIn(universe, piece));
        expect(asked.map((p) => set.covers(p))).toEqual(PIECES.map((piece) => blocksOf(piece).every(within)));
        expect(asked.map((p) => set.overlaps(p))).toEqual(PIECES.map((piece) => blocksOf(piece).some(within)));
      }),
      { numRuns: 300 },
    );
  });

  it('has what the block list of node:net has', () => {
    const asked = familyArb.chain((family) =>
      fc.record({
        prefixes: fc.array(
          prefixOf(family).filter(({ length }) => length > 0),
          { maxLength: 12 },
        ),
        noise: fc.array(addressOf(family), { minLength: 5, maxLength: 5 }),
        family: fc.constant(family),
      }),
    );
    fc.assert(
      fc.property(asked, ({ family, prefixes, noise }) => {
        const list = new BlockList();
        for (const p of prefixes) list.addSubnet(formatAddress(p), p.length, `ipv${family}`);
        const set = PrefixSet.of(family, prefixes);
        const inside = prefixes.flatMap((p) => noise.map(({ value }) => p.value | (value & ~mask(family, p.length))));
        for (const value of [...inside, ...noise.map((address) => address.value)]) {
          const address = { family, value };
          expect([address, set.has(address)]).toEqual([address, list.check(formatAddress(address), `ipv${family}`)]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('keep the families apart', () => {
    const everyone = setOf('0.0.0.0/0');
    expect(everyone.has({ family: 4, value: 1n })).toBe(true);
    expect(everyone.has({ family: 6, value: 1n })).toBe(false);
    expect(everyone.covers(prefix('::1'))).toBe(false);
    expect(everyone.overlaps(prefix('::1'))).toBe(false);
  });

  it('are never true of the empty set', () => {
    const empty = PrefixSet.empty(6);
    expect([
      empty.size,
      empty.has({ family: 6, value: 0n }),
      empty.covers(prefix('::1')),
      empty.overlaps(prefix('::/0')),
    ]).toEqual([0, false, false, false]);
    expect([[...empty.prefixes()], empty.lengths(), [...empty.restoreChunks('add x ')]]).toEqual([[], [], []]);
  });
});
