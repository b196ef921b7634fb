import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { Failure } from './failure.ts';
import type { Lock } from './types.ts';

const PATIENCE_SECONDS = 15;
/** What flock(1) is told to exit with when its patience ends. */
const BUSY = 75;

/**
 * The kernel's own lock (flock), held by a child that lives as long as our end of its pipe: however we end, the lock is
 * free at once and there is nothing stale to clean up. The file's content only tells others who holds it.
 */
export const lock: Lock = {
  async hold(path, work) {
    const holder = await take(path);
    try {
      await writeFile(path, `${process.pid}\n`);
      return await work();
    } finally {
      holder.stdin?.end();
      await once(holder, 'close');
    }
  },
};

async function take(path: string): Promise<ChildProcess> {
  const options = ['--wait', `${PATIENCE_SECONDS}`, '--conflict-exit-code', `${BUSY}`];
  const holder = spawn('flock', [...options, path, 'sh', '-c', 'echo held && exec cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const held = await new Promise<true | number | Error>((resolve) => {
    holder.stdout?.once('data', () => resolve(true));
    holder.once('error', resolve);
    holder.once('close', (code) => resolve(code ?? -1));
  });
  if (held === true) return holder;
  if (held === BUSY) throw await busy(path);
  throw new Failure(`can't lock ${path}`, 'flock(1) of util-linux is needed, and a folder that it may write to', {
    cause: held,
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
