import type { Colours } from './colours.ts';
import { wrap } from './text.ts';

interface ShownFinding {
  readonly subject: string;
  readonly level: 'ok' | 'warning' | 'problem';
  readonly text: string;
  readonly hint?: string;
}

const CELL = 12;

/** One line a finding, and below it the way out. */
export function findingsReport(findings: readonly ShownFinding[], colours: Colours): string {
  const paint = { ok: colours.green, warning: colours.yellow, problem: colours.red };
  const indent = ' '.repeat(CELL + 9);
  return findings
    .map(({ subject, level, text, hint }) => {
      const body = wrap(text.replaceAll('\n', ' '), indent).trimStart();
      const way =
        hint === undefined || hint === ''
          ? ''
          : `\n${indent}${colours.bold('→')} ${wrap(hint, `${indent}  `).trimStart()}`;
      return `${paint[level](level.padEnd(9))}${subject.padEnd(CELL)}${body}${way}`;
    })
    .join('\n');
}
