import { makeColours } from '../src/cli/terminal.ts';
import type { Colours } from '../src/report/colours.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const CLEAR = '\r\u{1b}[2K';

/** What the demo writes on: plain lines, and on a terminal a line of progress that is gone when the step is done. */
export class Screen {
  readonly colours: Colours = makeColours();
  readonly #moving = process.stdout.isTTY === true && process.stderr.isTTY === true;
  #timer: NodeJS.Timeout | undefined;
  #step = 0;

  lines(lines: readonly string[]): void {
    process.stdout.write(lines.map((line) => `${line}\n`).join(''));
  }

  heading(text: string): void {
    this.#step++;
    this.lines(['', this.colours.bold(this.colours.cyan(`${this.#step}  ${text}`))]);
  }

  /** Waits for a step; on a terminal it says for what and how long already. */
  async during<T>(what: string, step: Promise<T>): Promise<T> {
    this.#start(what);
    try {
      return await step;
    } finally {
      this.settle();
    }
  }

  /** Takes the line of progress away. */
  settle(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    process.stderr.write(CLEAR);
  }

  #start(what: string): void {
    if (!this.#moving) return;
    const began = performance.now();
    const draw = (): void => {
      const seconds = (performance.now() - began) / 1000;
      const frame = FRAMES[Math.floor(seconds * 10) % FRAMES.length];
      const text = `  ${frame} ${what} … ${seconds.toFixed(1)} s`;
      // A line that wraps could not be taken away again.
      process.stderr.write(`${CLEAR}${this.colours.dim(text.slice(0, (process.stderr.columns ?? 80) - 1))}`);
    };
    draw();
    this.#timer = setInterval(draw, 100);
  }
}

/** What is as promised and what isn't, over all steps. */
export class Verdict {
  readonly wrong: string[] = [];

  check(kept: boolean, otherwise: string): void {
    if (!kept) this.wrong.push(otherwise);
  }
}
