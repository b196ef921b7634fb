import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOST } from '../../lab/addresses.ts';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { CLOSED_MS, PATIENT_MS } from './support/cells.ts';
import { configText } from './support/sources.ts';

// A machine on which iptables and ipset are not installed: nftables alone has to do for everything.

let world: World;

beforeAll(async () => {
  world = await createWorld({ engine: false });
  // In the mounts of this host alone.
  const [all, few] = [join(world.dir, 'all'), join(world.dir, 'few')];
  const script = [
    `mkdir ${all} ${few}; mount --bind /usr/sbin ${all}; ln -s ${all}/* ${few}`,
    `cd ${few}; rm iptables* ip6tables* xtables* ipset*; mount --bind ${few} /usr/sbin`,
  ];
  await mustExec(world, 'host', ['sh', '-ec', script.join('; ')]);
  await (await world.agent('host')).serveTcp({ name: 'host', port: 7000 });
});
afterAll(() => world?.remove());

/** Its exit code, and what it said if that isn't 0. */
const done = async (...args: string[]): Promise<string> => {
  const { code, stderr } = await world.seawall(args);
  return code === 0 ? 'done' : `exit ${code}: ${stderr}`;
};

async function dial(node: 'untrusted' | 'trusted-a', open: boolean): Promise<string> {
  const at = { timeoutMs: open ? PATIENT_MS : CLOSED_MS };
  const answers = await Promise.all(
    [HOST.v4, HOST.v6].map(async (address) => (await (await world.agent(node)).tcp(address, 7000, at)).state),
  );
  return [...new Set(answers)].join();
}

test('from nothing to a wall, changed, looked at, and taken down', async () => {
  await world.writeConfig(configText(['22/tcp']));
  const plan = await world.seawall(['plan', '--json']);
  expect([plan.code, plan.stderr]).toEqual([2, '']);
  expect(await dial('untrusted', true)).toBe('open');
  expect(await done('apply', '--yes')).toBe('done');
  expect([await dial('untrusted', false), await dial('trusted-a', true)]).toEqual(['closed', 'open']);
  const status = await world.seawall(['status', '--json']);
  expect([status.code, (JSON.parse(status.stdout) as { backend?: string }).backend]).toEqual([0, 'nftables']);
  expect(await done('public', 'add', '7000/tcp', '--yes')).toBe('done');
  expect(await dial('untrusted', true)).toBe('open');
  expect(await done('rollback', '1', '--yes')).toBe('done');
  expect(await dial('untrusted', false)).toBe('closed');
  const denied = await world.seawall(['denied', '--json']);
  expect(JSON.parse(denied.stdout)).toMatchObject({
    denied: expect.arrayContaining([expect.objectContaining({ port: 7000 })]),
  });
  expect(await done('down', '--yes')).toBe('done');
  expect(await mustExec(world, 'host', ['nft', 'list', 'tables'])).toBe('');
  expect(await dial('untrusted', true)).toBe('open');
});
