import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type World, createWorld } from '../../lab/world.ts';
import { call, configText, fresh, kernel } from './support/command-line.ts';

// What can't be done: a plain word, exit code 1, and nothing was touched.

const BASE = 'version: 1\ntrusted: [203.0.113.7, "2001:db8:a::7"]\npublic: [22/tcp]\n';

let world: World;
beforeAll(async () => {
  world = await createWorld({ engine: false });
});
afterAll(() => world?.remove());

describe('what the machine refuses', () => {
  const program = (): string[] => world.seawallArgv([]).slice(0, 2);

  test('without the capabilities nothing is touched, and it says what is missing', async () => {
    await fresh(world, BASE);
    const before = await kernel(world);
    const bare = ['setpriv', '--inh-caps=-all', '--bounding-set=-net_admin', ...world.seawallArgv(['apply', '--yes'])];
    const { code, stderr } = await world.exec('host', bare);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/NET_ADMIN is missing\n.*root/)]);
    expect(await kernel(world)).toEqual(before);
  });

  test('a state directory that is a file, or a symlink', async () => {
    await fresh(world, BASE);
    const before = await kernel(world);
    await writeFile(join(world.dir, 'file'), 'mine');
    await symlink(world.dir, join(world.dir, 'link'));
    for (const name of ['file', 'link', 'file/below']) {
      const words = ['apply', '--yes', '--config', world.configFile, '--state-dir', join(world.dir, name)];
      const { code, stderr } = await world.exec('host', [...program(), ...words]);
      expect({ name, code, stderr }).toEqual({ name, code: 1, stderr: expect.stringContaining(join(world.dir, name)) });
      expect(stderr).not.toContain('bug');
      expect(await kernel(world)).toEqual(before);
    }
  });

  test('a reader that goes away early', async () => {
    await fresh(world, BASE);
    const pipe = `${world.seawallArgv(['export']).join(' ')} | head -n 1; exit "\${PIPESTATUS[0]}"`;
    const { code, stdout, stderr } = await world.exec('host', ['bash', '-c', pipe]);
    expect([code, stdout, stderr]).toEqual([0, '#!/bin/sh\n', expect.not.stringContaining('bug')]);
  });
});

describe('a config that is not right', () => {
  const COMMANDS = [['plan'], ['apply', '--yes'], ['status'], ['trust', 'add', '192.0.2.1', '--yes'], ['export']];

  async function allFail(words: RegExp): Promise<void> {
    const standing = await kernel(world);
    for (const args of COMMANDS) {
      const { code, stdout, stderr } = await call(world, args);
      expect({ args, code, stdout }).toEqual({ args, code: 1, stdout: '' });
      expect(stderr).toMatch(words);
      expect(stderr).not.toContain('bug');
    }
    expect(await kernel(world)).toEqual(standing);
  }

  beforeAll(async () => {
    await fresh(world, BASE);
    await call(world, ['apply', '--yes']);
  });

  test('all errors are shown, each with its place, and nothing changes', async () => {
    const text = 'version: 1\ntrusted: [10.1]\npublic:\n  - 99999/tcp\n';
    await world.writeConfig(text);
    await allFail(/seawall\.yaml:2:11: error:[^]*seawall\.yaml:4:5: error:/);
    expect(await configText(world)).toBe(text);
  });

  test('one that is missing', async () => {
    await rm(world.configFile);
    await allFail(/no config at .*seawall\.yaml\n.*seawall init/);
  });

  test('one that is a folder', async () => {
    await mkdir(world.configFile);
    await allFail(/seawall\.yaml/);
    const { code, stderr } = await call(world, ['init']);
    expect([code, stderr]).toEqual([1, expect.not.stringContaining('bug')]);
    await rm(world.configFile, { recursive: true });
  });

  test('one that is empty, or is a picture', async () => {
    for (const content of ['', '\n', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 0xff, 0xfe])]) {
      await writeFile(world.configFile, content);
      await allFail(/seawall\.yaml:1:\d+: error:/);
    }
  });
});
