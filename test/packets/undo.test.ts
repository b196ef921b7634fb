import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { recordFault } from '../support/fault-table.ts';
import { HOST_SERVICES, startStrangers } from './probing/floods.ts';
import { Meter } from './probing/meter.ts';
import { SHELLS, type Shell, boot, copyState, ownPart } from './support/boot.ts';
import { call, unshim } from './support/command-line.ts';
import type { Harm, Run } from './support/mischief.ts';
import { Bench, done, look, other, POLICIES } from './support/transaction.ts';

// The way back of a change that nobody confirms, when the way back itself meets with trouble.

const NIGHTLY = process.env['SEAWALL_NIGHTLY'] === '1';
let world: World;
let bench: Bench;
let meter: Meter;

beforeAll(async () => {
  world = await createWorld({ engine: false });
  const host = await world.agent('host');
  await host.serveTcp({ name: 'host', port: 7000 });
  await host.serveUdp({ name: 'host', port: 7000 });
  meter = await Meter.start(world);
  bench = await Bench.make(world);
});
afterAll(() => world?.remove());
afterEach(async () => {
  // What a test that failed has left must not fail the next one.
  if (await bench.isPending()) await call(world, ['rollback', '--yes']);
});

/** Strangers never stop trying meanwhile; resolves to how many of their packets got in, and how many came. */
async function besieged(work: () => Promise<void>): Promise<{ leaked: number; answered: number; attempts: number }> {
  const before = await meter.read();
  const flood = await startStrangers(world, HOST_SERVICES);
  await work();
  const { attempts, answered } = await flood.stop();
  return { leaked: (await meter.read()).leaked - before.leaked, answered, attempts };
}

/** The other policy, to be undone after these seconds. */
async function change(seconds: number): Promise<void> {
  await world.writeConfig(POLICIES[other(bench.standing)]);
  await done(world, ['apply', '--yes', '--confirm', String(seconds)]);
}

/** Waits until nothing is pending any more, and what was confirmed stands. */
async function undone(withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  while ((await bench.isPending()) && performance.now() < deadline) await sleep(100);
  expect(await bench.isPending()).toBe(false);
  expect(await bench.isMeant(bench.standing)).toBe(true);
}

async function harmedUndo(run: (args: readonly string[]) => Promise<Run>, how: Harm): Promise<Run> {
  await change(60);
  const ended = await run(['rollback', '--yes']);
  const loud = /could not be undone|out of luck|can't lock|minimum/.test(ended.said);
  const gone = ended.code === null && how !== 'fails';
  bench.check(ended.code === 0 || loud || gone, `${how}, and nobody is told`, ended);
  bench.check(!ended.said.includes('bug'), `${how}, and no word of sense`, ended);
  if (ended.code === 0 && !loud) bench.check(await stands(), `${how}, and what was confirmed does not stand`, ended);
  await bench.converge(ended, how);
  return ended;
}

/** All that was confirmed is there. (Sets that are no longer used may be left over.) */
const stands = async (): Promise<boolean> => bench.holds(bench.standing);

describe('an undo that is harmed', () => {
  test.each(NIGHTLY ? (['fails', 'killed-before', 'killed-after'] as const) : (['fails'] as const))(
    'at every call of a tool: %s',
    { timeout: 900_000 },
    async (how) => {
      await bench.begin();
      let times = 0;
      const { leaked, answered, attempts } = await besieged(async () => {
        times = await bench.harmAll(how, (run) => harmedUndo(run, how));
      });
      expect(bench.wrong).toEqual([]);
      expect([leaked, answered]).toEqual([0, 0]);
      expect(attempts).toBeGreaterThan(1000);
      expect(times).toBeGreaterThan(15);
      const injected = how === 'fails' ? 'exit code 1' : 'SIGKILL';
      recordFault({
        number: 37,
        fault: 'the undo itself fails',
        injected: `${injected} at every call of a tool in the undo`,
        times,
        leaked,
        converged: bench.converged - 1,
      });
    },
  );

  test('by tools that fail for good: it stays closed, says so, and can be made up for', async () => {
    const broken = ['ipset', 'iptables-restore', 'ip6tables-restore', 'iptables', 'ip6tables'];
    const before = await look(world);
    const { leaked } = await besieged(async () => {
      await change(1);
      const saved = await Promise.all(broken.map((name) => readFile(join(world.dir, 'bin', name))));
      for (const name of broken) await world.shim(name, 'echo "out of luck" >&2; exit 1');
      await sleep(3500);
      for (const [index, name] of broken.entries()) await writeFile(join(world.dir, 'bin', name), saved[index] ?? '');
    });
    const { code, stdout } = await call(world, ['status']);
    expect([code, stdout]).toEqual([2, expect.stringMatching(/could not be undone/i)]);
    expect(leaked).toBe(0);
    // The tools work again: the next command goes back first, then does what it was asked for.
    await done(world, ['apply', '--yes']);
    bench.standing = other(bench.standing);
    expect(await bench.isMeant(bench.standing)).toBe(true);
    expect(await look(world)).not.toBe(before);
    const fault = 'the undo itself fails, for good';
    recordFault({ number: 37, fault, injected: 'all tools broken at the deadline', times: 1, leaked, converged: 1 });
  });
});

/** The process that waits for the deadline. */
async function guards(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const words = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return pids.filter((_, index) => words[index]?.includes(`${world.stateDir}\0guard\0`) === true);
}

describe('a guard', () => {
  test('that is killed: the next command goes back, when it is overdue', async () => {
    await change(60);
    expect((await guards()).length).toBeGreaterThan(0);
    // Those of earlier changes are about to end.
    for (const pid of await guards()) process.kill(Number(pid), 'SIGKILL');
    for (let tries = 0; tries < 50 && (await guards()).length > 0; tries++) await sleep(20);
    expect(await guards()).toEqual([]);
    const pending = join(world.stateDir, 'pending');
    // As if the deadline and the time of grace were over.
    const text = (await readFile(pending, 'utf8')).replace(/^sum .*\n/, '').replace(/^deadline .*$/m, 'deadline 1');
    await writeFile(pending, text);
    expect(await call(world, ['confirm'])).toMatchObject({ code: 4 });
    await undone(0);
    await bench.restoreConfig();
  });

  test('goes back though a writer hangs that holds the lock', async () => {
    // Not to wait a minute here.
    const real = await readFile(join(world.dir, 'bin/flock'));
    await change(2);
    await world.shim('flock', '[ "$1 $2" != "-w 60" ] || set -- -w 2 "$3"; exec /usr/bin/flock "$@"');
    const hung = world.spawn('host', ['/usr/bin/flock', join(world.stateDir, 'lock'), '-c', 'exec sleep 100']);
    await undone(20_000);
    await writeFile(join(world.dir, 'bin/flock'), real);
    hung.kill('SIGKILL');
    for (const pid of await holders()) process.kill(pid, 'SIGKILL');
    await bench.restoreConfig();
  });

  /** What flock(1) has started keeps the lock. */
  async function holders(): Promise<number[]> {
    const { stdout } = await world.exec('host', ['/bin/sh', '-c', `fuser ${world.stateDir}/lock 2>/dev/null || true`]);
    return stdout.split(/\s+/).filter(Boolean).map(Number);
  }

  test('needs no Node, and neither does the boot', async () => {
    await change(2);
    await mustExec(world, 'host', ['mount', '--bind', '/dev/null', process.execPath]);
    try {
      expect((await world.exec('host', [process.execPath, '--version'])).code).not.toBe(0);
      await undone(20_000);
    } finally {
      await mustExec(world, 'host', ['umount', process.execPath]);
    }
    await bench.restoreConfig();
    recordFault({
      number: 38,
      fault: 'Node gone',
      injected: 'the interpreter removed between apply --confirm and the deadline',
      times: 1,
      converged: 1,
    });
  });
});

test('a reboot before the confirmation: what was confirmed last', async () => {
  const before = ownPart(await world.snapshot());
  await change(60);
  const fresh = await createWorld({ engine: false });
  try {
    const state = await copyState(world.stateDir, join(fresh.dir, 'state'));
    const pending = join(state, 'pending');
    // A boot that is only rehearsed, in the same start of the machine, takes away no undo.
    expect(await boot(fresh, state)).toMatchObject({ code: 0 });
    expect(await readdir(state)).toContain('pending');
    await writeFile(pending, (await readFile(pending, 'utf8')).replace(/^boot .*$/m, 'boot an-earlier-one'));
    expect(await boot(fresh, state)).toMatchObject({ code: 0 });
    const after = ownPart(await fresh.snapshot());
    expect(after.ipset?.length).toBeGreaterThan(4);
    // A hook for connections that are cut is none of a boot's.
    const bare = (lines: readonly string[] = []): string[] => lines.filter((line) => !/OUTPUT|cut/.test(line));
    for (const part of ['iptables', 'ip6tables', 'ipset']) expect(bare(after[part])).toEqual(bare(before[part]));
    expect(await readdir(state)).not.toContain('pending');
  } finally {
    await fresh.remove();
  }
  await done(world, ['rollback', '--yes']);
  await bench.restoreConfig();
  recordFault({
    number: 33,
    fault: 'reboot before confirm',
    injected: 'the boot script in an empty kernel',
    times: 1,
    converged: 1,
  });
});

describe('the script that undoes', () => {
  const BUSYBOX = ['awk', 'sed', 'grep', 'sha256sum', 'tr', 'cat', 'mv', 'rm', 'date'];

  test.each(Object.keys(SHELLS) as Shell[])('%s goes back to a list of 100,000', { timeout: 60_000 }, async (shell) => {
    const list = Array.from({ length: 100_000 }, (_, n) => `11.${n >> 16}.${(n >> 8) & 255}.${n & 255}\n`);
    // One in every two: nothing of it can be put together.
    await writeFile(
      join(world.dir, 'long.txt'),
      list.map((line) => line.replace(/\d+\n/, (d) => `${Number(d) & 254}\n`)).join(''),
    );
    await world.writeConfig(`${POLICIES.A}allow:\n  - {from: [{file: long.txt}], to: [9100/tcp]}\n`);
    await done(world, ['apply', '--yes']);
    const before = await look(world);
    await world.writeConfig(POLICIES.B);
    await done(world, ['apply', '--yes', '--confirm', '60']);
    if (shell.startsWith('busybox')) for (const name of BUSYBOX) await world.shim(name, `exec busybox ${name} "$@"`);
    const started = performance.now();
    const argv = [...SHELLS[shell], join(world.stateDir, 'boot/load.sh'), world.stateDir, 'undo'];
    const { code, stderr } = await world.exec('host', argv, { timeoutMs: 60_000 });
    const seconds = (performance.now() - started) / 1000;
    if (shell.startsWith('busybox')) for (const name of BUSYBOX) await unshim(world, name);
    expect([code, stderr]).toEqual([0, expect.stringContaining('was undone (restored)')]);
    expect(seconds).toBeLessThan(20);
    expect(sorted(await look(world))).toBe(sorted(before));
    await world.writeConfig(POLICIES[bench.standing]);
    await done(world, ['apply', '--yes']);
  });

  const sorted = (text: string): string => text.split('\n').toSorted().join('\n');
});
