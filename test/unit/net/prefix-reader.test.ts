import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPrefix } from '../../../src/net/prefix.ts';
import { wordsOf } from '../../../src/net/prefix-columns.ts';
import { PrefixReader } from '../../../src/net/prefix-reader.ts';
import { embedsV4, prefixArb } from './arbitraries.ts';

const encoder = new TextEncoder();

describe('PrefixReader', () => {
  it('reads every canonical text itself, wherever it stands', () => {
    const reader = new PrefixReader();
    const around = fc.constantFrom('', ' ', '\n', '1', ':', '.', '/', 'f');
    fc.assert(
      fc.property(prefixArb, around, around, (p, before, behind) => {
        const text = formatPrefix(p);
        const bytes = encoder.encode(`${before}${text}${behind}`);
        const family = reader.read(bytes, before.length, before.length + text.length);
        // What follows can look like a part of the address; it may then be left to the parser, but not be misread.
        const leftAlone = embedsV4(p) || (family === undefined && (behind === ':' || behind === '.'));
        expect(family).toBe(leftAlone ? undefined : p.family);
        if (leftAlone) return;
        expect(reader.length).toBe(p.length);
        expect(reader.words.slice(0, p.family === 4 ? 1 : 4)).toEqual(wordsOf(p.family, p.value));
      }),
      { numRuns: 3000 },
    );
  });

  it('takes nothing that goes beyond where it is told to stop', () => {
    const bytes = encoder.encode('10.0.0.0/24\n::1');
    const reader = new PrefixReader();
    expect(reader.read(bytes, 0, 11)).toBe(4);
    expect([reader.read(bytes, 0, 10), reader.read(bytes, 0, 9), reader.read(bytes, 0, 7)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(reader.read(bytes, 0, 8)).toBe(4);
    expect([reader.read(bytes, 12, 15), reader.read(bytes, 12, 14), reader.read(bytes, 12, 13)]).toEqual([
      6,
      6,
      undefined,
    ]);
  });
});
