import { isIP } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { formatAddress, parseAddress, readAddress, type AddressFault } from '../../../src/net/address.ts';
import { addressArb, embedsV4 } from './arbitraries.ts';

const accepted: readonly [text: string, value: bigint, canonical: string][] = [
  ['0.0.0.0', 0n, '0.0.0.0'],
  ['192.168.1.123', 0xc0a8017bn, '192.168.1.123'],
  ['255.255.255.255', 0xffffffffn, '255.255.255.255'],
  ['::', 0n, '::'],
  ['::1', 1n, '::1'],
  ['::ffff', 0xffffn, '::ffff'],
  ['1::', 1n << 112n, '1::'],
  ['64:ff9b::1.2.3.4', (0x64ff9bn << 96n) | 0x01020304n, '64:ff9b::102:304'],
  ['1:2:3:4:5:6:7.8.9.10', 0x0001000200030004000500060708090an, '1:2:3:4:5:6:708:90a'],
  ['1:2:3:4:5:6:7::', 0x00010002000300040005000600070000n, '1:2:3:4:5:6:7:0'],
  ['::2:3:4:5:6:7:8', 0x00000002000300040005000600070008n, '0:2:3:4:5:6:7:8'],
  ['ABCD::00Ef', (0xabcdn << 112n) | 0xefn, 'abcd::ef'],
];

// Texts of RFC 5952: 2.1 to 2.3 give the many forms, section 4 the one to write.
const rfc5952: readonly [text: string, canonical: string][] = [
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:0db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8::1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8::0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:0db8::1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8:0:0:1::1', '2001:db8::1:0:0:1'],
  ['2001:db8:0000:0:1::1', '2001:db8::1:0:0:1'],
  ['2001:DB8:0:0:1::1', '2001:db8::1:0:0:1'],
  ['2001:db8:aaaa:bbbb:cccc:dddd:eeee:001', '2001:db8:aaaa:bbbb:cccc:dddd:eeee:1'],
  ['2001:db8:aaaa:bbbb:cccc:dddd::1', '2001:db8:aaaa:bbbb:cccc:dddd:0:1'],
  ['2001:db8:aaaa:bbbb:cccc:dddd:0:1', '2001:db8:aaaa:bbbb:cccc:dddd:0:1'],
  ['2001:db8:0:0:0::1', '2001:db8::1'],
  ['2001:db8:0:0::1', '2001:db8::1'],
  ['2001:db8:0::1', '2001:db8::1'],
  ['2001:db8::aaaa:0:0:1', '2001:db8::aaaa:0:0:1'],
  ['2001:db8:0:0:aaaa::1', '2001:db8::aaaa:0:0:1'],
  ['2001:db8:aaaa:bbbb:cccc:dddd:eeee:AaAa', '2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
];

const refused: readonly [text: string, fault: AddressFault, hint?: string][] = [
  ['', 'empty'],
  ['010.0.0.1', 'octal', '10.0.0.1'],
  ['1.2.3.00', 'octal', '1.2.3.0'],
  ['010.1', 'octal', '10.0.0.1'],
  ['0300.0.0.1', 'octal'],
  ['10.1', 'short-v4', '10.0.0.1'],
  ['10', 'short-v4'],
  ['3232235777', 'short-v4'],
  ['192.168.1', 'short-v4'],
  ['10.300', 'short-v4'],
  ['1.2.3.4.5', 'long-v4'],
  ['256.1.1.1', 'octet-range'],
  ['1.2.3.4.', 'empty-part'],
  ['1..2.3', 'empty-part'],
  ['0x7f.0.0.1', 'hex-v4'],
  ['0x7f000001', 'hex-v4'],
  ['-1.2.3.4', 'not-an-address'],
  ['1e1.2.3.4', 'not-an-address'],
  ['office.example.com', 'not-an-address'],
  ['::ffff:1.2.3.4', 'mapped-v4', '1.2.3.4'],
  ['::ffff:102:304', 'mapped-v4', '1.2.3.4'],
  ['0:0:0:0:0:ffff:0:0', 'mapped-v4', '0.0.0.0'],
  ['::1.2.3.4', 'compat-v4', '1.2.3.4'],
  ['::1:0', 'compat-v4', '0.1.0.0'],
  ['fe80::1%eth0', 'zone', 'fe80::1'],
  ['::ffff:1.2.3.4%eth0', 'zone', '1.2.3.4'],
  ['1.2.3.4%eth0', 'not-an-address'],
  ['1::2::3', 'two-gaps'],
  [':::', 'two-gaps'],
  ['1:::2', 'two-gaps'],
  ['::::', 'two-gaps'],
  ['12345::', 'long-group'],
  ['1:2:3:4:5:6:7', 'group-count'],
  ['1:2:3:4:5:6:7:8:9', 'group-count'],
  ['1:2:3:4:5:6:7::8', 'group-count'],
  ['1:2:3:4:5:6:7:1.2.3.4', 'group-count'],
  ['aa:bb:cc:dd:ee:ff', 'group-count'],
  [':1:2:3:4:5:6:7', 'not-an-address'],
  ['1:2:3:4:5:6:7:', 'not-an-address'],
  [':', 'not-an-address'],
  ['g::', 'not-an-address'],
  ['1.2.3.4::', 'not-an-address'],
  ['::1.2.3.4:5', 'not-an-address'],
  ['64:ff9b::1.2.3', 'short-v4'],
  ['64:ff9b::01.2.3.4', 'octal'],
  ['64:ff9b::256.2.3.4', 'octet-range'],
  [' 1.2.3.4', 'whitespace', '1.2.3.4'],
  ['1.2.3.4\n', 'whitespace', '1.2.3.4'],
  ['\u{a0}::1\t', 'whitespace', '::1'],
  ['1.2.3.4 1.2.3.5', 'whitespace'],
  ['１.2.3.4', 'not-ascii', '1.2.3.4'],
  ['1。2.3.4', 'not-ascii'],
  ['1.2.3.4\u{200b}', 'not-ascii', '1.2.3.4'],
  ['1.2.3.4\0', 'not-ascii'],
  ['[::1]', 'brackets', '::1'],
  ['[::1]:80', 'with-port', '::1'],
  ['1.2.3.4:80', 'with-port', '1.2.3.4'],
  ['[::1', 'not-an-address'],
  ['1.2.3.0/24', 'has-length'],
  ['1'.repeat(101), 'not-an-address'],
];

describe('parseAddress', () => {
  test.each(accepted)('reads %j', (text, value, canonical) => {
    expect(parseAddress(text)).toEqual({ ok: true, value: { family: text.includes(':') ? 6 : 4, value } });
    expect(formatAddress({ family: text.includes(':') ? 6 : 4, value })).toBe(canonical);
  });

  test.each(refused)('refuses %j: %s', (text, fault, hint) => {
    expect(parseAddress(text)).toEqual(hint === undefined ? { ok: false, fault } : { ok: false, fault, hint });
  });

  it('refuses ten megabytes at once', () => {
    for (const part of ['1', '.', ':', ' ', '１', '%', '[', '0.']) {
      expect(parseAddress(part.repeat(10_000_000 / part.length))).toEqual({ ok: false, fault: 'not-an-address' });
    }
  });
});

describe('formatAddress', () => {
  test.each(rfc5952)('writes %s as %s (RFC 5952)', (text, canonical) => {
    const parsed = parseAddress(text);
    expect(parsed.ok && formatAddress(parsed.value)).toBe(canonical);
  });

  it('agrees with the URL standard, which writes hosts by RFC 5952', () => {
    fc.assert(
      fc.property(addressArb, (address) => {
        const text = formatAddress(address);
        const host = address.family === 4 ? text : `[${text}]`;
        expect(new URL(`http://${host}/`).hostname).toBe(host);
      }),
      { numRuns: 2000 },
    );
  });

  it('is undone by parsing', () => {
    fc.assert(
      fc.property(addressArb, (address) => {
        expect(readAddress(formatAddress(address))).toEqual({ ok: true, value: address });
        expect(parseAddress(formatAddress(address)).ok).toBe(!embedsV4(address));
      }),
      { numRuns: 2000 },
    );
  });
});

/** Texts that are nearly addresses. */
const nearly = fc
  .array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.constantFrom(
          '0',
          '1',
          '10',
          '255',
          '256',
          'ffff',
          'db8',
          '.',
          '.',
          ':',
          ':',
          '::',
          '1.2.3.4',
          '2001:db8',
          '1:2:3:4:5:6:7',
        ),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          ' ',
          '/',
          '/24',
          '%',
          '%eth0',
          '[',
          ']',
          '０',
          '\u{200b}',
          '0x',
          '-',
          'g',
          '\0',
          '\n',
          '℀',
          '½',
        ),
      },
    ),
    { maxLength: 9 },
  )
  .map((parts) => parts.join(''));

describe('parseAddress and node:net', () => {
  it('take the same texts for addresses, but for zones', () => {
    fc.assert(
      fc.property(fc.oneof(nearly, addressArb.map(formatAddress)), (text) => {
        const read = readAddress(text);
        expect(read.ok ? read.value.family : 0).toBe(text.includes('%') ? 0 : isIP(text));
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('a hint', () => {
  it('is a text that is accepted', () => {
    let hints = 0;
    fc.assert(
      fc.property(nearly, (text) => {
        const parsed = parseAddress(text);
        if (parsed.ok || parsed.hint === undefined) return;
        hints++;
        expect(parseAddress(parsed.hint).ok).toBe(true);
      }),
      { numRuns: 20_000 },
    );
    expect(hints).toBeGreaterThan(100);
  });
});
