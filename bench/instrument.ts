import type { ChildProcess } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { start } from '../lab/command.ts';

/** A program that answers every line with a line of JSON, one after the other. */
export class Instrument {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #said: Buffer[] = [];

  constructor(argv: readonly string[]) {
    this.#child = start(argv);
    this.#child.stderr?.on('data', (chunk: Buffer) => this.#said.push(chunk));
    this.#answers = linesOf(this.#child)[Symbol.asyncIterator]();
  }

  /** @throws Error if the program ends instead of answering */
  async ask<Answer>(question: string): Promise<Answer> {
    this.#child.stdin?.write(`${question}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error(`a probe ended: ${Buffer.concat(this.#said).toString().trim()}`);
    return JSON.parse(value) as Answer;
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}

function linesOf({ stdout }: ChildProcess): Interface {
  if (stdout === null) throw new Error('a probe without an output');
  return createInterface({ input: stdout });
}
