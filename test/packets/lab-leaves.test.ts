import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allPids, procFile } from '../../lab/processes.ts';
import { sweep } from '../../lab/reclaim.ts';
import { repositoryRoot } from '../../lab/repository.ts';
import { createWorld } from '../../lab/world.ts';
import { missingPackages, npmIsBehind, setup } from '../../scripts/setup.mjs';

// A world has to be gone without a trace, however its process ends.

/** Everything on this machine that carries a world's name. */
function traces(id: string): string[] {
  const name = `sw-${id}`;
  // What has ended and only waits for its parent to notice holds nothing any more.
  const ended = (pid: number): boolean => /^\d+ \(.*\) [ZX] /.test(procFile(pid, 'stat') ?? '');
  const processes = allPids().filter(
    (pid) => !ended(pid) && ['cmdline', 'cgroup', 'environ'].some((file) => (procFile(pid, file) ?? '').includes(name)),
  );
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const cgroups = readdirSync('/sys/fs/cgroup').map((controller) => join('/sys/fs/cgroup', controller, name));
  return [
    ...processes.map((pid) => `process ${pid} ${procFile(pid, 'cmdline')?.replaceAll('\0', ' ')}`),
    ...mounts.filter((line) => line.includes(name)),
    ...readdirSync('/run/netns').filter((namespace) => namespace.startsWith(name)),
    ...[...cgroups, join(tmpdir(), name)].filter((path) => existsSync(path)),
  ];
}

const OWNER = `
import { createWorld } from './lab/world.ts';
const world = await createWorld();
const container = { name: 'left', cmd: ['/bin/serve-all', 'left', '80'], publish: ['8080:80'], restart: 'always' };
await world.engine.containers.run(container);
await (await world.agent('untrusted')).startTcpStream({ address: '198.51.100.10', port: 8080 });
await world.containerAgent('left');
console.log('world', world.id);
if (process.argv[2] === 'throw') throw new Error('as a failing test would');
await new Promise((resolve) => setTimeout(resolve, 60_000));
`;

let owner: string;

beforeAll(async () => {
  // Within the repository, for that is where the lab looks for its sources.
  const dir = join(repositoryRoot(), 'node_modules/.cache/seawall-lab');
  mkdirSync(dir, { recursive: true });
  owner = join(dir, `owner-${process.pid}.mjs`);
  await build({
    stdin: { contents: OWNER, resolveDir: repositoryRoot(), loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['esbuild'],
    outfile: owner,
    logLevel: 'error',
  });
});
afterAll(() => rmSync(owner, { force: true }));

/** Starts another process that makes a world, and resolves when it has one. */
async function startOwner(...args: string[]) {
  const child = spawn(process.execPath, [owner, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'exit');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const id = /^world (\w+)/.exec(line.toString())?.[1] ?? '';
  return { child, ended, id };
}

describe('nothing stays', () => {
  test('after remove', async () => {
    const world = await createWorld();
    await world.engine.containers.run({ name: 'left', cmd: ['/bin/serve-all', 'left', '80'], publish: ['8080:80'] });
    await world.agent('untrusted');
    const during = traces(world.id);
    await world.remove();
    expect(during.length).toBeGreaterThan(10);
    expect(traces(world.id)).toEqual([]);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('after %s, which still ends the process', async (signal) => {
    const { child, ended, id } = await startOwner();
    expect(traces(id).length).toBeGreaterThan(10);
    child.kill(signal);
    expect(await ended).toEqual([null, signal]);
    expect(traces(id)).toEqual([]);
  });

  test('after an exception that nobody caught', async () => {
    const { ended, id } = await startOwner('throw');
    expect(await ended).toEqual([1, null]);
    expect(traces(id)).toEqual([]);
  });

  test('after kill -9: the processes end by themselves, the next world sweeps the rest', async () => {
    const [{ child, ended, id }, alive] = await Promise.all([startOwner(), startOwner()]);
    child.kill('SIGKILL');
    await ended;
    await sleep(1500);
    expect(traces(id).filter((trace) => trace.startsWith('process'))).toEqual([]);
    expect(traces(id)).not.toEqual([]);
    expect(sweep().map((gone) => gone.id)).toContain(id);
    expect(traces(id)).toEqual([]);
    expect(traces(alive.id).length).toBeGreaterThan(10);
    alive.child.kill('SIGTERM');
    await alive.ended;
    expect(traces(alive.id)).toEqual([]);
  });
});

describe('setup', () => {
  test('has nothing to do and nothing to say on a machine that runs these tests', () => {
    const said: string[] = [];
    expect(missingPackages()).toEqual([]);
    expect(setup({ say: (line) => said.push(line) })).toEqual({ npm: false, packages: [] });
    expect(said).toEqual([]);
  });

  test('knows when node_modules is missing or older than the lock file', () => {
    const root = mkdtempSync(join(tmpdir(), 'seawall-setup-'));
    writeFileSync(join(root, 'package-lock.json'), '{}');
    const missing = npmIsBehind(root);
    mkdirSync(join(root, 'node_modules'));
    writeFileSync(join(root, 'node_modules/.package-lock.json'), '{}');
    const fresh = npmIsBehind(root);
    utimesSync(join(root, 'node_modules/.package-lock.json'), 1, 1);
    const old = npmIsBehind(root);
    rmSync(root, { recursive: true });
    expect([missing, fresh, old]).toEqual([true, false, true]);
  });
});
