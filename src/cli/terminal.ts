import { fstatSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { isatty } from 'node:tty';
import type { Colours } from '../report/colours.ts';

const [INPUT, OUTPUT, ERRORS] = [0, 1, 2] as const;

export const print = (text: string): void => writeAll(OUTPUT, text);
export const tell = (text: string): void => writeAll(ERRORS, text);

/** Straight to the descriptor: Node's own streams for them cost 4 ms at each start. */
function writeAll(descriptor: number, text: string): void {
  for (let rest: Uint8Array = Buffer.from(text); rest.length > 0;) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Whoever read has gone, as `head` does: the rest is for nobody.
      if (code === 'EPIPE') return;
      if (code !== 'EAGAIN') throw error;
      // A pipe that somebody else made non-blocking is full.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** The cheap question first: what asks for terminals loads Node's networking. */
const isTerminal = (descriptor: number): boolean => fstatSync(descriptor).isCharacterDevice() && isatty(descriptor);

/** Colour only on a terminal, and never where NO_COLOR is set (no-color.org). */
export function makeColours(descriptor: typeof OUTPUT | typeof ERRORS = OUTPUT): Colours {
  const noColour = (process.env['NO_COLOR'] ?? '') !== '' || process.env['TERM'] === 'dumb';
  const isOn = !noColour && isTerminal(descriptor);
  const paint = (on: number, off: number) => (text: string) => (isOn ? `\x1b[${on}m${text}\x1b[${off}m` : text);
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
  };
}

export const isInteractive = (): boolean => isTerminal(INPUT) && isTerminal(ERRORS);

/** Anything but a clear yes is a no. */
export async function ask(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C and the end of input close it, and then no answer ever comes.
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  try {
    const answer = await Promise.race([terminal.question(`${question} [y/N] `), closed]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
