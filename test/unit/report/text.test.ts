import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columns, counted, grouped, wrap } from '../../../src/report/text.ts';
import { patient, runs } from '../../support/runs.ts';

const word = fc.stringMatching(/^[a-z]{1,30}$/);

describe('a wrapped paragraph', () => {
  test('has lines of at most 100 columns, and all its words in their order', patient, () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 80 }), fc.nat(40), (words, width) => {
        const indent = ' '.repeat(width);
        const lines = wrap(words.join(' '), indent).split('\n');
        for (const line of lines) expect([line.length <= 100, line.startsWith(indent)]).toEqual([true, true]);
        expect(lines.flatMap((line) => line.trim().split(' '))).toEqual(words);
      }),
      runs(100),
    );
  });

  test('uses each line as far as it goes', () => {
    const lines = wrap('word '.repeat(60).trim()).split('\n');
    expect(lines.map(({ length }) => length)).toEqual([99, 99, 99]);
  });

  test('leaves a word that is longer than a line whole, on a line of its own', () => {
    const long = 'x'.repeat(130);
    expect(wrap(`before ${long} after`, '  ')).toBe(`  before\n  ${long}\n  after`);
  });

  test('of no words is empty', () => {
    expect(wrap('')).toBe('');
  });
});

describe('columns', () => {
  test('stand below each other, the second wrapped beside the first', () => {
    const text = columns([
      ['a', 'short'],
      ['longer', 'word '.repeat(30).trim()],
    ]);
    expect(text.split('\n')).toEqual([
      '  a       short',
      `  longer  ${'word '.repeat(18).trim()}`,
      `          ${'word '.repeat(12).trim()}`,
    ]);
  });

  test('of no rows are nothing', () => {
    expect(columns([])).toBe('');
  });
});

test.each<[number, string]>([
  [0, '0 prefixes'],
  [1, '1 prefix'],
  [2, '2 prefixes'],
  [999, '999 prefixes'],
  [1000, '1,000 prefixes'],
  [1_200_000, '1,200,000 prefixes'],
])('%i: %s', (count, expected) => {
  expect(counted(count, 'prefix', 'prefixes')).toBe(expected);
  expect(grouped(count)).toBe(expected.split(' ')[0]);
});

test('most words just take an s', () => {
  expect([counted(1, 'rule'), counted(2, 'rule')]).toEqual(['1 rule', '2 rules']);
});
