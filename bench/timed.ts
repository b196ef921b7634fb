import { spawnSync } from 'node:child_process';

/** A command that has ended: milliseconds from before its start until after its end, and what it said. */
export interface Timed {
  readonly ms: number;
  readonly code: number | null;
  readonly stdout: string;
}

/**
 * Runs a command while this process waits for nothing else, so that its own work isn't measured.
 * @throws Error if the command ends with a code that isn't one of `codes`
 */
export function timed(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  codes: readonly number[] = [0],
  input = '',
): Timed {
  const [file = '', ...words] = argv;
  const from = performance.now();
  const { status, stdout, stderr, error } = spawnSync(file, words, { env, input, maxBuffer: 1 << 30 });
  const ms = performance.now() - from;
  if (error !== undefined) throw error;
  if (status === null || !codes.includes(status)) {
    throw new Error(`${argv.join(' ')} ended with ${status}: ${stderr.toString().slice(0, 2000)}`);
  }
  return { ms, code: status, stdout: stdout.toString() };
}
