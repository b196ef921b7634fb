import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPrefix } from '../../../src/net/prefix.ts';
import { isEveryone, PrefixSet } from '../../../src/net/prefix-set.ts';
import { subtract } from '../../../src/net/subtract.ts';
import { listsOf, setIn, setOf, textsOf } from './sets.ts';
import { covered, fewest, piecesArb, prefixIn, universeArb } from './universe.ts';

describe('subtract and entriesNotIn', () => {
  it('leave what sets of numbers leave', () => {
    fc.assert(
      fc.property(universeArb, piecesArb, piecesArb, (universe, some, others) => {
        const [a, b] = [setIn(universe, some), setIn(universe, others)];
        const taken = covered(others);
        const left = new Set([...covered(some)].filter((block) => !taken.has(block)));
        expect([...subtract(a, b).prefixes()]).toEqual(fewest(left).map((piece) => prefixIn(universe, piece)));
        const texts = textsOf(b);
        expect([...a.entriesNotIn(b)].map(formatPrefix)).toEqual(textsOf(a).filter((text) => !texts.includes(text)));
      }),
      { numRuns: 500 },
    );
    expect(() => subtract(PrefixSet.empty(4), PrefixSet.empty(6))).toThrow(RangeError);
  });
});

describe('equals, union, lengths and isEveryone', () => {
  it('equals by the addresses, however they were given', () => {
    fc.assert(
      fc.property(universeArb, piecesArb, piecesArb, (universe, some, others) => {
        const [a, b] = [some, others].map((pieces) => setIn(universe, pieces));
        const [x, y] = [covered(some), covered(others)];
        expect(b && a?.equals(b)).toBe(x.size === y.size && [...x].every((block) => y.has(block)));
        expect(
          a?.equals(
            PrefixSet.of(
              universe.family,
              [...x].toReversed().map((block) => prefixIn(universe, { block, length: 6 })),
            ),
          ),
        ).toBe(true);
      }),
      { numRuns: 300 },
    );
    expect(setOf('1.2.3.0/24').equals(setOf('1.2.3.0/25'))).toBe(false);
    expect(PrefixSet.empty(4).equals(PrefixSet.empty(6))).toBe(false);
  });

  it('unites', () => {
    fc.assert(
      fc.property(universeArb, piecesArb, piecesArb, (universe, some, others) => {
        const [a, b, both] = [some, others, [...some, ...others]].map((pieces) => setIn(universe, pieces));
        if (!a || !b || !both) throw new Error('three sets');
        const before = textsOf(a);
        expect(a.union(b).equals(both)).toBe(true);
        expect(textsOf(a)).toEqual(before);
      }),
      { numRuns: 300 },
    );
    expect(() => PrefixSet.empty(4).union(PrefixSet.empty(6))).toThrow(RangeError);
  });

  it('tells the distinct lengths', () => {
    const set = setOf('10.0.0.0/8', '1.2.3.4', '9.9.0.0/16', '9.8.0.0/16', '7.7.7.7');
    expect(set.lengths()).toEqual([8, 15, 32]);
    expect([...set.countByLength()]).toEqual([
      [8, 1],
      [15, 1],
      [32, 2],
    ]);
  });

  it('finds everyone', () => {
    expect(isEveryone(setOf('0.0.0.0/0'))).toBe(true);
    expect(isEveryone(setOf('128.0.0.0/1', '64.0.0.0/2', '0.0.0.0/2'))).toBe(true);
    expect(isEveryone(setOf('::/1', '8000::/1'))).toBe(true);
    expect(isEveryone(setOf('::/1'))).toBe(false);
    expect(isEveryone(setOf('0.0.0.0/1', '128.0.0.0/2'))).toBe(false);
    expect(isEveryone(PrefixSet.empty(4))).toBe(false);
  });
});

describe('toBytes, fromBytes and fingerprint', () => {
  it('give the set back, and one fingerprint per set', () => {
    fc.assert(
      fc.property(listsOf, listsOf, ({ family, prefixes }, other) => {
        const set = PrefixSet.of(family, prefixes);
        const copy = PrefixSet.fromBytes(family, set.toBytes());
        expect(copy.equals(set)).toBe(true);
        expect(textsOf(copy)).toEqual(textsOf(set));
        const others = PrefixSet.of(other.family, other.prefixes);
        expect(set.fingerprint() === others.fingerprint()).toBe(set.equals(others));
        expect(copy.fingerprint()).toBe(set.fingerprint());
      }),
    );
  });

  it('refuse bytes that are no set', () => {
    expect(() => PrefixSet.fromBytes(4, new Uint8Array(6))).toThrow(RangeError);
  });
});
