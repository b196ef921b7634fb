/** One replacement in a text: from `start` up to, not including, `end`. */
export interface Change {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export const insertion = (at: number, text: string): Change => ({ start: at, end: at, text });
export const deletion = (start: number, end: number): Change => ({ start, end, text: '' });

/** Applies changes that don't overlap, in whatever order they are given; two at one place keep their order. */
export function applyChanges(text: string, changes: readonly Change[]): string {
  let result = '';
  let at = 0;
  for (const change of changes.toSorted((a, b) => a.start - b.start)) {
    result += text.slice(at, change.start) + change.text;
    at = change.end;
  }
  return result + text.slice(at);
}

/** The line end of the line before `at`, else the first one of the text, else LF. */
export function lineEndAt(text: string, at: number): string {
  const before = text.lastIndexOf('\n', at - 1);
  const found = before >= 0 ? before : text.indexOf('\n');
  return text[found - 1] === '\r' ? '\r\n' : '\n';
}

/** Where the line of `at` begins. */
export const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;

/** Where the line after the one of `at` begins: `at` itself at the start of a line, the text's end after its last line. */
export function nextLine(text: string, at: number): number {
  if (text[at - 1] === '\n') return at;
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}

/** Puts a line in before the one that begins at `at`; a text without a last line end keeps to that. */
export function insertLine(text: string, at: number, line: string): Change {
  const end = lineEndAt(text, at);
  const isOpen = at === text.length && at > 0 && text[at - 1] !== '\n';
  return insertion(at, isOpen ? end + line : line + end);
}
