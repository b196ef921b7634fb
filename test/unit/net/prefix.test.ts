import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { addressBits } from '../../../src/net/family.ts';
import {
  formatPrefix,
  parsePrefix,
  prefixContains,
  prefixCovers,
  prefixesOverlap,
  readPrefix,
  type PrefixFault,
} from '../../../src/net/prefix.ts';
import { addressOf, embedsV4, familyArb, intervalsOf, prefix, prefixArb, prefixOf } from './arbitraries.ts';

const accepted: readonly [text: string, family: number, value: bigint, length: number, canonical: string][] = [
  ['1.2.3.0/24', 4, 0x01020300n, 24, '1.2.3.0/24'],
  ['1.2.3.4', 4, 0x01020304n, 32, '1.2.3.4'],
  ['1.2.3.4/32', 4, 0x01020304n, 32, '1.2.3.4'],
  ['128.0.0.0/1', 4, 0x80000000n, 1, '128.0.0.0/1'],
  ['0.0.0.0/0', 4, 0n, 0, '0.0.0.0/0'],
  ['::/0', 6, 0n, 0, '::/0'],
  ['2001:db8:1::/48', 6, 0x20010db80001n << 80n, 48, '2001:db8:1::/48'],
  ['2001:DB8::1/128', 6, (0x20010db8n << 96n) | 1n, 128, '2001:db8::1'],
  ['64:ff9b::0.0.0.0/96', 6, 0x0064ff9bn << 96n, 96, '64:ff9b::/96'],
  ['::/64', 6, 0n, 64, '::/64'],
];

const refused: readonly [text: string, fault: PrefixFault, hint?: string][] = [
  ['', 'empty'],
  ['/24', 'empty'],
  ['1.2.3.4/24', 'host-bits', '1.2.3.0/24'],
  ['1.2.3.1/31', 'host-bits', '1.2.3.0/31'],
  ['2001:db8::1/64', 'host-bits', '2001:db8::/64'],
  ['1.2.3.4/0', 'host-bits'],
  ['1.2.3.0/024', 'bad-length', '1.2.3.0/24'],
  ['1.2.3.4/024', 'bad-length', '1.2.3.0/24'],
  ['1.2.3.0/33', 'bad-length'],
  ['::/129', 'bad-length'],
  ['1.2.3.0/-1', 'bad-length'],
  ['1.2.3.0/+8', 'bad-length'],
  ['1.2.3.0/1e1', 'bad-length'],
  ['1.2.3.0/', 'bad-length'],
  ['0.0.0.0/', 'bad-length'],
  ['0.0.0.0/00', 'bad-length'],
  ['1.2.3.0/24/24', 'bad-length'],
  ['1.2.3.0/255.255.255.0', 'bad-length', '1.2.3.0/24'],
  ['1.2.3.4/255.255.255.128', 'bad-length', '1.2.3.0/25'],
  ['1.2.3.0/255.0.255.0', 'bad-length'],
  ['1.2.3.0/0.0.0.255', 'bad-length'],
  ['0.0.0.0/0.0.0.0', 'bad-length'],
  ['2001:db8::/ffff:ffff::', 'bad-length', '2001:db8::/32'],
  ['010.0.0.0/8', 'octal', '10.0.0.0/8'],
  ['10.1', 'short-v4', '10.0.0.1'],
  ['10/8', 'short-v4', '10.0.0.0/8'],
  ['10.1/16', 'short-v4', '10.1.0.0/16'],
  ['192.168.1', 'short-v4', '192.168.1.0/24'],
  ['192.168.10', 'short-v4', '192.168.10.0/24'],
  ['192.168.1/24', 'short-v4', '192.168.1.0/24'],
  ['1.2.3.4.5/24', 'long-v4'],
  ['::ffff:10.0.0.0/104', 'mapped-v4', '10.0.0.0/8'],
  ['::ffff:10.0.0.1', 'mapped-v4', '10.0.0.1'],
  ['::ffff:0:0/96', 'mapped-v4'],
  ['::ffff:10.0.0.0/8', 'mapped-v4'],
  ['::1.2.3.0/120', 'compat-v4', '1.2.3.0/24'],
  ['fe80::1%eth0/64', 'zone', 'fe80::/64'],
  ['1.2.3.0/24 ', 'whitespace', '1.2.3.0/24'],
  ['1.2.3.0 / 24', 'whitespace', '1.2.3.0/24'],
  ['1.2.3.4 /24', 'whitespace', '1.2.3.0/24'],
  ['1.2.3.0/２4', 'not-ascii', '1.2.3.0/24'],
  ['[2001:db8::]/32', 'brackets', '2001:db8::/32'],
  ['office.example.com', 'not-an-address'],
  [`1.2.3.0/${'1'.repeat(100)}`, 'not-an-address'],
];

describe('parsePrefix', () => {
  test.each(accepted)('reads %j', (text, family, value, length, canonical) => {
    const parsed = parsePrefix(text);
    expect(parsed).toEqual({ ok: true, value: { family, value, length } });
    expect(parsed.ok && formatPrefix(parsed.value)).toBe(canonical);
  });

  test.each(refused)('refuses %j: %s', (text, fault, hint) => {
    expect(parsePrefix(text)).toEqual(hint === undefined ? { ok: false, fault } : { ok: false, fault, hint });
  });

  it('is undone by formatting', () => {
    fc.assert(
      fc.property(prefixArb, (p) => {
        expect(readPrefix(formatPrefix(p))).toEqual({ ok: true, value: p });
        expect(parsePrefix(formatPrefix(p)).ok).toBe(!embedsV4(p));
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses an address that has a bit below the length, and hints at the prefix without it', () => {
    fc.assert(
      fc.property(
        prefixArb.filter((p) => p.length > 0 && p.length < addressBits(p.family) && p.value >= 2n ** 64n),
        fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
        (p, noise) => {
          const below = noise % 2n ** BigInt(addressBits(p.family) - p.length) || 1n;
          const text = `${formatPrefix({ ...p, value: p.value | below, length: 128 })}/${p.length}`;
          expect(parsePrefix(text)).toEqual({ ok: false, fault: 'host-bits', hint: formatPrefix(p) });
        },
      ),
    );
  });

  it('gives hints that are accepted and never mean everyone', () => {
    const part = fc.constantFrom(
      '0',
      '1',
      '8',
      '24',
      '010',
      '0.0.0.0',
      '1.2.3.4',
      '255.255.255.0',
      '/',
      '/',
      '.',
      '::',
      ':',
      'ffff',
      '%a',
      ' ',
      '[',
      ']',
      '８',
    );
    let hints = 0;
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const parsed = parsePrefix(parts.join(''));
        if (parsed.ok || parsed.hint === undefined) return;
        hints++;
        expect(prefix(parsed.hint).length).toBeGreaterThan(0);
      }),
      { numRuns: 20_000 },
    );
    expect(hints).toBeGreaterThan(100);
  });
});

describe('prefixContains, prefixCovers, prefixesOverlap', () => {
  /** Two that share their first bits, so that they often meet. */
  const pair = familyArb.chain((family) =>
    fc
      .tuple(prefixOf(family), fc.integer({ min: 0, max: addressBits(family) }), addressOf(family))
      .map(([a, cut, { value }]) => {
        const free = BigInt(addressBits(family) - cut);
        const near = ((a.value >> free) << free) | (value & (2n ** free - 1n));
        return { a, near };
      }),
  );

  it('agree with intervals', () => {
    fc.assert(
      fc.property(pair, fc.nat(128), ({ a, near }, n) => {
        const { family } = a;
        const free = BigInt(addressBits(family) - (n % (addressBits(family) + 1)));
        const b = { family, value: (near >> free) << free, length: addressBits(family) - Number(free) };
        const [[first, last] = [0n, 0n]] = intervalsOf([a]);
        const [[bFirst, bLast] = [0n, 0n]] = intervalsOf([b]);
        expect(prefixContains(a, { family, value: near })).toBe(first <= near && near <= last);
        expect(prefixCovers(a, b)).toBe(first <= bFirst && bLast <= last);
        expect(prefixesOverlap(a, b)).toBe(first <= bLast && bFirst <= last);
      }),
      { numRuns: 3000 },
    );
  });

  it('keep the families apart', () => {
    expect(prefixContains(prefix('0.0.0.0/0'), { family: 6, value: 1n })).toBe(false);
    expect(prefixCovers(prefix('::/0'), prefix('1.2.3.4'))).toBe(false);
    expect(prefixesOverlap(prefix('::/0'), prefix('0.0.0.0/0'))).toBe(false);
  });
});
