import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { HOST, SOURCES } from '../../lab/addresses.ts';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { call, configText, fresh } from './support/command-line.ts';

// A change that is undone unless somebody confirms it.

const ALICE = SOURCES['single address'].v4;
const TRUSTING = `version: 1\ntrusted: ["${ALICE}"]\npublic: [22/tcp]\n`;
const NOBODY = 'version: 1\npublic: [22/tcp]\n';

let world: World;
beforeAll(async () => {
  world = await createWorld({ engine: false });
  await (await world.agent('host')).serveTcp({ name: 'host', port: 7000 });
});
afterAll(() => world?.remove());
beforeEach(() => fresh(world, TRUSTING));

const reaches = async (): Promise<boolean> =>
  (await (await world.agent('trusted-a')).tcp(HOST.v4, 7000, { timeoutMs: 400 })).state === 'open';
const current = async (): Promise<string> => (await readFile(join(world.stateDir, 'boot/current'), 'utf8')).trim();
const apply = async (...words: string[]): Promise<void> =>
  expect(await call(world, ['apply', '--yes', ...words])).toMatchObject({ code: 0 });
const save = (): Promise<string> =>
  mustExec(world, 'host', [
    'sh',
    '-c',
    'iptables-save; ip6tables-save; ipset save | grep -v "^add seawall-\\(denied\\|lately\\|cut\\)" | sort',
  ]);
const bare = async (): Promise<string> => (await save()).replaceAll(/^#.*\n|\[\d+:\d+\]|initval \S+/gm, '');

test('nobody confirms: the rules, the sets and the next boot are what they were', async () => {
  await apply();
  const standing = await bare();
  await world.writeConfig(NOBODY);
  await apply('--confirm', '2');
  expect([await reaches(), await current()]).toEqual([false, '1']);
  expect((await call(world, ['status'])).stdout).toMatch(
    /Generation 2, by .*, is not confirmed and is undone in [0-3] s/,
  );
  await sleep(4500);
  expect(await reaches()).toBe(true);
  expect(await bare()).toBe(standing);
  expect(await call(world, ['confirm'])).toMatchObject({ code: 4 });
  expect(await configText(world)).toBe(NOBODY);
});

test('confirmed in time: it stays', async () => {
  await apply();
  await world.writeConfig(NOBODY);
  await apply('--confirm', '3');
  expect(await call(world, ['confirm'])).toMatchObject({ code: 0 });
  await sleep(4500);
  expect([await reaches(), await current()]).toEqual([false, '2']);
  expect((await call(world, ['status'])).code).toBe(0);
});

test('a first one that nobody confirms leaves no firewall', async () => {
  const before = await bare();
  await apply('--confirm', '1');
  await sleep(3500);
  expect((await bare()).replaceAll(/^\*mangle\n(:\w+ ACCEPT \n)*COMMIT\n/gm, '')).toBe(before);
});

test('an edit comes into the config when it is confirmed, and never if it is not', async () => {
  await apply();
  expect(await call(world, ['trust', 'remove', ALICE, '--yes', '--confirm', '1'])).toMatchObject({ code: 0 });
  expect([await reaches(), await configText(world)]).toEqual([false, TRUSTING]);
  expect((await call(world, ['status'])).code).toBe(0);
  await sleep(3500);
  await apply();
  expect(await reaches()).toBe(true);
  expect(await call(world, ['trust', 'remove', ALICE, '--yes', '--confirm', '60'])).toMatchObject({ code: 0 });
  expect(await call(world, ['confirm'])).toMatchObject({ code: 0 });
  expect(await configText(world)).not.toContain(ALICE);
  expect([await reaches(), (await call(world, ['status'])).code]).toEqual([false, 0]);
});

test('while one waits no other is made, and rollback undoes it at once', async () => {
  await apply();
  await world.writeConfig(NOBODY);
  await apply('--confirm', '60');
  expect(await call(world, ['apply', '--yes'])).toMatchObject({ code: 3 });
  expect(await call(world, ['trust', 'add', ALICE, '--yes'])).toMatchObject({ code: 3 });
  expect(await call(world, ['down', '--yes'])).toMatchObject({ code: 3 });
  expect(await call(world, ['rollback', '--yes'])).toMatchObject({ code: 0 });
  expect(await reaches()).toBe(true);
});

test('rollback and history', async () => {
  await apply('-m', 'a first one');
  expect(await call(world, ['trust', 'remove', ALICE, '--yes'])).toMatchObject({ code: 0 });
  expect(await reaches()).toBe(false);
  const listed = await call(world, ['history']);
  expect(listed.stdout).toMatch(/^\* 2 .*\n +trusted: remove .*\n +trusted -.*\n  1 .*\n +a first one\n/);
  expect(await call(world, ['rollback', '--yes'])).toMatchObject({ code: 0 });
  expect([await reaches(), await configText(world), await current()]).toEqual([true, TRUSTING, '3']);
  expect((await call(world, ['status'])).code).toBe(0);
});

test('a plan is good for the state that it was made from', async () => {
  await apply();
  await world.writeConfig(NOBODY);
  const file = join(world.dir, 'plan.json');
  expect(await call(world, ['plan', '--out', file])).toMatchObject({ code: 2 });
  await mustExec(world, 'host', ['ipset', 'add', 'seawall-trusted4a', '192.0.2.77']);
  expect(await call(world, ['apply', '--plan', file, '--yes'])).toMatchObject({ code: 3 });
  await mustExec(world, 'host', ['ipset', 'del', 'seawall-trusted4a', '192.0.2.77']);
  expect(await call(world, ['apply', '--plan', file, '--yes'])).toMatchObject({ code: 0 });
  expect(await reaches()).toBe(false);
});
