import type { Problem, ProblemCode } from '../model.ts';
import { Positions, type Span } from './positions.ts';

/** A problem before it is known where the text stands. */
export type Finding = Omit<Problem, 'at'>;

export const errorOf = (code: ProblemCode, message: string, hint: string): Finding => ({
  severity: 'error',
  code,
  message,
  hint,
});

export const warningOf = (code: ProblemCode, message: string, hint: string): Finding => ({
  severity: 'warning',
  code,
  message,
  hint,
});

const rank = ({ severity }: Problem): number => (severity === 'error' ? 0 : 1);

/** Collects what is wrong with one text, in whatever order it is found. */
export class ProblemList {
  readonly positions: Positions;
  readonly #found: Problem[] = [];

  constructor(text: string) {
    this.positions = new Positions(text);
  }

  add(finding: Finding, span: Span): void {
    this.#found.push({ ...finding, at: this.positions.at(span) });
  }

  error(code: ProblemCode, span: Span, message: string, hint: string): void {
    this.add(errorOf(code, message, hint), span);
  }

  warning(code: ProblemCode, span: Span, message: string, hint: string): void {
    this.add(warningOf(code, message, hint), span);
  }

  get hasErrors(): boolean {
    return this.#found.some(({ severity }) => severity === 'error');
  }

  /** In the order of the file; of those at one place, errors first. */
  sorted(): Problem[] {
    return this.#found.toSorted((a, b) => a.at.offset - b.at.offset || rank(a) - rank(b));
  }
}
