import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NodeName } from '../../lab/addresses.ts';
import { normalise } from '../../lab/snapshot.ts';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { call, callJson, kernel } from './support/command-line.ts';

// What `export` prints stands up the same firewall with nothing but a shell and the kernel's own tools.

const CONFIG = `version: 1
trusted: [203.0.113.7, 198.18.64.0/20, "2001:db8:b00::/40", {file: partners.txt}]
public: [22/tcp, 443/tcp, 443/udp, 8000-8010/tcp]
allow:
  - {from: [10.9.0.0/16, "2001:db8:9::/48"], to: [9100/tcp, 53/udp]}
block: [203.0.113.99, "2001:db8:bad::/48"]
log: limited
`;
/** A machine without Seawall: any other node of the lab. */
const ELSEWHERE = 'neighbour';

let world: World;
let script: string;
beforeAll(async () => {
  world = await createWorld({ engine: false });
  await world.writeConfig(CONFIG);
  const list = Array.from({ length: 3000 }, (_, n) => `100.${64 + (n >> 8)}.${n & 255}.${(n * 7) % 254}\n`);
  await writeFile(join(world.dir, 'partners.txt'), `${list.join('')}2001:db8:77::/48\n`);
  const { code, stdout, stderr } = await call(world, ['export']);
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.not.stringContaining('error') });
  script = join(world.dir, 'firewall.sh');
  await writeFile(script, stdout);
});
afterAll(() => world?.remove());

async function standing(node: NodeName): Promise<{ rules: string; sets: string[] }> {
  const rules = await mustExec(world, node, ['sh', '-c', 'iptables-save -t mangle; ip6tables-save -t mangle']);
  const sets = await mustExec(world, node, ['ipset', 'save']);
  return { rules: normalise(rules), sets: normalise(sets).split('\n').toSorted() };
}

test('export changes nothing here', async () => {
  expect((await kernel(world)).sets).toBe('');
  expect((await call(world, ['plan'])).code).toBe(2);
});

test('the script makes the same rules and sets as apply', async () => {
  expect(await world.exec(ELSEWHERE, ['sh', script])).toMatchObject({ code: 0, stderr: '' });
  expect((await call(world, ['apply', '--yes'])).code).toBe(0);
  const [here, there] = await Promise.all([standing('host'), standing(ELSEWHERE)]);
  expect(there).toEqual(here);
  expect(here.sets.length).toBeGreaterThan(2900);
  expect(here.rules).toMatch(/-A PREROUTING .*-j SEAWALL-PRE/);
});

test('it refuses where sets of Seawall stand, and leaves them', async () => {
  const before = await standing('host');
  const { code, stderr } = await world.exec('host', ['sh', script]);
  expect([code, stderr]).toEqual([1, expect.stringContaining('a firewall of Seawall stands here already')]);
  expect(await standing('host')).toEqual(before);
});

test('with --output it writes the files that the next boot would load', async () => {
  const folder = join(world.dir, 'plain');
  const { code, answer } = await callJson(world, ['export', '--output', folder]);
  expect(code).toBe(0);
  const names = ['hooks', 'rules.ip6tables', 'rules.iptables', 'sets.ipset'];
  expect((answer['files'] as string[]).toSorted()).toEqual(names);
  expect((await readdir(folder)).toSorted()).toEqual(names);
  const current = (await readFile(join(world.stateDir, 'boot/current'), 'utf8')).trim();
  for (const name of names) {
    const [exported, boot] = await Promise.all(
      [folder, join(world.stateDir, 'generations', current)].map((each) => readFile(join(each, name), 'utf8')),
    );
    expect(exported === boot ? name : `${name} differs`).toBe(name);
  }
});

test('it writes into no folder that holds something, and over no file', async () => {
  const folder = join(world.dir, 'full');
  await mustExec(world, 'host', ['mkdir', folder]);
  await writeFile(join(folder, 'notes'), 'mine');
  for (const output of [folder, join(folder, 'notes')]) {
    const { code, stderr } = await call(world, ['export', '--output', output]);
    expect([code, stderr]).toEqual([1, expect.not.stringContaining('bug')]);
  }
  expect(await readdir(folder)).toEqual(['notes']);
  expect(await readFile(join(folder, 'notes'), 'utf8')).toBe('mine');
});
