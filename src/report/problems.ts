import type { Problem } from '../config/model.ts';
import { visible } from '../config/problems/quoted.ts';

type Paint = (text: string) => string;

/** The part of Colours that is used here. */
export interface ProblemColours {
  readonly bold: Paint;
  readonly red: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
  readonly dim: Paint;
}

/** Columns of a line that are shown, around what is wrong with it. */
const WINDOW = 100;
const TAB = '    ';

/**
 * Shows problems as compilers do: `file:line:col: error: message`, the line, carets below what is wrong, and the way
 * out. Tabs and wide characters take as many columns above the carets as below; nothing of the file reaches the terminal
 * as a control character. A blank line stands between problems; there is no line end at the end.
 */
export const formatProblems = (
  file: string,
  text: string,
  problems: readonly Problem[],
  colours: ProblemColours,
): string => problems.map((problem) => formatProblem(file, text, problem, colours)).join('\n\n');

function formatProblem(
  file: string,
  text: string,
  problem: Problem,
  { bold, red, yellow, cyan, dim }: ProblemColours,
): string {
  const { severity, message, hint, at } = problem;
  const paint = severity === 'error' ? red : yellow;
  const head = `${bold(`${visible(file)}:${at.line}:${at.column}:`)} ${paint(`${severity}:`)} ${visible(message)}`;
  const { line, before, marked } = excerpt(text, at.offset, at.length);
  const number = String(at.line);
  const margin = ' '.repeat(number.length);
  const carets = paint(' '.repeat(before) + '^'.repeat(Math.max(1, marked)));
  const source = line.trim() === '' ? [] : [`${dim(`${number} |`)} ${line}`, `${dim(`${margin} |`)} ${carets}`];
  return [head, ...source, `${cyan('help:')} ${visible(hint)}`].join('\n');
}

interface Excerpt {
  readonly line: string;
  /** Columns before what is wrong, and of what is wrong. */
  readonly before: number;
  readonly marked: number;
}

/** The line that holds the offset, or the part of it around there, as columns of a terminal. */
function excerpt(text: string, offset: number, length: number): Excerpt {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const next = text.indexOf('\n', offset);
  const end = next < 0 ? text.length : next;
  const last = Math.min(offset + length, end);
  const from = end - start <= WINDOW ? start : Math.max(start, offset - WINDOW / 2);
  const to = Math.min(end, from + WINDOW);
  const [before, marked, after] = [
    cells(text.slice(from, offset)),
    cells(text.slice(offset, Math.min(last, to))),
    cells(text.slice(Math.min(last, to), to)),
  ];
  const [cutBefore, cutAfter] = [from > start ? '…' : '', to < end ? '…' : ''];
  const line = `${cutBefore}${before}${marked}${after}${cutAfter}`.trimEnd();
  return { line, before: width(before) + cutBefore.length, marked: width(marked) };
}

const cells = (text: string): string => visible(text.replace(/[\r\uFEFF]/g, '').replaceAll('\t', TAB));

const width = (text: string): number => [...text].reduce((sum, char) => sum + widthOf(char), 0);

/** Columns of a character in a terminal: two for the wide ones of East Asian scripts and emoji, none for marks. */
function widthOf(char: string): number {
  if (/\p{M}/u.test(char)) return 0;
  return WIDE.test(char) ? 2 : 1;
}

const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1F64F}\u{1F680}-\u{1F6FF}\u{1F900}-\u{1FAFF}\u{20000}-\u{3FFFD}]/u;
