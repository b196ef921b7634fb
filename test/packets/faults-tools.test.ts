import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Snapshot } from '../../lab/snapshot.ts';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { recordFault } from '../support/fault-table.ts';
import { call, callJson, fresh, kernel, unshim } from './support/command-line.ts';
import { Passed } from './support/passed.ts';

// A tool is missing, fails, or hangs; the disk is full: an error that says what to do, and a kernel that was not touched.

const CONFIG = 'version: 1\ntrusted: [203.0.113.7, "2001:db8:a::7"]\npublic: [22/tcp]\n';
const OTHER = 'version: 1\ntrusted: [203.0.113.8, "2001:db8:a::8"]\npublic: [443/tcp]\nlog: limited\n';

let world: World;
const sh = (line: string): Promise<string> => mustExec(world, 'host', ['sh', '-ec', line]);

beforeAll(async () => {
  world = await createWorld({ engine: false });
});
afterAll(() => world?.remove());
beforeEach(async () => {
  await fresh(world, CONFIG);
  await sh('nft flush ruleset; ipset destroy');
});

/** Runs Seawall where this tool isn't installed: in a mount namespace with another /usr/sbin. */
async function without(tool: string, args: readonly string[]) {
  const dir = join(world.dir, 'real-sbin');
  await mkdir(dir, { recursive: true });
  const script = `dir=$1 tool=$2; shift 2
    mount --bind /usr/sbin "$dir"
    mount -t tmpfs tmpfs /usr/sbin
    for file in "$dir"/*; do ln -s "$file" /usr/sbin/; done
    rm "/usr/sbin/$tool"
    exec "$@"`;
  const argv = ['unshare', '--mount', 'sh', '-ec', script, 'sh', dir, tool, ...world.seawallArgv(args)];
  return world.exec('host', argv, { timeoutMs: 60_000, env: { SSH_CONNECTION: undefined, SSH_CLIENT: undefined } });
}

const missing = new Passed();

describe('a tool that is not installed', () => {
  const TOOLS = [
    ['ipset', /ipset is not installed\n.*apt-get install ipset/],
    ['iptables-save', /iptables-save is not installed\n.*apt-get install iptables/],
    ['iptables-restore', /iptables-restore is not installed\n.*apt-get install iptables/],
    ['ip6tables-restore', /ip6tables-restore is not installed\n.*apt-get install iptables/],
  ] as const;
  test.each(TOOLS)('%s: nothing is touched', async (tool, words) => {
    await world.writeConfig(`${CONFIG}backend: iptables\n`);
    const before = await kernel(world);
    const { code, stderr } = await without(tool, ['apply', '--yes']);
    expect([code, stderr]).toEqual([1, expect.stringMatching(words)]);
    expect(await kernel(world)).toEqual(before);
    expect((await without(tool, ['doctor'])).code).toBe(2);
    missing.one();
  });

  test.each(TOOLS)('%s: gone since the last apply, what stands stays', async (tool, words) => {
    await call(world, ['apply', '--yes']);
    const standing = await kernel(world);
    await world.writeConfig(OTHER);
    const { code, stderr } = await without(tool, ['apply', '--yes']);
    expect([code, stderr]).toEqual([1, expect.stringMatching(words)]);
    expect((await kernel(world)).rules).toEqual(standing.rules);
    expect((await call(world, ['apply', '--yes'])).code).toBe(0);
    expect((await call(world, ['status'])).code).toBe(0);
    missing.one();
  });

  test('ipset or iptables: a machine without is closed by nftables, if nobody asks for iptables', async () => {
    for (const tool of ['ipset', 'iptables-save']) {
      expect(await without(tool, ['apply', '--yes'])).toMatchObject({ code: 0 });
      expect((await without(tool, ['status'])).stdout).toMatch(/backend +nftables/);
      await call(world, ['down', '--yes']);
    }
  });

  test('conntrack: works without, and says what it can’t do', async () => {
    await call(world, ['apply', '--yes']);
    await world.writeConfig(OTHER);
    const { code, stderr } = await without('conntrack', ['apply', '--yes']);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/conntrack/)]);
    const doctor = await without('conntrack', ['doctor']);
    expect(doctor.stdout).toMatch(/conntrack +.*not installed/);
  });
});

describe('rights', () => {
  test.each(['net_raw', 'net_admin'])('without CAP_%s nothing is touched', async (name) => {
    const before = await kernel(world);
    const bare = ['setpriv', `--bounding-set=-${name}`, `--inh-caps=-${name}`];
    const { code, stderr } = await world.exec('host', [...bare, ...world.seawallArgv(['apply', '--yes'])]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(new RegExp(`${name} is missing\\n.*root`, 'i'))]);
    expect(await kernel(world)).toEqual(before);
    missing.one();
  });

  test('all of it was counted', () => {
    const injected = 'each tool of ipset and iptables; CAP_NET_RAW; CAP_NET_ADMIN';
    missing.record(10, { number: 13, fault: 'a tool or a right is missing', injected });
  });
});

/** The kernel lists sets in whatever order. */
const sortedSets = (snapshot: Snapshot): Snapshot => ({
  ...snapshot,
  ipset: snapshot.ipset.split('\n').toSorted().join('\n'),
});

describe('a step that fails', () => {
  /** What had been changed before the failure is put back, which has an exit code of its own. */
  const TOOLS = [
    ['ipset', 1],
    ['iptables-restore', 4],
    ['ip6tables-restore', 4],
  ] as const;

  const failsOnce = async (tool: string, expected: number): Promise<void> => {
    await world.shim(tool, FAILS(tool));
    const { code, stderr } = await call(world, ['apply', '--yes']);
    await unshim(world, tool);
    const words = `${tool} says: out of luck${expected === 4 ? '; what was changed until then was put back' : '\n'}`;
    expect([code, stderr]).toEqual([expected, expect.stringContaining(words)]);
  };

  test.each(TOOLS)('%s at the first apply: all is as before', async (tool, code) => {
    const before = await world.snapshot();
    await failsOnce(tool, code);
    expect(await world.snapshot()).toEqual(before);
  });

  test.each(TOOLS)('%s later: what stood stands, and the next apply converges', async (tool, code) => {
    await call(world, ['apply', '--yes']);
    const standing = await world.snapshot();
    await world.writeConfig(OTHER);
    await failsOnce(tool, code);
    expect(sortedSets(await world.snapshot())).toEqual(sortedSets(standing));
    expect((await call(world, ['status'])).code).toBe(2);
    expect((await call(world, ['apply', '--yes'])).code).toBe(0);
    expect((await call(world, ['status'])).code).toBe(0);
    const converged = await world.snapshot();
    await fresh(world, OTHER);
    await call(world, ['apply', '--yes']);
    expect((await world.snapshot()).iptables.length).toBe(converged.iptables.length);
  });

  /** Fails where it would change something; reading works. */
  const FAILS = (tool: string): string =>
    `case "$*" in *restore*|*--noflush*) cat >/dev/null; echo "out of luck" >&2; exit 1;; esac; exec /usr/sbin/${tool} "$@"`;
});

test('a tool that hangs is ended in time, and nothing stands half', async () => {
  const before = await world.snapshot();
  // exec: nothing of it is left when it is killed.
  await world.shim(
    'ip6tables-restore',
    'case "$*" in *--noflush*) exec sleep 300; esac; exec /usr/sbin/ip6tables-restore "$@"',
  );
  const started = performance.now();
  const hung = call(world, ['apply', '--yes'], { timeoutMs: 100_000 });
  await sleep(4000);
  // Nobody else changes anything meanwhile.
  const second = await call(world, ['trust', 'add', '192.0.2.9', '--yes']);
  expect([second.code, second.stderr]).toEqual([
    1,
    expect.stringMatching(/process \d+ has been changing this firewall/),
  ]);
  const { code, stderr } = await hung;
  await unshim(world, 'ip6tables-restore');
  expect([code, stderr]).toEqual([4, expect.stringMatching(/ip6tables-restore did not finish in time.* was put back/)]);
  expect(performance.now() - started).toBeLessThan(45_000);
  expect(await world.snapshot()).toEqual(before);
  expect((await call(world, ['apply', '--yes'])).code).toBe(0);
  recordFault({
    number: 6,
    fault: 'hung child',
    injected: 'ip6tables-restore that sleeps; a second writer meanwhile',
    times: 1,
    converged: 1,
  });
});

test('rules of the other variant of iptables are named', async () => {
  await call(world, ['apply', '--yes']);
  const named = async (): Promise<unknown> => {
    const { answer } = await callJson(world, ['doctor']);
    return (answer['findings'] as { subject: string }[]).find(({ subject }) => subject === 'variants');
  };
  expect(await named()).toMatchObject({ level: 'ok' });
  await sh('iptables-legacy -A INPUT -s 192.0.2.99 -j DROP');
  expect(await named()).toMatchObject({ level: 'warning', text: expect.stringMatching(/in both: 1 in legacy/) });
  await sh('iptables-legacy -F INPUT');
});

describe('a state directory', () => {
  beforeEach(async () => {
    await sh(`umount ${world.stateDir} 2>/dev/null || true; mkdir -p ${world.stateDir}`);
  });

  /** Every file of the generation that `current` names, and whether their checksums hold. */
  const bootFiles = async (): Promise<string> =>
    sh(
      `cd ${world.stateDir}/generations && cat ../boot/current && cd "$(cat ../boot/current)" && sha256sum -c SHA256SUMS && ls -A . && sha256sum ../../boot/load.sh`,
    );

  test('on a full disk: an error that says so, and the old boot files stay whole', async () => {
    await sh(`mount -t tmpfs -o size=192k tmpfs ${world.stateDir}`);
    expect((await call(world, ['apply', '--yes'])).code).toBe(0);
    const ready = await bootFiles();
    await sh(`dd if=/dev/zero of=${world.stateDir}/ballast bs=4k 2>/dev/null || true`);
    await world.writeConfig(OTHER);
    const { code, stderr } = await call(world, ['apply', '--yes']);
    expect([code, stderr]).toEqual([expect.any(Number), expect.stringMatching(/no space left/)]);
    expect([1, 4]).toContain(code);
    expect(stderr).not.toContain('bug');
    expect(await bootFiles()).toBe(ready);
    // With room again, the next apply makes up for it.
    await sh(`rm ${world.stateDir}/ballast`);
    expect((await call(world, ['apply', '--yes'])).code).toBe(0);
    expect(await bootFiles()).not.toBe(ready);
    await sh(`umount ${world.stateDir}`);
  });

  test('that is read-only: an error that names it, and nothing is touched', async () => {
    await sh(`mount -t tmpfs -o ro tmpfs ${world.stateDir}`);
    const before = await kernel(world);
    const { code, stderr } = await call(world, ['apply', '--yes']);
    await sh(`umount ${world.stateDir}`);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/read-only/)]);
    expect(stderr).toContain(world.stateDir);
    expect(await kernel(world)).toEqual(before);
  });
});
