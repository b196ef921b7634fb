import { BYTE_ORDER_MARK } from '../problems/positions.ts';
import type { ProblemList } from '../problems/problem-list.ts';

/** Bytes. Longer lists belong into files of their own, which are read without building a tree of them. */
export const LARGEST_CONFIG = 1_048_576;
/** A file of garbage has a fault at every other byte. */
const MOST_SHOWN = 20;

/**
 * What is wrong with the text before any YAML is read. Control characters are not for YAML files (YAML 1.2.2, 5.1), and
 * characters that reorder what a reader sees (bidirectional overrides) could hide an entry from whoever reviews the file.
 */
export function checkText(text: string, problems: ProblemList): void {
  if (isTooLarge(text)) {
    const hint = 'put long lists into files of their own, one prefix a line, and name them: {file: lists/partners.txt}';
    problems.error('too-large', { start: 0, end: 0 }, 'the config is larger than 1 MiB', hint);
    return;
  }
  const odd = /(?![\t\n\r])\p{Cc}|[\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069\uFEFF\uFFFD]|\p{Cs}|\r(?!\n)/gu;
  odd.lastIndex = text.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
  for (let shown = 0; shown < MOST_SHOWN; shown++) {
    const found = odd.exec(text);
    if (found === null) return;
    reportCharacter(found[0], found.index, problems);
  }
}

function isTooLarge(text: string): boolean {
  if (text.length > LARGEST_CONFIG) return true;
  return text.length * 3 > LARGEST_CONFIG && new TextEncoder().encode(text).length > LARGEST_CONFIG;
}

function reportCharacter(char: string, start: number, problems: ProblemList): void {
  const span = { start, end: start + 1 };
  if (char === '\uFFFD' || /\p{Cs}/u.test(char)) {
    const hint = 'save the file as UTF-8, or delete the character: reading it again would change it';
    problems.error('not-utf8', span, 'there is a character here that is not valid UTF-8', hint);
    return;
  }
  problems.error('control-character', span, `there is ${nameOf(char)} in the text`, wayOut(char));
}

const nameOf = (char: string): string => {
  if (char === '\0') return 'a NUL byte';
  if (char === '\r') return 'a carriage return without a line feed';
  return `the invisible character U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
};

const wayOut = (char: string): string => {
  if (char === '\0')
    return 'delete it; where there are many, this is not a text file, or it is saved as UTF-16: save it as UTF-8';
  if (char === '\r') return 'save the file with line ends of LF or CRLF';
  return 'delete it';
};
