import { expect, test } from 'vitest';
import { quoted } from '../../../src/config/problems/quoted.ts';
import { editDistance, nearest } from '../../../src/config/suggest.ts';

test.each([
  ['', '', 0],
  ['trusted', 'trusted', 0],
  ['truste', 'trusted', 1],
  ['tursted', 'trusted', 1],
  ['kitten', 'sitting', 3],
  ['', 'abc', 3],
] as const)('from %j to %j', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});

test('the nearest word is meant, but not one that is far', () => {
  const words = ['trusted', 'public', 'log'];
  expect(nearest('trustd', words)).toBe('trusted');
  expect(nearest('PUBLIC', words)).toBe('public');
  expect(nearest('lgo', words)).toBe('log');
  expect(nearest('xyz', words)).toBeUndefined();
  expect(nearest('t'.repeat(10_000), words)).toBeUndefined();
  expect(nearest('log', [])).toBeUndefined();
});

test('nothing that a message quotes reaches a terminal as more than text', () => {
  expect(quoted('a\x1B[2Jb\n')).toBe("'a\\u{1b}[2Jb\\u{a}'");
  expect(quoted('\u202Ea')).toBe("'\\u{202e}a'");
  expect(quoted('x'.repeat(1000))).toBe(`'${'x'.repeat(60)}…'`);
});
