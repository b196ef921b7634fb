import type { At } from '../model.ts';

/** A stretch of the text: from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The stretch that a problem or an entry names. */
export const spanOf = ({ offset, length }: Pick<At, 'offset' | 'length'>): Span => ({
  start: offset,
  end: offset + length,
});

export const BYTE_ORDER_MARK = '\uFEFF';

/** Turns offsets of a text into lines and columns. Lines end with LF, or CR and LF. */
export class Positions {
  readonly #text: string;
  readonly #starts: readonly number[];
  /** Where the last count of columns ended: a list of 10^5 entries may stand on one line, and is read in order. */
  #counted = { start: 0, offset: 0, column: 1 };

  constructor(text: string) {
    this.#text = text;
    const starts = [text.startsWith(BYTE_ORDER_MARK) ? 1 : 0];
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#starts = starts;
  }

  /** A stretch that goes on behind the text, as a bracket does that is never closed, ends with it. */
  at(span: Span): At {
    const [start, end] = [span.start, span.end].map((offset) => Math.min(offset, this.#text.length)) as [
      number,
      number,
    ];
    const line = this.line(start);
    return { offset: start, length: Math.max(0, end - start), line, column: this.#column(line, start) };
  }

  /** The 1-based number of the line that holds this offset. */
  line(offset: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  #column(line: number, offset: number): number {
    const start = this.#starts[line - 1] ?? 0;
    const known = this.#counted.start === start && this.#counted.offset <= offset;
    let { offset: at, column } = known ? this.#counted : { offset: start, column: 1 };
    for (; at < offset; at++) if (!isLowSurrogate(this.#text.charCodeAt(at))) column++;
    this.#counted = { start, offset: Math.max(at, start), column };
    return column;
  }
}

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;
