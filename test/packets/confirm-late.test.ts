import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOST, SOURCES } from '../../lab/addresses.ts';
import { type World, createWorld } from '../../lab/world.ts';
import { call, fresh } from './support/command-line.ts';

// A confirmation that is killed when it has named the generation and not yet told the guard.

let world: World;
beforeAll(async () => {
  world = await createWorld({ engine: false });
  await (await world.agent('host')).serveTcp({ name: 'host', port: 7000 });
});
afterAll(() => world?.remove());

const isThere = (name: string): Promise<boolean> =>
  access(join(world.stateDir, name)).then(
    () => true,
    () => false,
  );

test('the guard keeps what is confirmed, and says nothing of an undo', async () => {
  await fresh(world, 'version: 1\npublic: [22/tcp]\n');
  expect(await call(world, ['apply', '--yes'])).toMatchObject({ code: 0 });
  await world.writeConfig(`version: 1\ntrusted: ["${SOURCES['single address'].v4}"]\npublic: [22/tcp]\n`);
  expect(await call(world, ['apply', '--yes', '--confirm', '2'])).toMatchObject({ code: 0 });
  await writeFile(join(world.stateDir, 'boot/current'), '2\n');
  await sleep(4500);
  expect([await isThere('pending'), await isThere('undone')]).toEqual([false, false]);
  const probe = await (await world.agent('trusted-a')).tcp(HOST.v4, 7000, { timeoutMs: 400 });
  expect(probe.state).toBe('open');
  expect((await call(world, ['status'])).code).toBe(0);
  expect(await call(world, ['confirm'])).toMatchObject({ code: 0 });
});
