import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { Command, Exec, Output } from './types.ts';

const DEFAULT_TIMEOUT_MS = 30_000;
/** The tools live in sbin, which cron and some logins leave out. */
const TOOL_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
/**
 * Messages in English; and no look at /etc/resolv.conf for every address that ipset reads, by which a million of them
 * take half the time.
 */
const ENVIRONMENT = { LC_ALL: 'C', RES_OPTIONS: 'no-reload' };

/** The one place where programs are started. */
export const makeExec =
  (env: NodeJS.ProcessEnv): Exec =>
  async (command) => {
    const PATH = [...(env['PATH'] ?? '/usr/bin:/bin').split(':'), ...TOOL_FOLDERS].join(':');
    const signal = AbortSignal.timeout(command.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const child = spawn(command.file, command.args, {
      env: { ...env, PATH, ...ENVIRONMENT },
      stdio: [command.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    const kill = (): boolean => child.kill('SIGKILL');
    signal.addEventListener('abort', kill);
    try {
      const [ended] = await Promise.all([ending(child), feed(child.stdin, command.input)]);
      return { ...outcome(ended, signal), stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() };
    } finally {
      signal.removeEventListener('abort', kill);
    }
  };

type Ending = { readonly code: number | null } | { readonly error: NodeJS.ErrnoException };

function collect(stream: NodeJS.ReadableStream | null): Buffer[] {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return chunks;
}

const ending = (child: ReturnType<typeof spawn>): Promise<Ending> =>
  new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve({ error }));
    child.once('close', (code) => resolve({ code }));
  });

/** Chunk by chunk, so that a million lines are never in memory at once and the program works while we write. */
async function feed(stdin: Writable | null, input: Command['input']): Promise<void> {
  if (!stdin || input === undefined) return;
  // A program that ends early breaks the pipe; its exit code tells why.
  stdin.on('error', () => stdin.destroy());
  const ended = new AbortController();
  stdin.once('close', () => ended.abort());
  for (const chunk of input) {
    if (stdin.destroyed) return;
    if (!stdin.write(chunk)) await once(stdin, 'drain', { signal: ended.signal }).catch(() => undefined);
  }
  stdin.end();
}

function outcome(ended: Ending, signal: AbortSignal): Pick<Output, 'outcome' | 'code'> {
  if ('error' in ended) {
    if (ended.error.code === 'ENOENT') return { outcome: 'missing', code: -1 };
    throw ended.error;
  }
  if (signal.aborted) return { outcome: 'timed-out', code: -1 };
  return ended.code === null ? { outcome: 'killed', code: -1 } : { outcome: 'exited', code: ended.code };
}
