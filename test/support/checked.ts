import { expect } from 'vitest';

/** Nothing is wider than a terminal, ends in blanks, or brings colour where none is asked for. */
export function checked(text: string): string {
  for (const line of text.split('\n'))
    expect([line.length <= 100, line.trimEnd() === line, line]).toEqual([true, true, line]);
  expect(text).not.toContain('\u001B');
  return text;
}
