import { readFileSync, existsSync } from 'node:fs';
import { chmod, copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StreamHandle } from '../../lab/client.ts';
import { HOST, SOURCES } from '../../lab/addresses.ts';
import { procFile } from '../../lab/processes.ts';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { recordFault } from '../support/fault-table.ts';
import { call } from './support/command-line.ts';
import { Ssh, descendants, until } from './support/ssh.ts';

// Whoever insists on a change that cuts off his own session gets it back, whatever becomes of that session.

const ALICE = SOURCES['single address'].v4;
const BOB = SOURCES['inside the prefix'].v4;
const BOTH = `version: 1\ntrusted: ["${ALICE}", "${BOB}"]\n`;
const ONLY_BOB = `version: 1\ntrusted: ["${BOB}"]\n`;
const SECONDS = 3;
/** The guard looks once a second, and going back takes its time on a busy machine. */
const LATE = SECONDS + 4;

let world: World;
let ssh: Ssh;
let floods: { stranger: StreamHandle; friend: StreamHandle };
beforeAll(async () => {
  world = await createWorld({ engine: false });
  ssh = await Ssh.make(world, 2222);
  await (await world.agent('host')).serveTcp({ name: 'host', port: 7000 });
  await world.writeConfig(BOTH);
  expect(await call(world, ['apply', '--yes'])).toMatchObject({ code: 0 });
  await world.writeConfig(ONLY_BOB);
  const at = { address: HOST.v4, port: 7000 };
  floods = {
    stranger: await (await world.agent('untrusted')).startSynFlood({ ...at, parallel: 20 }),
    friend: await (await world.agent('trusted-b')).startTcpStream({ ...at, from: [BOB], pauseMs: 20 }),
  };
});
afterAll(() => world?.remove());

const out = (): string => join(world.dir, 'out');
const told = (): string => (existsSync(out()) ? readFileSync(out(), 'utf8') : '');
const reaches = async (): Promise<boolean> =>
  (await (await world.agent('trusted-a')).tcp(HOST.v4, 7000, { timeoutMs: 300 })).state === 'open';
const kill = (signal: NodeJS.Signals, ...pids: number[]): void => pids.forEach((pid) => process.kill(pid, signal));
const named = (name: string): number[] => descendants(ssh.pid).filter((pid) => procFile(pid, 'comm')?.trim() === name);

/** What befalls the session once the change that cuts it stands. */
const ENDINGS: Readonly<Record<string, () => void>> = {
  'SIGHUP to its process group': () => kill('SIGHUP', ...named('sleep').map((pid) => -groupOf(pid))),
  'its sshd and the listener killed': () => kill('SIGKILL', ...named('sshd'), ssh.pid),
  'its terminal closed': () => kill('SIGKILL', ...named('script')),
  'all of its processes killed': () => kill('SIGKILL', ...descendants(ssh.pid)),
};

const groupOf = (pid: number): number => {
  const stat = procFile(pid, 'stat') ?? '';
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
};

/** A session applies what cuts it off; back when that is done. The terminal is one that can be closed by itself. */
async function insist(seconds: number, terminal: boolean): Promise<void> {
  await rm(out(), { force: true });
  const words = ['apply', '--yes', '--force', '--confirm', `${seconds}`];
  const command = `${world.seawallArgv(words).join(' ')} >${out()} 2>&1; exec sleep 60`;
  ssh.open('trusted-a', terminal ? `script -qec '${command}' /dev/null` : command, { terminal });
  await until(`the change is made: ${told()}`, () => told().includes('It is undone in'));
  expect(told()).toContain(`This cuts off your own SSH session, which comes from ${ALICE}.`);
  expect(await reaches()).toBe(false);
}

async function comesBack(within: number): Promise<void> {
  const from = performance.now();
  await until('the undo', reaches);
  expect((performance.now() - from) / 1000).toBeLessThan(within);
  expect(await ssh.opens('trusted-a')).toBe(true);
}

async function noneLeakedNoneLost(): Promise<void> {
  const [strangers, friends] = await Promise.all([floods.stranger.peek(), floods.friend.peek()]);
  expect([strangers.succeeded, strangers.reasons['refused'] ?? 0, friends.failures]).toEqual([0, 0, []]);
  expect(Math.min(strangers.attempts, friends.succeeded)).toBeGreaterThan(50);
}

test('the session dies before it is confirmed: it is undone in time, and a new login works', async () => {
  for (const [name, end] of Object.entries(ENDINGS)) {
    await insist(SECONDS, name.includes('terminal'));
    const listener = ssh.pid;
    end();
    if (name.includes('listener')) await until('sshd is gone', () => procFile(listener, 'cmdline') === undefined);
    if (name.includes('listener')) await ssh.start();
    await comesBack(LATE);
  }
  expect(await call(world, ['confirm'])).toMatchObject({ code: 4 });
  await noneLeakedNoneLost();
  recordFault({
    number: 31,
    fault: 'a change that takes the own SSH session, forced and never confirmed',
    injected: 'from a session of a real sshd: --force --confirm; then a new login',
    times: Object.keys(ENDINGS).length,
    leaked: 0,
    lost: 0,
    converged: Object.keys(ENDINGS).length,
  });
  recordFault({
    number: 32,
    fault: 'the session dies before the change is confirmed',
    injected: `a change that cuts its own SSH session (--force --confirm), then: ${Object.keys(ENDINGS).join('; ')}`,
    times: Object.keys(ENDINGS).length,
    leaked: 0,
    lost: 0,
    converged: Object.keys(ENDINGS).length,
  });
});

test('the clock jumps meanwhile: the deadline stays where it was', async () => {
  const jump = await jumpingClock();
  await jump(0);
  await insist(SECONDS, false);
  await jump(-1);
  await comesBack(LATE);
  await jump(0);
  await insist(60, false);
  await jump(1);
  // The guard looks once a second.
  await sleep(1500);
  expect(await reaches()).toBe(false);
  expect((await call(world, ['status'], jumping())).stdout).toMatch(/is undone in [2-5]\d s/);
  expect(await call(world, ['confirm'], jumping())).toMatchObject({ code: 0 });
  expect(await reaches()).toBe(false);
  await noneLeakedNoneLost();
  recordFault({
    number: 34,
    fault: 'the clock jumps while a change waits for its confirmation',
    injected:
      'one hour back, then undone in time; one hour ahead, then not undone and confirmed (`date` and Node’s clock)',
    times: 2,
    leaked: 0,
    lost: 0,
    converged: 2,
  });
});

const jumping = () => ({ env: { NODE_OPTIONS: `--require ${join(world.dir, 'clock.cjs')}` } });

/**
 * The real clock is everybody's. Instead `date` lies on this host, whatever PATH is, and Node where it is asked to:
 * whoever asks either of them for a deadline gets it wrong.
 */
async function jumpingClock(): Promise<(hours: number) => Promise<void>> {
  const file = (name: string): string => join(world.dir, name);
  await copyFile('/usr/bin/date', file('real-date'));
  await chmod(file('real-date'), 0o755);
  const lie = `now=$(${file('real-date')} +%s)\nexec ${file('real-date')} -d "@$((now + $(cat ${file('jump')})))" "$@"\n`;
  await writeFile(file('lying-date'), `#!/bin/sh\n${lie}`, { mode: 0o755 });
  const shifted = `const now = Date.now; Date.now = () => now() + 1000 * Number(require('fs').readFileSync('${file('jump')}'));\n`;
  await writeFile(file('clock.cjs'), shifted);
  await writeFile(file('jump'), '3600');
  await mustExec(world, 'host', ['mount', '--bind', file('lying-date'), '/usr/bin/date']);
  const [lied, true_] = await Promise.all(
    ['date', file('real-date')].map(async (name) => Number(await mustExec(world, 'host', [name, '+%s']))),
  );
  expect((lied ?? 0) - (true_ ?? 0)).toBeGreaterThan(3500);
  return (hours) => writeFile(file('jump'), `${hours * 3600}`);
}
