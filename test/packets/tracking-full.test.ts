import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOST, SOURCES } from '../../lab/addresses.ts';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { recordFault } from '../support/fault-table.ts';
import { call } from './support/command-line.ts';
import { apply } from './support/sources.ts';

// The kernel counts connections for each namespace against the limit of the machine, so the host of a lab can be filled.

const ALICE = SOURCES['single address'].v4;
const CONFIG = `version: 1\ntrusted: ["${ALICE}"]\npublic: [22/tcp]\n`;

let world: World;
beforeAll(async () => {
  world = await createWorld({ engine: false });
  const host = await world.agent('host');
  await Promise.all([22, 7000].map((port) => host.serveTcp({ name: 'host', port })));
  await apply(world, CONFIG);
});
afterAll(() => world?.remove());

const number = async (name: string): Promise<number> =>
  Number(await mustExec(world, 'host', ['cat', `/proc/sys/net/netfilter/nf_conntrack_${name}`]));

/** Connections that have been answered: those that have not would make room for others. */
async function fill(): Promise<void> {
  const entry = (n: number): string =>
    `-I -p udp -s 100.${64 + (n >> 16)}.${(n >> 8) & 255}.${n & 255} -d ${HOST.v4} --sport 5000 --dport 9 -t 600 -u SEEN_REPLY,ASSURED\n`;
  const file = join(world.dir, 'connections');
  await writeFile(file, Array.from({ length: await number('max') }, (_, n) => entry(n)).join(''));
  // The last ones find no room.
  await world.exec('host', ['conntrack', '-R', file], { timeoutMs: 60_000 });
}

/** Who is answered: a stranger and a friend, at a port that is closed and at one that is public. */
async function answers(): Promise<string[]> {
  const [stranger, friend] = [await world.agent('untrusted'), await world.agent('trusted-a')];
  const asked = [stranger, friend].flatMap((agent) =>
    [7000, 22].map((port) => agent.tcp(HOST.v4, port, { timeoutMs: 500 })),
  );
  return (await Promise.all(asked)).map(({ state }) => (state === 'open' ? 'open' : 'closed'));
}

test('a full table shuts out everybody new, lets nobody in, and is told', async () => {
  const friend = await world.agent('trusted-a');
  const held = await friend.hold({ address: HOST.v4, port: 7000, intervalMs: 20 });
  await sleep(200);
  await fill();
  expect(await number('count')).toBeGreaterThanOrEqual((await number('max')) - 1);
  const found = await answers();
  expect(found).toEqual(['closed', 'closed', 'closed', 'closed']);
  const before = (await held.check()).exchanged;
  await sleep(500);
  expect((await held.check()).exchanged - before, 'what stands lives on').toBeGreaterThan(5);
  for (const command of ['status', 'doctor']) {
    const { code, stdout } = await call(world, [command]);
    expect([code, stdout]).toEqual([2, expect.stringMatching(/of \d+ connections: the table is (nearly )?full/)]);
  }
  await held.release();
  await mustExec(world, 'host', ['conntrack', '-F']);
  expect(await answers()).toEqual(['closed', 'open', 'open', 'open']);
  expect((await call(world, ['status'])).code).toBe(0);
  const leaked = found.slice(0, 1).filter((state) => state === 'open').length;
  const injected = 'as many answered connections as the limit';
  recordFault({ number: 40, fault: 'the table of connections is full', injected, times: 1, leaked, converged: 1 });
});
