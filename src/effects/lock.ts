import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { Failure } from './failure.ts';
import type { Lock } from './types.ts';

const PATIENCE_SECONDS = 15;
/** What flock(1) is told to exit with when its patience ends. */
const BUSY = 75;

/**
 * The kernel's own lock (flock), which belongs to the open file and not to the process that asks for it: flock(1) takes
 * it on our descriptor and ends. However we end, the descriptor is closed, so the lock is free at once and there is
 * nothing stale to clean up; programs that we start don't inherit it. The content only tells others who holds it.
 */
export const lock: Lock = {
  async hold(path, work) {
    const file = await openOwn(path);
    try {
      await take(file.fd, path);
      await file.truncate();
      await file.write(`${process.pid}\n`);
      return await work();
    } finally {
      await file.close();
    }
  },
};

/** What the lock's file says is written anew, so it must be no way to another file. */
async function openOwn(path: string): Promise<FileHandle> {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  try {
    return await open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOOP') throw error;
    throw new Failure(`can't lock ${path}: it is a symlink`, 'it could lead writes astray; remove it', {
      cause: error,
    });
  }
}

async function take(descriptor: number, path: string): Promise<void> {
  const options = ['--wait', `${PATIENCE_SECONDS}`, '--conflict-exit-code', `${BUSY}`, '3'];
  const asked = spawn('flock', options, { stdio: ['ignore', 'ignore', 'ignore', descriptor] });
  const ended = await new Promise<number | Error>((resolve) => {
    asked.once('error', resolve);
    asked.once('close', (code) => resolve(code ?? -1));
  });
  if (ended === 0) return;
  if (ended === BUSY) throw await busy(path);
  throw new Failure(`can't lock ${path}`, 'flock(1) of util-linux is needed, and a folder that it may write to', {
    cause: ended,
  });
}

async function busy(path: string): Promise<Failure> {
  const pid = (await readFile(path, 'utf8').catch(() => '')).trim();
  const who = pid ? `process ${pid}` : 'another process';
  return new Failure(
    `${who} has been changing this firewall for more than ${PATIENCE_SECONDS} s`,
    pid ? `wait for it, or see what it does: ps -fp ${pid}` : 'wait for it and try again',
  );
}
