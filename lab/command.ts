import { type ChildProcess, spawn } from 'node:child_process';

/** How a program ended and what it wrote. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** Written to the program's standard input, which is closed behind it. */
  readonly input?: string | Uint8Array;
  /** Added to this process's environment; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds until SIGKILL; without it the program may take as long as it likes. */
  readonly timeoutMs?: number;
}

export class CommandError extends Error {
  readonly outcome: Outcome;
  constructor(argv: readonly string[], outcome: Outcome) {
    const how = outcome.signal ?? `exit ${outcome.code}`;
    super(`${argv.join(' ')}: ${how}\n${outcome.stderr.trim() || outcome.stdout.trim()}`);
    this.outcome = outcome;
  }
}

/** Starts a program with pipes on all three streams; its pid is the program's own, for every wrapper used here execs. */
export function start(argv: readonly string[], options: CommandOptions = {}): ChildProcess {
  const [file = '', ...args] = argv;
  return spawn(file, args, { env: { ...process.env, ...options.env }, stdio: ['pipe', 'pipe', 'pipe'] });
}

/** Runs a program to its end. Rejects only where it could not be started at all. */
export function run(argv: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  const child = start(argv, options);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  // A program that ends without reading its input is not our fault.
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.input ?? '');
  const timer =
    options.timeoutMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), options.timeoutMs);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
  });
}

/** Runs a program that has to succeed and returns its standard output. @throws CommandError */
export async function must(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const outcome = await run(argv, options);
  if (outcome.code !== 0) throw new CommandError(argv, outcome);
  return outcome.stdout;
}
