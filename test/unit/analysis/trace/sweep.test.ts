import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { sweptClasses } from '../../../../src/analysis/trace/sweep.ts';
import type { Prefix } from '../../../../src/net/prefix.ts';
import { PrefixSet } from '../../../../src/net/prefix-set.ts';

// Few addresses, at both ends of the space, so that prefixes meet, nest and touch the ends.
const prefix = fc
  .record({ high: fc.boolean(), at: fc.integer({ min: 0, max: 31 }), length: fc.integer({ min: 27, max: 32 }) })
  .map(({ high, at, length }): Prefix => {
    const size = 2 ** (32 - length);
    return { family: 4, value: BigInt((high ? 2 ** 32 - 32 : 0) + Math.floor(at / size) * size), length };
  });
const everyone: Prefix = { family: 4, value: 0n, length: 0 };
const prefixSet = fc
  .array(fc.oneof({ weight: 20, arbitrary: prefix }, fc.constant(everyone)), { maxLength: 8 })
  .map((list) => PrefixSet.of(4, list));
const ADDRESSES = [0, 2 ** 31, 2 ** 32 - 32]
  .flatMap((base) => Array.from({ length: 32 }, (_, at) => BigInt(base + at)))
  .concat([4096n, 4097n, 4100n, 24_092n, 24_096n]);

it('puts two addresses into one class exactly if the same sets hold them', () => {
  // Long enough to be merged into the others.
  const long = PrefixSet.of(
    4,
    Array.from({ length: 5000 }, (_, at): Prefix => ({ family: 4, value: BigInt(4096 + 4 * at), length: 32 })),
  );
  const longSet = prefixSet.map((set) => set.union(long));
  const anySet = fc.oneof({ weight: 3, arbitrary: prefixSet }, { weight: 1, arbitrary: longSet });
  fc.assert(
    fc.property(fc.array(anySet, { maxLength: 5 }), (sets) => {
      const classes = sweptClasses(sets);
      const signatures = new Map<string, number>();
      for (const value of ADDRESSES) {
        const address = { family: 4, value } as const;
        const holding = classes.flatMap((each, at) => (each.has(address) ? [at] : []));
        expect(holding).toHaveLength(1);
        const signature = sets.map((set) => set.has(address)).join();
        expect(signatures.get(signature) ?? holding[0]).toBe(holding[0]);
        signatures.set(signature, holding[0] ?? -1);
      }
      expect(new Set(signatures.values()).size).toBe(signatures.size);
      expect(classes.reduce((sum, each) => sum + each.share(), 0)).toBe(1);
    }),
  );
});
