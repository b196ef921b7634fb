import { dirname } from 'node:path';
import type { Command, Effects, Files, Output } from '../../src/effects/types.ts';
import { Killed } from './changing.ts';
import { inputOf } from './fake-kernel.ts';

/** What can happen to the running of a program. */
const EXEC_FAULTS = ['killed', 'exit 1', 'exit 1 half-way', 'timed out', 'timed out when done'] as const;
/** What can happen to a change of a file. A full disk stays full, and one that is read-only stays so. */
const WRITE_FAULTS = ['killed', 'ENOSPC', 'EIO', 'EROFS', 'EIO when done', 'torn'] as const;
const REMOVE_FAULTS = ['killed', 'EIO', 'EROFS'] as const;

export type Fault = (typeof EXEC_FAULTS)[number] | (typeof WRITE_FAULTS)[number];

/** The program is gone then; all others are answers that it gets. */
export const isKill = (fault: Fault): boolean => fault === 'killed' || fault === 'torn';

export interface FaultStep {
  readonly what: string;
  readonly faults: readonly Fault[];
}

/**
 * Counts every program that is run and every change of a file, and lets one of them fail. A kill is told by what is thrown
 * from then on at whatever is tried, so nothing that tidies up can do anything.
 */
export class FaultyEffects {
  readonly steps: FaultStep[] = [];
  readonly #at: number;
  readonly #fault: Fault | undefined;
  #dead = false;
  /** Of every later change of a file, if it is one that lasts. */
  #lasting: 'ENOSPC' | 'EROFS' | undefined;

  constructor(at = Infinity, fault?: Fault) {
    this.#at = at;
    this.#fault = fault;
  }

  wrap = (effects: Effects): Effects => {
    const { exec } = effects;
    return { ...effects, exec: (command) => this.#exec(command, exec), files: this.#files(effects.files) };
  };

  #strikes(what: string, faults: readonly Fault[]): Fault | undefined {
    this.#alive();
    this.steps.push({ what, faults });
    const fault = this.steps.length - 1 === this.#at ? this.#fault : undefined;
    if (fault === 'ENOSPC' || fault === 'EROFS') this.#lasting = fault;
    return fault;
  }

  #alive(): void {
    if (this.#dead) throw new Killed();
  }

  #die(): never {
    this.#dead = true;
    throw new Killed();
  }

  async #exec(command: Command, exec: Effects['exec']): Promise<Output> {
    const { file, args, input = [] } = command;
    switch (this.#strikes(`${file} ${args.join(' ')}`, EXEC_FAULTS)) {
      case 'killed':
        return this.#die();
      case 'exit 1':
        return REFUSED;
      case 'exit 1 half-way': {
        // Transactions know no half; ipset carries out line by line.
        if (file !== 'ipset' || !args.includes('restore')) return REFUSED;
        const lines = inputOf({ ...command, input })
          .trimEnd()
          .split('\n');
        await exec({ ...command, input: [lines.slice(0, Math.ceil(lines.length / 2)).join('\n')] });
        return REFUSED;
      }
      case 'timed out':
        return TIMED_OUT;
      case 'timed out when done':
        await exec(command);
        return TIMED_OUT;
      default:
        return exec(command);
    }
  }

  #files(files: Files): Files {
    const reading =
      <A extends unknown[], T>(work: (...args: A) => Promise<T>) =>
      // eslint-disable-next-line typescript/require-await -- what is thrown is to be a rejection
      async (...args: A): Promise<T> => {
        this.#alive();
        return work(...args);
      };
    const changing = <T>(what: string, path: string, faults: readonly Fault[], work: () => Promise<T>): Promise<T> =>
      this.#change(files, { what, path, faults }, work);
    return {
      read: reading(files.read),
      stamp: reading(files.stamp),
      list: reading(files.list),
      resolve: reading(files.resolve),
      mode: reading(files.mode),
      write: (path, content, mode) => changing('write', path, WRITE_FAULTS, () => files.write(path, content, mode)),
      link: (from, to) => changing('link', to, WRITE_FAULTS, () => files.link(from, to)),
      folder: (path, mode) => changing('mkdir', path, WRITE_FAULTS, () => files.folder(path, mode)),
      remove: (path) => changing('rm', path, REMOVE_FAULTS, () => files.remove(path)),
    };
  }

  async #change<T>(
    files: Files,
    { what, path, faults }: { what: string; path: string; faults: readonly Fault[] },
    work: () => Promise<T>,
  ): Promise<T> {
    const fault = this.#strikes(`${what} ${path}`, faults);
    if (this.#lasting === 'EROFS' || (this.#lasting === 'ENOSPC' && what !== 'rm')) throw refusal(this.#lasting, path);
    if (fault === undefined) return work();
    if (fault === 'EIO') throw refusal('EIO', path);
    if (fault === 'torn') await files.write(`${dirname(path)}/.0123456789ab.tmp`, ['half of it'], 0o600);
    if (isKill(fault)) return this.#die();
    await work();
    throw refusal('EIO', path);
  }
}

const ended = (outcome: Output['outcome'], code: number, stderr: string): Output => ({
  outcome,
  code,
  stdout: Buffer.alloc(0),
  stderr,
});
const REFUSED = ended('exited', 1, 'it was made to fail');
const TIMED_OUT = ended('timed-out', -1, '');

const refusal = (code: string, path: string): Error =>
  Object.assign(new Error(`${code}: it was made to fail, open '${path}'`), { code, path, syscall: 'open' });
