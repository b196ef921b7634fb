import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compactLengths } from '../../../src/net/compact.ts';
import { formatPrefix } from '../../../src/net/prefix.ts';
import { PrefixSet } from '../../../src/net/prefix-set.ts';
import { familyArb, intervalsOf, prefix, prefixOf } from './arbitraries.ts';
import { joined, setIn, setOf } from './sets.ts';
import { BLOCKS, covered, edges, piecesArb, prefixIn, universeArb } from './universe.ts';

const optionsArb = fc.record({ factor: fc.double({ min: 1, max: 6, noNaN: true }), allowance: fc.nat(200) });

/** How many entries the set has if only these lengths may stay; undefined if some prefix is longer than all of them. */
function entriesWith(set: PrefixSet, kept: readonly number[]): number | undefined {
  let entries = 0;
  for (const { length } of set.prefixes()) {
    const target = kept.find((one) => one >= length);
    if (target === undefined) return undefined;
    entries += 2 ** (target - length);
  }
  return entries;
}

const subsets = <T>(items: readonly T[]): T[][] =>
  items.reduce<T[][]>((all, item) => [...all, ...all.map((some) => [...some, item])], [[]]);

describe('compactLengths', () => {
  it('splits the few short prefixes, not the many long ones', () => {
    const set = setOf('10.0.0.0/30', '10.0.1.0/29', '10.0.2.0/31', '10.0.3.1', '10.0.4.2');
    const compact = compactLengths(set, { factor: 1, allowance: 3 });
    expect([...compact.prefixes()].map(formatPrefix)).toEqual([
      '10.0.0.0/30',
      '10.0.1.0/30',
      '10.0.1.4/30',
      '10.0.2.0',
      '10.0.2.1',
      '10.0.3.1',
      '10.0.4.2',
    ]);
    expect(compact.lengths()).toEqual([30, 32]);
  });

  it('leaves sets alone for which the budget allows nothing', () => {
    const set = setOf('10.0.0.0/8', '11.1.1.1');
    expect([...compactLengths(set).prefixes()]).toEqual([...set.prefixes()]);
    expect(compactLengths(PrefixSet.empty(6)).size).toBe(0);
    expect([...compactLengths(setOf('0.0.0.0/0')).prefixes()]).toEqual([prefix('0.0.0.0/0')]);
  });

  it('covers the same addresses with ascending, disjoint prefixes, within the budget', () => {
    const sets = familyArb.chain((family) =>
      fc.array(prefixOf(family), { maxLength: 60 }).map((prefixes) => PrefixSet.of(family, prefixes)),
    );
    fc.assert(
      fc.property(sets, optionsArb, (set, options) => {
        const compact = compactLengths(set, options);
        const prefixes = [...compact.prefixes()];
        expect(intervalsOf(prefixes)).toEqual(intervalsOf(set.prefixes()));
        for (const [index, p] of prefixes.entries()) {
          const before = prefixes[index - 1];
          if (before !== undefined) expect(intervalsOf([before])[0]?.[1]).toBeLessThan(p.value);
        }
        expect(compact.size).toBe(prefixes.length);
        expect(compact.size).toBeLessThanOrEqual(Math.max(set.size * options.factor, set.size + options.allowance));
        expect(compact.lengths()).toEqual([...new Set(prefixes.map(({ length }) => length))].toSorted((a, b) => a - b));
      }),
      { numRuns: 250 },
    );
  });

  it('has the fewest lengths that the budget allows, and among those the fewest entries', () => {
    fc.assert(
      fc.property(universeArb, piecesArb, optionsArb, (universe, pieces, options) => {
        const set = setIn(universe, pieces);
        const budget = Math.max(set.size * options.factor, set.size + options.allowance);
        const affordable = subsets(set.lengths())
          .map((kept) => ({ lengths: kept.length, entries: entriesWith(set, kept) ?? Number.POSITIVE_INFINITY }))
          .filter(({ entries }) => entries <= budget);
        const lengths = Math.min(...affordable.map((choice) => choice.lengths));
        const entries = Math.min(
          ...affordable.filter((choice) => choice.lengths === lengths).map((choice) => choice.entries),
        );
        const compact = compactLengths(set, options);
        expect([compact.lengths().length, compact.size]).toEqual([lengths, entries]);
      }),
      { numRuns: 250 },
    );
  });

  it('answers has and overlaps, and writes its lines, though it is not merged', () => {
    fc.assert(
      fc.property(universeArb, piecesArb, (universe, pieces) => {
        const compact = compactLengths(setIn(universe, pieces));
        const blocks = covered(pieces);
        for (const block of BLOCKS) {
          for (const address of edges(universe, block)) expect(compact.has(address)).toBe(blocks.has(block));
          expect(compact.overlaps(prefixIn(universe, { block, length: 6 }))).toBe(blocks.has(block));
        }
        const text = joined(compact.restoreChunks('add x '));
        expect(text).toBe([...compact.prefixes()].map((p) => `add x ${formatPrefix(p)}\n`).join(''));
      }),
      { numRuns: 200 },
    );
  });

  it('halves the lengths of a list as the internet has them for a quarter more entries', () => {
    const lengths = [...Array<number>(50).fill(24), ...Array<number>(30).fill(22), 20, 20, 20, 23, 23, 23, 21, 19];
    const set = PrefixSet.of(
      4,
      lengths.map((length, index) => ({ family: 4, value: BigInt(2 * index + 1) << 16n, length })),
    );
    const compact = compactLengths(set);
    expect(set.lengths()).toEqual([19, 20, 21, 22, 23, 24]);
    expect(compact.lengths()).toEqual([22, 24]);
  });
});
