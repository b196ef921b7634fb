import type { Colours } from './colours.ts';
import { wrap } from './text.ts';

/** One line or more a note, each marked so that it isn't taken for a result. */
export function notesReport(notes: readonly string[], { yellow }: Colours): string[] {
  return notes.map((note) => `${yellow('note')}  ${wrap(note, '      ').trimStart()}`);
}
