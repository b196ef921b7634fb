import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PrefixSet } from '../../../src/net/prefix-set.ts';
import { joined, listsOf, manyPrefixes, setOf, textsOf } from './sets.ts';

describe('restoreChunks', () => {
  it('writes each prefix as formatPrefix does, between head and tail', () => {
    fc.assert(
      fc.property(
        listsOf,
        fc.constantFrom('', 'add sw-träger '),
        fc.constantFrom('', ' timeout 5'),
        ({ family, prefixes }, head, tail) => {
          const set = PrefixSet.of(family, prefixes);
          const lines = textsOf(set).map((text) => `${head}${text}${tail}\n`);
          expect(joined(set.restoreChunks(head, tail))).toBe(lines.join(''));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('splits long sets at line ends into chunks that stay as they are', () => {
    const set = PrefixSet.of(6, manyPrefixes(6, 30_000));
    const chunks = [...set.restoreChunks('add name ')];
    expect(chunks.length).toBeGreaterThan(3);
    for (const chunk of chunks) {
      expect(chunk.length).toBeLessThanOrEqual(256 * 1024);
      expect(chunk.at(-1)).toBe(10);
    }
    expect(joined(chunks)).toBe(
      textsOf(set)
        .map((text) => `add name ${text}\n`)
        .join(''),
    );
  });

  it('copes with a head that is longer than a chunk', () => {
    const head = 'x'.repeat(300_000);
    expect(joined(setOf('1.2.3.4', '5.6.7.8').restoreChunks(head))).toBe(`${head}1.2.3.4\n${head}5.6.7.8\n`);
  });
});
