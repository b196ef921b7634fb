import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { recordFault } from '../support/fault-table.ts';
import { call, configText, fresh } from './support/command-line.ts';
import { Passed } from './support/passed.ts';
import { done, look, POLICIES } from './support/transaction.ts';

// What Seawall keeps on disk is damaged, led astray, of another version, or there is no room for it.

const NIGHTLY = process.env['SEAWALL_NIGHTLY'] === '1';
let world: World;
let state: (...names: string[]) => string;
let elsewhere: string;

beforeAll(async () => {
  world = await createWorld({ engine: false });
  state = (...names) => join(world.stateDir, ...names);
  elsewhere = join(world.dir, 'elsewhere');
});
afterAll(() => world?.remove());
beforeEach(async () => {
  await fresh(world, POLICIES.A);
  await rm(elsewhere, { recursive: true, force: true });
});

const sh = (line: string): Promise<string> => mustExec(world, 'host', ['sh', '-ec', line]);

async function apply(policy: keyof typeof POLICIES): Promise<void> {
  await world.writeConfig(POLICIES[policy]);
  await done(world, ['apply', '--yes']);
}

/** An error in words, and a kernel that is what it was. */
async function refused(args: readonly string[], words: RegExp): Promise<void> {
  const before = await look(world);
  const { code, stderr } = await call(world, args);
  expect([code, stderr]).toEqual([1, expect.stringMatching(words)]);
  expect(stderr).not.toContain('bug');
  expect(await look(world)).toBe(before);
}

async function converges(policy: keyof typeof POLICIES): Promise<void> {
  await apply(policy);
  expect(await call(world, ['status'])).toMatchObject({ code: 0 });
}

describe('no room', () => {
  test('however much is left: old or new, and never a word of nonsense', { timeout: 240_000 }, async () => {
    const sizes = NIGHTLY ? 40 : 16;
    const results: string[] = [];
    let converged = 0;
    await mkdir(state(), { recursive: true });
    await sh(`mount -t tmpfs -o size=512k tmpfs ${state()}`);
    try {
      await apply('A');
      for (let blocks = 0; blocks < sizes; blocks++) {
        await sh(
          `cd ${state()} && (dd if=/dev/zero of=ballast bs=4k 2>/dev/null || true) && truncate -s -${blocks * 4}K ballast`,
        );
        const before = await look(world);
        const current = await sh(`cat ${state('boot/current')}`);
        await world.writeConfig(POLICIES.B);
        const { code, stderr } = await call(world, [
          'apply',
          '--yes',
          ...(blocks % 2 === 0 ? [] : ['--confirm', '60']),
        ]);
        results.push(`${code}`);
        expect([0, 1, 4]).toContain(code);
        if (code !== 0) {
          expect([blocks, stderr]).toEqual([blocks, expect.stringMatching(/no space left/)]);
          expect(stderr).not.toContain('bug');
          expect(await look(world)).toBe(before);
          expect(await sh(`cat ${state('boot/current')}`)).toBe(current);
        }
        await sh(`rm ${state('ballast')}`);
        if ((await sh(`ls ${state()}`)).includes('pending')) await done(world, ['rollback', '--yes']);
        await converges('A');
        converged++;
      }
    } finally {
      // A guard that is about to end may still have the lock open.
      await sh(`umount -l ${state()}`);
    }
    expect(new Set(results).size).toBeGreaterThan(1);
    recordFault({
      number: 36,
      fault: 'state files: no room',
      injected: 'a file system on which 0 to n blocks are left',
      times: sizes,
      converged,
    });
  });
});

describe('a symlink', () => {
  const notFollowed = new Passed();
  /** Moves what is there away, and leads to it. */
  async function leadAstray(name: string): Promise<void> {
    await rename(state(name), elsewhere);
    await symlink(elsewhere, state(name));
  }
  const treeOf = (): Promise<string> =>
    sh(`cd ${elsewhere} && find . -type f | sort | xargs sha256sum; ls -lR | grep -v '^total'`);

  test.each(['', 'boot', 'generations'])(
    'in place of the folder %j is refused, and nothing is written there',
    async (name) => {
      await apply('A');
      await leadAstray(name);
      const before = await treeOf();
      await world.writeConfig(POLICIES.B);
      await refused(['apply', '--yes'], /is not a folder of its own\n.*symlink/);
      expect(await treeOf()).toBe(before);
      await rm(name === '' ? world.stateDir : state(name));
      await rename(elsewhere, name === '' ? world.stateDir : state(name));
      await converges('B');
      notFollowed.one();
    },
  );

  test.each(['boot/current', 'boot/load.sh', 'journal', 'before.json'])('in place of %s is replaced', async (name) => {
    await apply('A');
    await rm(state(name), { force: true });
    const mine = 'mine\n';
    await writeFile(elsewhere, mine);
    await symlink(elsewhere, state(name));
    await call(world, ['apply', '--yes']);
    await converges('B');
    await call(world, ['down', '--yes']);
    expect(await readFile(elsewhere, 'utf8')).toBe(mine);
    notFollowed.one();
  });

  test.each(['pending', 'undone', 'undone.new', 'uncut'])('in place of %s is never written to', async (name) => {
    await apply('A');
    await writeFile(elsewhere, 'mine\n');
    await symlink(elsewhere, state(name));
    await world.writeConfig(POLICIES.B);
    const { code } = await call(world, ['apply', '--yes', '--confirm', '60']);
    expect(code).toBe(name === 'pending' ? 3 : 0);
    await done(world, ['rollback', '--yes']);
    await converges('B');
    expect(await readFile(elsewhere, 'utf8')).toBe('mine\n');
    notFollowed.one();
  });

  test('in place of the lock is refused', async () => {
    await apply('A');
    await rm(state('lock'));
    await writeFile(elsewhere, 'mine\n');
    await symlink(elsewhere, state('lock'));
    await world.writeConfig(POLICIES.B);
    await refused(['apply', '--yes'], /lock/);
    expect(await readFile(elsewhere, 'utf8')).toBe('mine\n');
    await rm(state('lock'));
    await converges('B');
    const injected = 'in place of every file and folder of the state';
    notFollowed.one();
    notFollowed.record(12, { number: 36, fault: 'state files: a symlink', injected });
  });
});

type Damage = (file: string) => Promise<void>;
const DAMAGES: Readonly<Record<string, Damage>> = {
  'a bit flipped': async (file) => {
    const bytes = await readFile(file);
    const middle = bytes.length >> 1;
    bytes.writeUInt8((bytes[middle] ?? 0) ^ 1, middle);
    await writeFile(file, bytes);
  },
  'cut in half': async (file) => truncate(file, (await readFile(file)).length >> 1),
  empty: (file) => truncate(file, 0),
  'cut at the end of a line': async (file) => {
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    await writeFile(
      file,
      lines
        .slice(0, -1)
        .map((line) => `${line}\n`)
        .join(''),
    );
  },
  removed: (file) => rm(file),
};
const FILES = ['sets.ipset', 'rules.iptables', 'rules.ip6tables', 'hooks', 'SHA256SUMS'];
const RECORD = ['config.yaml', 'meta.json', 'RECORD-SHA256SUMS'];
const CASES = [...FILES, ...RECORD].flatMap((name, index) =>
  Object.entries(DAMAGES)
    .filter(([what], at) => NIGHTLY || at === index % 2 || (name.endsWith('SUMS') && what.startsWith('cut at')))
    .map(([what, damage]) => [name, what, damage] as const),
);

describe('a generation', () => {
  const healed = new Passed();
  test.each(CASES)('%s: %s: not gone back to, told of, and healed', async (name, _what, damage) => {
    await apply('A');
    await apply('B');
    await damage(state('generations/1', name));
    await refused(['rollback', '--yes'], /generation 1 is damaged/);
    expect(await configText(world)).toBe(POLICIES.B);
    expect((await call(world, ['history'])).code).toBe(0);
    await damage(state('generations/2', name));
    const { code, stdout } = await call(world, ['status']);
    expect([code, stdout]).toEqual([2, expect.stringMatching(/damaged/)]);
    await converges('B');
    healed.one();
  });

  test('all of it was counted', () => {
    const injected = 'every file of a generation torn, or a bit of it flipped';
    healed.record(CASES.length, { number: 36, fault: 'state files: damage', injected });
  });
});

describe('the state of another version', () => {
  test('with files that nobody knows, and a note in other words', async () => {
    await apply('A');
    await apply('B');
    for (const path of ['later', 'generations/2/later.json', 'generations/later', 'boot/later'])
      await writeFile(state(path), 'of a later version\n');
    await rewriteMeta(2, (meta) => ({ ...meta, version: 2, zones: { all: 'other' }, changes: 'in words' }));
    await rewriteMeta(1, () => ({ version: 9 }));
    for (const args of [['status'], ['history'], ['history', '--json'], ['plan']]) {
      const { code, stdout, stderr } = await call(world, args);
      expect([args, code, stdout + stderr]).toEqual([args, expect.any(Number), expect.not.stringContaining('bug')]);
      expect([0, 1, 2]).toContain(code);
    }
    const { stderr } = await call(world, ['rollback', '--yes']);
    expect(stderr).not.toContain('bug');
    await converges('B');
    await converges('A');
    await done(world, ['down', '--yes']);
    recordFault({
      number: 43,
      fault: 'upgrade, downgrade',
      injected: 'the state folder of a version that writes other notes and more files',
      times: 1,
      converged: 1,
    });
  });

  /** With a sum that is right: it was written so. */
  async function rewriteMeta(number: number, change: (meta: object) => object): Promise<void> {
    const file = state(`generations/${number}/meta.json`);
    const text = JSON.stringify(change(JSON.parse(await readFile(file, 'utf8')) as object));
    await writeFile(file, text);
    const sums = state(`generations/${number}/RECORD-SHA256SUMS`);
    const sum = createHash('sha256').update(text).digest('hex');
    await writeFile(sums, (await readFile(sums, 'utf8')).replace(/^.*  meta\.json$/m, `${sum}  meta.json`));
  }
});
