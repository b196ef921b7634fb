import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { repositoryRoot } from '../../lab/repository.ts';
import { SHELLS, type Shell } from './support/boot.ts';

// The unit and the script that it starts, as packaging/install.sh puts them on a machine.

const PACKAGING = join(repositoryRoot(), 'packaging');
let installed: string;

beforeAll(() => {
  installed = mkdtempSync(join(tmpdir(), 'seawall-root-'));
  const env = { ...process.env, DESTDIR: installed };
  const { status, stderr } = spawnSync(join(PACKAGING, 'install.sh'), [], { env, encoding: 'utf8' });
  expect({ status, stderr }).toMatchObject({ status: 0 });
});
afterAll(() => rmSync(installed, { recursive: true, force: true }));

const verify = (root: string) =>
  spawnSync('systemd-analyze', ['verify', '--man=no', `--root=${root}`, 'seawall.service'], { encoding: 'utf8' });

test('systemd-analyze verify has nothing to say against the unit', () => {
  expect(verify(installed)).toMatchObject({ status: 0, stderr: '' });
});

test('and it would, if there were something', () => {
  const broken = join(installed, 'broken');
  cpSync(join(installed, 'usr'), join(broken, 'usr'), { recursive: true });
  rmSync(join(broken, 'usr/lib/seawall/seawall-boot'));
  expect(verify(broken).stderr).toContain('not executable');
});

test.each(Object.keys(SHELLS) as Shell[])('%s takes the script for right', (shell) => {
  const [program, ...args] = SHELLS[shell];
  const script = join(installed, 'usr/lib/seawall/seawall-boot');
  const { status, stderr } = spawnSync(program, [...args, '-n', script], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
