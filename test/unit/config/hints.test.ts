import { describe, expect, test } from 'vitest';
import { readPort } from '../../../src/config/entries/port-text.ts';
import { readSource } from '../../../src/config/entries/source-text.ts';
import { readConfig } from '../../../src/config/read.ts';
import { BAD_INPUTS } from './bad-inputs.ts';

/** The texts that a hint of an entry says to write. */
const told = (hint: string): string[] =>
  /^(?:write|write one entry for each:) ([^;]*)/
    .exec(hint)?.[1]
    ?.split(/, or | for the | behind |, /)
    .filter((part) => /^[0-9a-f.:/-]+(?:\/(?:tcp|udp))?$|^(?:[a-z0-9-]+\.)+[a-z]+$/.test(part)) ?? [];

const accepted = (text: string): boolean =>
  'range' in readPort(text) || readSource(text, 'trusted').value !== undefined;

describe('what a hint says to write is accepted', () => {
  const hints = new Set(BAD_INPUTS.flatMap(({ text }) => readConfig(text).problems.map(({ hint }) => hint)));
  const texts = [...hints].flatMap((hint) => told(hint).map((text) => [text, hint] as const));

  test('there are many', () => expect(texts.length).toBeGreaterThan(25));
  test.each(texts)('%s (%s)', (text) => expect(accepted(text)).toBe(true));
});

test.each([
  ['8080:80/tcp', '80-8080'],
  ['8080:80', '80-8080'],
  ['22 443', '22443'],
  ['0/0', '0.0.0.0/0'],
])('no hint for %s opens more than was written', (text, more) => {
  const { problems } = readConfig(`version: 1\npublic: ["${text}"]\ntrusted: ["${text}"]\n`);
  expect(problems).toHaveLength(2);
  for (const { hint } of problems) expect(hint).not.toContain(more);
});
