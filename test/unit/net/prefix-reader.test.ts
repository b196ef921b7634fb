import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/net/address.ts';
import { addressBits, FAMILIES } from '../../../src/net/family.ts';
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

  it('leaves prefixes with a host bit anywhere to the parser', () => {
    const reader = new PrefixReader();
    for (const family of FAMILIES) {
      const bits = addressBits(family);
      for (let length = 1; length < bits; length++) {
        for (let bit = 0; bit < bits; bit++) {
          const text = `${formatAddress({ family, value: (1n << BigInt(bits - 1)) | (1n << BigInt(bit)) })}/${length}`;
          const bytes = encoder.encode(text);
          const isHostBit = bit < bits - length;
          expect([text, reader.read(bytes, 0, bytes.length)]).toEqual([text, isHostBit ? undefined : family]);
        }
      }
    }
  });
});
