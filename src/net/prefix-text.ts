import type { LineFault } from './fault.ts';
import { parsePrefix, type Prefix } from './prefix.ts';
import { PrefixColumns } from './prefix-columns.ts';
import { PrefixReader } from './prefix-reader.ts';
import { isEveryone, PrefixSet } from './prefix-set.ts';

export type { LineFault } from './fault.ts';

/** A line that can't be used. `line` and `column` count from 1; `text` is the entry, shortened, without control characters. */
export interface LineProblem {
  readonly line: number;
  readonly column: number;
  readonly fault: LineFault;
  readonly text: string;
  readonly hint?: string;
}

/** What a list says. Only the first problems are kept; a list with any is not to be used, for its sets lack those lines. */
export interface PrefixText {
  readonly v4: PrefixSet;
  readonly v6: PrefixSet;
  readonly problems: readonly LineProblem[];
  readonly problemCount: number;
  readonly lines: number;
}

export interface PrefixTextOptions {
  /**
   * Says that the bytes are known to be all there are (a transfer of the announced length), so that a last line without
   * a line end is as good as any.
   */
  readonly complete?: boolean;
}

const [TAB, LF, CR, SPACE, HASH, SEMICOLON] = [9, 10, 13, 32, 35, 59];
const KEPT_PROBLEMS = 20;
/** Of an entry, in bytes: no prefix is as long, so a line of megabytes is a fault by its beginning. */
const LONGEST_ENTRY = 200;
const SHOWN = 60;

/**
 * Reads a list with one prefix a line. LF or CRLF, a byte order mark at the start, blank lines, spaces and tabs around an
 * entry, and comments from `#` or `;` are fine; all else is a problem. So is a last line without a line end: the file may
 * be half written, and `10.0.0.1` the beginning of `10.0.0.12`. And so is a list that covers a whole family.
 */
export function parsePrefixText(bytes: Uint8Array, { complete = false }: PrefixTextOptions = {}): PrefixText {
  const list = new ListReader(bytes);
  let start = startsWithMark(bytes) ? 3 : 0;
  while (start < bytes.length) {
    let end = start;
    let comment = -1;
    for (; end < bytes.length; end++) {
      const byte = bytes[end];
      if (byte === LF) break;
      if (comment < 0 && (byte === HASH || byte === SEMICOLON)) comment = end;
    }
    list.readLine(start, comment < 0 ? end : comment, complete || end < bytes.length);
    start = end + 1;
  }
  return list.finish();
}

const startsWithMark = (bytes: Uint8Array): boolean => bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;

class ListReader {
  readonly #bytes: Uint8Array;
  readonly #reader = new PrefixReader();
  readonly #v4 = new PrefixColumns(4);
  readonly #v6 = new PrefixColumns(6);
  readonly #problems: LineProblem[] = [];
  #problemCount = 0;
  #lines = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Takes the line from `start` to `end`, which has neither its comment nor its line end. */
  readLine(start: number, end: number, terminated: boolean): void {
    this.#lines++;
    let [from, to] = [start, end];
    while (from < to && isBlank(this.#bytes[from])) from++;
    while (to > from && isBlank(this.#bytes[to - 1])) to--;
    if (from === to) return;
    const family = terminated ? this.#reader.read(this.#bytes, from, to) : undefined;
    if (family === undefined || this.#reader.length === 0) this.#readOdd(start, from, to, terminated);
    else (family === 4 ? this.#v4 : this.#v6).push(this.#reader.words, 0, this.#reader.length);
  }

  finish(): PrefixText {
    const v4 = PrefixSet.fromColumns(this.#v4);
    const v6 = PrefixSet.fromColumns(this.#v6);
    // Prefixes of length 0 were left out with a problem of their own; here the lines add up to everyone.
    if (isEveryone(v4)) this.#report({ line: this.#lines, column: 1, fault: 'everyone', text: '0.0.0.0/0' });
    if (isEveryone(v6)) this.#report({ line: this.#lines, column: 1, fault: 'everyone', text: '::/0' });
    return { v4, v6, problems: this.#problems, problemCount: this.#problemCount, lines: this.#lines };
  }

  /** The slow way, for faults and rare forms: the strict parser decides. */
  #readOdd(start: number, from: number, to: number, terminated: boolean): void {
    const text = decode(this.#bytes.subarray(from, Math.min(to, from + LONGEST_ENTRY)));
    const verdict = judge(text, terminated);
    if ('fault' in verdict) {
      this.#report({ line: this.#lines, column: from - start + 1, text: shown(text), ...verdict });
    } else (verdict.family === 4 ? this.#v4 : this.#v6).pushPrefix(verdict);
  }

  #report(problem: LineProblem): void {
    this.#problemCount++;
    if (this.#problems.length < KEPT_PROBLEMS) this.#problems.push(problem);
  }
}

const isBlank = (byte: number | undefined): boolean => byte === SPACE || byte === TAB || byte === CR;

function judge(text: string, terminated: boolean): Prefix | { fault: LineFault; hint?: string } {
  if (text.includes('\0')) return { fault: 'nul-byte' };
  if (!terminated) return { fault: 'unterminated' };
  const parsed = parsePrefix(text);
  if (parsed.ok) return parsed.value.length === 0 ? { fault: 'everyone' } : parsed.value;
  return parsed.hint === undefined ? { fault: parsed.fault } : { fault: parsed.fault, hint: parsed.hint };
}

/** Keeps a byte order mark inside the text, which is a fault there. */
const decode = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

/** Fit for a terminal: a list from elsewhere must not bring escape sequences into a message. */
const shown = (text: string): string =>
  (text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text).replace(/\p{C}/gu, '\u{fffd}');
