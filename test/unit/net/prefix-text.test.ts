import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { formatAddress } from '../../../src/net/address.ts';
import { formatPrefix, parsePrefix, type Prefix } from '../../../src/net/prefix.ts';
import { isEveryone, PrefixSet } from '../../../src/net/prefix-set.ts';
import { parsePrefixText, type LineFault, type PrefixText } from '../../../src/net/prefix-text.ts';
import { addressArb, prefixArb } from './arbitraries.ts';
import { textsOf } from './sets.ts';

const read = (text: string, options?: { complete: boolean }): PrefixText =>
  parsePrefixText(new TextEncoder().encode(text), options);

describe('parsePrefixText', () => {
  it('reads both families, sorted and merged, past comments, blanks and a byte order mark', () => {
    const list = read(
      '\u{feff}# partners\r\n10.0.1.0/24\r\n\t10.0.0.0/24 \t; first half\n\n   \n2001:db8::/32#x\n ; note\n192.0.2.1\n64:ff9b::192.0.2.0/120\n',
    );
    expect(list).toMatchObject({ problems: [], problemCount: 0, lines: 9 });
    expect(textsOf(list.v4)).toEqual(['10.0.0.0/23', '192.0.2.1']);
    expect(textsOf(list.v6)).toEqual(['64:ff9b::c000:200/120', '2001:db8::/32']);
  });

  it('tells line, column, fault, text and hint of each problem, and uses the other lines', () => {
    const list = read('\u{feff}010.0.0.1\n# 10.1\n\t 10.0.0.1/8 # net\r\n1.2.3.4 5.6.7.8\n10.0.0.1\n\nexample.com\n');
    expect(list.problems).toEqual([
      { line: 1, column: 1, fault: 'octal', text: '010.0.0.1', hint: '10.0.0.1' },
      { line: 3, column: 3, fault: 'host-bits', text: '10.0.0.1/8', hint: '10.0.0.0/8' },
      { line: 4, column: 1, fault: 'whitespace', text: '1.2.3.4 5.6.7.8' },
      { line: 7, column: 1, fault: 'not-an-address', text: 'example.com' },
    ]);
    expect(list.problemCount).toBe(4);
    expect(list.lines).toBe(7);
    expect(textsOf(list.v4)).toEqual(['10.0.0.1']);
  });

  const single: readonly [what: string, text: string, fault: LineFault, shown?: string][] = [
    ['a NUL byte', '1.2.3.4\0\n', 'nul-byte', '1.2.3.4\u{fffd}'],
    ['a block that was never written', '\0'.repeat(4096), 'nul-byte'],
    ['UTF-16', '1\0.\0', 'nul-byte'],
    ['a byte order mark inside', '1.2.3.4\n\u{feff}1.2.3.5\n', 'whitespace'],
    ['line ends of CR alone', '1.2.3.4\r1.2.3.5\r\n', 'whitespace'],
    ['a terminal escape', '\u{1b}[2J1.2.3.4\n', 'not-ascii', '\u{fffd}[2J1.2.3.4'],
    ['HTML', '<!doctype html>\n', 'whitespace'],
    ['everyone', '0.0.0.0/0\n', 'everyone'],
    ['everyone in IPv6', '1.2.3.4\n::/0\n', 'everyone'],
    ['everyone, oddly written', '::0.0.0.0/0\n', 'everyone'],
    ['a mapped address in hexadecimal', '::ffff:102:304\n', 'mapped-v4'],
    ['a mapped prefix', '::ffff:0:0/96\n', 'mapped-v4'],
    ['a zone', 'fe80::1%eth0\n', 'zone'],
    ['no line end', '10.0.0.0/24\n10.0.1.0/2', 'unterminated'],
    ['no line end behind half an address', '10.0.0.0/24\n192.168.1', 'unterminated'],
  ];

  test.each(single)('has a problem with %s', (_, text, fault, shown) => {
    const list = read(text);
    expect(list.problems.map((problem) => problem.fault)).toEqual([fault]);
    if (shown !== undefined) expect(list.problems[0]?.text).toBe(shown);
  });

  it('takes a last line without a line end if the bytes are known to be complete, or if it is a comment', () => {
    expect(textsOf(read('10.0.0.0/24\n10.0.1.0', { complete: true }).v4)).toEqual(['10.0.0.0/24', '10.0.1.0']);
    expect(read('192.168.1', { complete: true }).problems[0]?.fault).toBe('short-v4');
    expect(read('1.2.3.4\n# end').problemCount).toBe(0);
    expect(read('1.2.3.4\n  ').problemCount).toBe(0);
  });

  it('has a problem with lines that add up to everyone', () => {
    const list = read('128.0.0.0/1\n::/1\n0.0.0.0/1\n');
    expect(list.problems).toEqual([{ line: 3, column: 1, fault: 'everyone', text: '0.0.0.0/0' }]);
    expect(read('::/2\n4000::/2\n8000::/1\n0.0.0.0/1\n').problems).toMatchObject([{ fault: 'everyone', text: '::/0' }]);
  });

  it('finds nothing in nothing', () => {
    for (const text of ['', '\u{feff}', '\n', '# only\n']) {
      expect(read(text)).toMatchObject({ v4: { size: 0 }, v6: { size: 0 }, problemCount: 0 });
    }
    expect(read('').lines).toBe(0);
    expect(read('\n\n').lines).toBe(2);
  });

  it('keeps the first 20 problems and counts them all', () => {
    const list = read('x\n'.repeat(1000));
    expect(list.problems.map(({ line }) => line)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(list.problemCount).toBe(1000);
  });

  it('shows the beginning of a line of ten megabytes', () => {
    for (const part of ['1', '1.', ' 1', ':', '/', '１']) {
      const list = read(`1.2.3.4\n${part.repeat(10_000_000 / part.length)}\n1.2.3.6\n`);
      expect(list.problemCount).toBe(1);
      expect(list.problems[0]?.text.length).toBe(61);
      expect(list.v4.size).toBe(2);
    }
  });

  it('shows bytes that are no UTF-8 as such', () => {
    const list = parsePrefixText(Uint8Array.of(0x31, 0xff, 0x0a));
    expect(list.problems).toMatchObject([{ fault: 'not-ascii', text: '1\u{fffd}' }]);
  });
});

/** What a line says, read the plain way. */
function oracle(lines: readonly string[]): { prefixes: Prefix[]; problems: unknown[] } {
  const prefixes: Prefix[] = [];
  const problems: unknown[] = [];
  for (const [index, line] of lines.entries()) {
    const content = line.split(/[#;]/)[0] ?? '';
    const text = content.replace(/^[ \t\r]+|[ \t\r]+$/g, '');
    const parsed = parsePrefix(text);
    if (text === '') continue;
    if (parsed.ok && parsed.value.length > 0) prefixes.push(parsed.value);
    else problems.push({ line: index + 1, column: content.indexOf(text) + 1, text, ...faultOf(parsed) });
  }
  return { prefixes, problems };
}

function faultOf(parsed: ReturnType<typeof parsePrefix>): object {
  if (parsed.ok) return { fault: 'everyone' };
  return parsed.hint === undefined ? { fault: parsed.fault } : { fault: parsed.fault, hint: parsed.hint };
}

describe('parsePrefixText and parsePrefix', () => {
  const part = fc.constantFrom(
    '0',
    '1',
    '10',
    '01',
    '255',
    '256',
    'ffff',
    'Db8',
    '12345',
    '.',
    '.',
    ':',
    ':',
    '::',
    '::ffff:',
    '1.2.3.4',
    '10.0.0.0',
    '2001:db8',
    '/',
    '/8',
    '/24',
    '/32',
    '/033',
    '/128',
    '/129',
    '%e',
    'g',
    '#',
    ' ',
  );
  const entry = fc.oneof(
    prefixArb.map(formatPrefix),
    prefixArb.map((p) => `${formatPrefix({ ...p, length: p.family === 4 ? 32 : 128 })}/${p.length}`),
    fc.tuple(addressArb, fc.nat(128)).map(([address, length]) => `${formatAddress(address)}/${length}`),
    fc.array(part, { maxLength: 9 }).map((parts) => parts.join('')),
    fc
      .array(fc.constantFrom('0', '1', 'a', 'ffff', '02', ''), { minLength: 2, maxLength: 10 })
      .map((groups) => groups.join(':')),
    fc
      .tuple(prefixArb, fc.nat(40), part)
      .map(([p, at, noise]) => `${formatPrefix(p).slice(0, at)}${noise}${formatPrefix(p).slice(at + 1)}`),
  );
  const blank = fc.constantFrom('', '', ' ', '\t', ' \t ');
  const line = fc.tuple(blank, entry, blank, fc.constantFrom('', '', '# c', ';', '\r')).map((parts) => parts.join(''));

  it('read each line alike', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
        const list = read(lines.map((text) => `${text}\n`).join(''));
        const { prefixes, problems } = oracle(lines);
        expect(list.problems.slice(0, problems.length)).toEqual(problems);
        const whole = [list.v4, list.v6].filter(isEveryone).length;
        expect(list.problemCount).toBe(problems.length + whole);
        for (const family of [4, 6] as const) {
          const own = PrefixSet.of(
            family,
            prefixes.filter((p) => p.family === family),
          );
          expect(textsOf(family === 4 ? list.v4 : list.v6)).toEqual(textsOf(own));
        }
      }),
      { numRuns: 1500 },
    );
  });
});
