import { createInterface } from 'node:readline/promises';
import picocolors from 'picocolors';
import type { Colours } from '../report/colours.ts';

export const print = (text: string): void => void process.stdout.write(text);
export const tell = (text: string): void => void process.stderr.write(text);

/** Colour only on a terminal, and never where NO_COLOR is set (no-color.org). */
export function makeColours(stream: { isTTY?: boolean } = process.stdout): Colours {
  const noColour = (process.env['NO_COLOR'] ?? '') !== '' || process.env['TERM'] === 'dumb';
  return picocolors.createColors(stream.isTTY === true && !noColour);
}

export const isInteractive = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true;

/** Anything but a clear yes is a no. */
export async function ask(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
