import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { HOST } from '../../lab/addresses.ts';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { call, fresh } from './support/command-line.ts';

// Somebody removed a part of the rules, and a stranger came in: `status` says so, and `apply` ends what came in.

const SERVER = `require('net').createServer((s) => s.on('error', () => {}).pipe(s)).listen(7000, '0.0.0.0', () => console.log('up'))`;
const CLIENT = `
const socket = require('net').connect(7000, '${HOST.v4}', () => socket.write('hello'));
socket.on('data', (data) => console.log(String(data))).on('error', () => {});
process.stdin.on('data', (data) => socket.write(data));
`;

let world: World;
let server: ChildProcess;
beforeAll(async () => {
  world = await createWorld({ engine: false });
  server = world.spawn('host', [process.execPath, '-e', SERVER]);
  if (server.stdout) await once(server.stdout, 'data');
});
afterAll(() => world?.remove());

beforeEach(async () => {
  await fresh(world, 'version: 1\ntrusted: [203.0.113.7]\npublic: [22/tcp]\n');
  expect((await call(world, ['apply', '--yes'])).code).toBe(0);
});

/** What a stranger hears of an echo after it said `again`, with `heal` run before. */
async function heardAfter(heal: () => Promise<unknown>): Promise<string> {
  const client = world.spawn('untrusted', [process.execPath, '-e', CLIENT]);
  let heard = '';
  client.stdout?.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  for (let n = 0; n < 50 && !heard.includes('hello'); n++) await sleep(100);
  await heal();
  client.stdin?.write('again');
  await sleep(1500);
  client.kill();
  return heard.replaceAll(/\s+/g, ' ').trim();
}

const apply = () => call(world, ['apply', '--yes']);

test.each([
  ['the hook in PREROUTING', ['iptables -t mangle -D PREROUTING 1']],
  ['the last rule', ['iptables -t mangle -I SEAWALL-HOST 1 -j RETURN']],
  ['every hook of IPv4', ['iptables -t mangle -F PREROUTING', 'iptables -t mangle -F FORWARD']],
])('a gap: %s', async (_, commands) => {
  await mustExec(world, 'host', ['sh', '-ec', commands.join('; ')]);
  const status = await call(world, ['status']);
  expect(status.code).toBe(2);
  expect(await heardAfter(() => Promise.resolve())).toBe('hello again');
  expect(await heardAfter(apply)).toBe('hello');
  expect((await call(world, ['status'])).code).toBe(0);
  // And nobody new comes in.
  expect(await heardAfter(() => Promise.resolve())).toBe('');
});
