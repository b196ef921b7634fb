import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOST, SOURCES } from '../../lab/addresses.ts';
import type { AgentClient } from '../../lab/client.ts';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { apply, seawall } from './support/sources.ts';

// Connections that are hard to cut: very many of them, one that the kernel takes for over, and what comes after a cut.

let world: World;
let host: AgentClient;
let alice: AgentClient;
const ALICE = SOURCES['single address'].v4;

beforeAll(async () => {
  world = await createWorld({ engine: false });
  host = await world.agent('host');
  alice = await world.agent('trusted-a');
  await host.serveTcp({ name: 'host', port: 7000 });
  await host.serveUdp({ name: 'host', port: 7000 });
});
afterAll(() => world?.remove());

const TRUSTING = `version: 1\ntrusted: ["${ALICE}"]\npublic: [22/tcp, 443/tcp]\n`;

const tracked = async (): Promise<number> => Number(await mustExec(world, 'host', ['conntrack', '-C']));

test('5,000 clients of a port that is closed, and one that may stay', async () => {
  await apply(world, TRUSTING);
  const before = await tracked();
  const entry = (source: string): string =>
    `-I -p tcp -s ${source} -d ${HOST.v4} --sport 5000 --dport 443 -t 1000 --state ESTABLISHED\n`;
  const clients = Array.from({ length: 5000 }, (_, n) => `100.${64 + Math.floor(n / 250)}.${n % 250}.9`);
  const file = join(world.dir, 'connections');
  await writeFile(file, [ALICE, ...clients].map(entry).join(''));
  await mustExec(world, 'host', ['conntrack', '-R', file]);
  expect(await tracked()).toBeGreaterThan(5000);
  const began = performance.now();
  await seawall(world, ['public', 'remove', '443/tcp', '--yes']);
  // One by one it would be a minute and a half.
  expect(performance.now() - began).toBeLessThan(10_000);
  expect((await tracked()) - before).toBeLessThan(100);
  const left = await mustExec(world, 'host', ['conntrack', '-L', '-p', 'tcp', '--dport', '443']);
  expect(left.trim().split('\n')).toHaveLength(1);
  expect(left).toContain(`src=${ALICE} `);
});

test('a connection that the kernel takes for over, though it carries on', async () => {
  await apply(world, TRUSTING);
  const held = await alice.hold({ address: HOST.v4, port: 7000, intervalMs: 20 });
  const ends = ['-p', 'tcp', '-s', ALICE, '-d', HOST.v4, '--dport', '7000'];
  // A reset that conntrack believes and the server doesn't (its number is a little too old) has the same effect.
  await mustExec(world, 'host', ['conntrack', '-U', ...ends, '--state', 'CLOSE']);
  await sleep(500);
  const closed = await held.check();
  expect(await mustExec(world, 'host', ['conntrack', '-L', ...ends])).toContain(' CLOSE ');
  await sleep(500);
  const carried = (await held.check()).exchanged - closed.exchanged;
  await seawall(world, ['trust', 'remove', ALICE, '--yes']);
  await sleep(100);
  const cut = await held.check();
  await sleep(1500);
  const after = (await held.release()).exchanged - cut.exchanged;
  expect(carried).toBeGreaterThan(5);
  expect(after).toBe(0);
});

test('what was open before the first rule, and was not tracked by then', async () => {
  await seawall(world, ['down', '--yes']);
  const stranger = await world.agent('untrusted');
  // Nobody tracks anything here now; and the server talks of its own accord, which would have it tracked from inside.
  const held = await stranger.hold({ address: HOST.v4, port: 7000, intervalMs: 20 });
  await mustExec(world, 'host', ['conntrack', '-F']);
  await sleep(300);
  expect((await held.check()).exchanged).toBeGreaterThan(5);
  await world.writeConfig(TRUSTING);
  const planned = await world.seawall(['plan']);
  expect(planned.stdout).toMatch(/cuts .*1 open connection/);
  await apply(world, TRUSTING);
  await sleep(200);
  const cut = await held.check();
  await sleep(1500);
  expect((await held.release()).exchanged - cut.exchanged).toBe(0);
});

test('servers may speak first again to an address that is trusted again', async () => {
  await apply(world, TRUSTING);
  const port = await alice.serveUdp({ name: 'alice', port: 0 });
  const speaksFrom = async (sourcePort: number): Promise<string> =>
    (await host.udp(ALICE, port, { sourcePort, timeoutMs: 1000 })).state;
  const ends = ['-p', 'udp', '-s', ALICE, '-d', HOST.v4, '--sport', '9', '--dport', '7001', '-t', '100'];
  await mustExec(world, 'host', ['conntrack', '-I', ...ends]);
  await seawall(world, ['trust', 'remove', ALICE, '--yes']);
  // What a server of 7001 sends now could only be meant for the connection that was cut; all else is free to go.
  expect([await speaksFrom(7001), await speaksFrom(7002)]).toEqual(['closed', 'open']);
  await seawall(world, ['trust', 'add', ALICE, '--yes']);
  expect(await speaksFrom(7001)).toBe('open');
});
