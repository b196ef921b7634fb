import { chown, lstat, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { call, callJson, configText, kernel, unshim } from './support/command-line.ts';

// Commands that edit the config: the file stays its owner's, and file and kernel change together or not at all.

const TEXT = `# the office's machine
version: 1

trusted:
  - 203.0.113.7        # alice
  - "2001:db8:a::/48"  # the office
public: [22/tcp] # ssh

block: # never
  - 203.0.113.99
`;

let world: World;
beforeAll(async () => {
  world = await createWorld({ engine: false });
});
afterAll(() => world?.remove());

beforeEach(async () => {
  await rm(world.configFile, { force: true });
  await writeFile(world.configFile, TEXT, { mode: 0o640 });
  expect((await call(world, ['apply', '--yes'])).code).toBe(0);
});

const EDITS = [
  ['trust', '192.0.2.0/24', '198.51.100.66'],
  ['block', '192.0.2.200', '2001:db8:bad::/48'],
  ['public', '443/udp', '8000-8010/tcp'],
] as const;

describe('trust, block, public', () => {
  test.each(EDITS)('%s: add, list, remove; comments and everything else stay', async (list, ...entries) => {
    expect((await call(world, [list, 'add', ...entries, '--yes'])).code).toBe(0);
    const { answer } = await callJson(world, [list, 'list']);
    expect(answer['entries']).toEqual(
      expect.arrayContaining(entries.map((entry) => expect.objectContaining({ entry }))),
    );
    expect((await call(world, ['status'])).code).toBe(0);
    const comments = (text: string) => text.match(/#.*$/gm);
    expect(comments(await configText(world))).toEqual(comments(TEXT));
    expect((await call(world, [list, 'remove', ...entries, '--yes'])).code).toBe(0);
    expect(await configText(world)).toBe(TEXT);
    expect((await call(world, ['status'])).code).toBe(0);
  });

  test('a symlink stays one, and its target keeps its mode', async () => {
    const target = join(world.dir, 'real.yaml');
    await writeFile(target, TEXT, { mode: 0o640 });
    await rm(world.configFile);
    await symlink(target, world.configFile);
    expect((await call(world, ['trust', 'add', '192.0.2.9', '--yes'])).code).toBe(0);
    expect((await lstat(world.configFile)).isSymbolicLink()).toBe(true);
    expect(await configText(world)).toContain('192.0.2.9');
    expect((await stat(target)).mode & 0o777).toBe(0o640);
  });

  test('the file keeps its owner', async () => {
    await chown(world.configFile, 1234, 1235);
    expect((await call(world, ['trust', 'add', '192.0.2.9', '--yes'])).code).toBe(0);
    expect(await configText(world)).toContain('192.0.2.9');
    expect(await stat(world.configFile)).toMatchObject({ uid: 1234, gid: 1235 });
  });

  test('a file that is not UTF-8 is left alone rather than mangled', async () => {
    const latin = Buffer.from(TEXT.replace('alice', 'B\u00fcro'), 'latin1');
    await writeFile(world.configFile, latin);
    const { code, stderr } = await call(world, ['trust', 'add', '192.0.2.9', '--yes']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('UTF-8')]);
    expect((await readFile(world.configFile)).equals(latin)).toBe(true);
  });

  test.each([
    [1, ['trust', 'add', '0.0.0.0/0', '--yes']],
    [1, ['trust', 'add', '10.1', '--yes']],
    [1, ['trust', 'add', '192.0.2.1', 'nonsense/99', '--yes']],
    [1, ['public', 'add', '22', '--yes']],
    [1, ['public', 'add', '70000/tcp', '--yes']],
    [1, ['trust', 'add', '192.0.2.1']],
    [1, ['trust', 'add', '--yes']],
    [1, ['trust', 'drop', '203.0.113.7', '--yes']],
    [0, ['trust', 'add', '203.0.113.7', '--yes']],
  ] as const)('exit %i and nothing is touched: %s', async (expected, args) => {
    const before = [await kernel(world), (await stat(world.configFile)).ino];
    const { code, stderr } = await call(world, args);
    expect(code).toBe(expected);
    expect(stderr).not.toContain('bug');
    expect(await configText(world)).toBe(TEXT);
    expect([await kernel(world), (await stat(world.configFile)).ino]).toEqual(before);
  });
});

describe('what fails in the kernel', () => {
  afterEach(async () => {
    const names = await readdir(join(world.dir, 'bin'));
    for (const name of names) await unshim(world, name);
  });

  test('a swap of a set: the file is byte for byte what it was', async () => {
    const before = await kernel(world);
    await world.shim('ipset', '[ "$1" = restore ] && { cat >/dev/null; exit 1; }; exec /usr/sbin/ipset "$@"');
    const { code, stderr } = await call(world, ['trust', 'add', '192.0.2.9', '--yes']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('ipset')]);
    expect(await configText(world)).toBe(TEXT);
    expect((await stat(world.configFile)).mode & 0o777).toBe(0o640);
    expect(await kernel(world)).toEqual(before);
  });

  test('the second family of a first apply: the file and the kernel are as before', async () => {
    expect((await call(world, ['down', '--yes'])).code).toBe(0);
    const before = await world.snapshot();
    await world.shim('ip6tables-restore', 'cat >/dev/null; exit 1');
    const { code, stderr } = await call(world, ['trust', 'add', '192.0.2.9', '--yes']);
    expect([code, stderr]).toEqual([4, expect.stringContaining('ip6tables-restore')]);
    expect(await configText(world)).toBe(TEXT);
    expect(await world.snapshot()).toEqual(before);
  });
});

test(
  'two who add at the same time, 15 times: both are in the file and in the kernel',
  { timeout: 240_000 },
  async () => {
    for (let round = 1; round <= 15; round++) {
      const pair = [`10.50.${round}.1`, `10.50.${round}.2`];
      const outcomes = await Promise.all(pair.map((address) => call(world, ['trust', 'add', address, '--yes'])));
      expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
      const text = await configText(world);
      expect(pair.filter((address) => !text.includes(address))).toEqual([]);
      expect((await call(world, ['status'])).code).toBe(0);
    }
    expect((await configText(world)).match(/10\.50\.\d+\.[12]\n/g)).toHaveLength(30);
  },
);

describe('kill -9 in the middle', () => {
  const OTHER = TEXT.replace('203.0.113.7 ', '192.0.2.0/25 ').replace('22/tcp', '22/tcp, 443/tcp');

  /** Starts a command and kills it after a part of the time that it takes when left alone. */
  async function killed(args: readonly string[], afterMs: number): Promise<void> {
    const child = world.spawnSeawall(args, { env: { SSH_CONNECTION: undefined, SSH_CLIENT: undefined } });
    const ended = once(child, 'close');
    await Promise.race([sleep(afterMs), ended]);
    child.kill('SIGKILL');
    await ended;
  }

  async function timed(work: () => Promise<unknown>): Promise<number> {
    const started = performance.now();
    await work();
    return performance.now() - started;
  }

  test('apply: the config is whole and the next apply converges', { timeout: 240_000 }, async () => {
    await world.writeConfig(OTHER);
    const whole = await timed(() => call(world, ['apply', '--yes']));
    for (let round = 0; round < 8; round++) {
      const text = round % 2 === 0 ? TEXT : OTHER;
      // From nothing every other pair of rounds: the first apply has the most steps.
      if (round % 4 > 1) await call(world, ['down', '--yes']);
      await world.writeConfig(text);
      const delay = whole * (0.25 + Math.random() * 0.75);
      await killed(['apply', '--yes'], delay);
      expect(await configText(world)).toBe(text);
      const next = await call(world, ['apply', '--yes']);
      const { code, stdout } = await call(world, ['status']);
      expect({ delay, next: next.code, said: next.stderr, code, stdout }).toMatchObject({ next: 0, code: 0 });
    }
  });

  test(
    'trust add: the config is the old or the new one, and the next apply converges',
    { timeout: 240_000 },
    async () => {
      const whole = await timed(() => call(world, ['trust', 'add', '192.0.2.77', '--yes']));
      const added = await configText(world);
      for (let round = 0; round < 8; round++) {
        await world.writeConfig(TEXT);
        await call(world, ['apply', '--yes']);
        await killed(['trust', 'add', '192.0.2.77', '--yes'], whole * (0.25 + Math.random() * 0.75));
        expect([TEXT, added]).toContain(await configText(world));
        expect((await call(world, ['apply', '--yes'])).code).toBe(0);
        expect((await call(world, ['status'])).code).toBe(0);
      }
    },
  );

  test('no set is left that no rule uses', async () => {
    const sets = (await mustExec(world, 'host', ['ipset', 'list', '-t'])).trim().split('\n\n');
    expect(sets.length).toBeGreaterThan(4);
    expect(sets.filter((set) => /^References: 0$/m.test(set))).toEqual([]);
  });
});
