import { describe, expect, test } from 'vitest';
import { CONFIG_CODES, type Problem } from '../../../src/config/model.ts';
import { readConfig } from '../../../src/config/read.ts';
import { FAULTS } from '../../../src/net/fault.ts';
import { BAD_INPUTS } from './bad-inputs.ts';

const brief = ({ severity, code, at }: Problem): string =>
  `${at.line}:${at.column} ${severity === 'warning' ? 'w ' : ''}${code}`;

describe('what is wrong with a config is said with its place and the way out', () => {
  test.each(BAD_INPUTS)('$name', ({ text, expect: expected, hint = '' }) => {
    const { config, problems } = readConfig(text);
    expect(problems.map(brief)).toEqual(expected);
    expect(problems[0]?.hint).toContain(hint);
    expect(config === undefined).toBe(problems.some(({ severity }) => severity === 'error'));
  });
});

/** Faults of long lists, which are read elsewhere, and of single addresses. */
const OF_OTHERS = ['has-length', 'nul-byte', 'unterminated'];

test('every code is produced by some input, and no other', () => {
  const produced = new Set(BAD_INPUTS.flatMap(({ expect: lines }) => lines.map((line) => line.split(' ').at(-1))));
  const known = new Set<string>([...CONFIG_CODES, ...FAULTS.filter((fault) => !OF_OTHERS.includes(fault))]);
  expect([...produced].toSorted()).toEqual([...known].toSorted());
});

test('all problems are shown at once, in the order of the file', () => {
  const valid = BAD_INPUTS.filter(({ text }) => text.startsWith('version: 1\ntrusted:\n  - ') && !text.includes('&'));
  const entries = valid
    .flatMap(({ text }) => text.split('\n').slice(2, 3))
    .filter((line) => !/\uFFFD|\0|- - /.test(line));
  const { problems } = readConfig(`version: 1\ntrusted:\n${entries.join('\n')}\nlgo: off\nbackend: nft\n`);
  const lines = problems.map(({ at }) => at.line);
  expect(lines).toEqual(lines.toSorted((a, b) => a - b));
  expect(new Set(lines).size).toBeGreaterThan(60);
  expect(problems.slice(-2).map(({ code }) => code)).toEqual(['unknown-key', 'bad-value']);
});

test('messages and hints are one line, end without a full stop, and are never empty', () => {
  for (const { message, hint } of BAD_INPUTS.flatMap(({ text }) => readConfig(text).problems)) {
    expect(message).toMatch(/^\P{Cc}*[^.\s\p{Cc}]$/u);
    expect(hint).toMatch(/^\P{Cc}*[^.\s\p{Cc}]$/u);
    expect(message.length).toBeLessThan(250);
    expect(hint.length).toBeLessThan(250);
  }
});
