import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';

// What the documents show of audit and explain was recorded in a lab world; nobody may touch it up by hand.

const root = new URL('../../', import.meta.url);
const screens = new URL('test/golden/screens/', root);
const text = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const recorded = readdirSync(screens).map((name) => text(`test/golden/screens/${name}`).trimEnd().split('\n'));

const samples = (path: string): string[][] =>
  [...text(path).matchAll(/^```\n(\$ seawall (?:audit|explain)[^]*?)\n```$/gm)].map(([, block = '']) =>
    block.split('\n'),
  );

test.each([
  ['README.md', 2],
  ['docs/audit.md', 3],
])('%s shows recorded lines alone', (path, count) => {
  const found = samples(path);
  expect(found).toHaveLength(count);
  for (const lines of found) {
    const shown = lines.filter((line) => line !== '…');
    expect(recorded.some((whole) => shown.every((line) => whole.includes(line)))).toBe(true);
  }
});

test('no recorded screen is wider than 100 columns', () => {
  expect(recorded.flat().filter((line) => line.length > 100)).toEqual([]);
});
