import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { call, fresh } from './support/command-line.ts';

// Names in the config: what they stand for now, else what they last stood for; a name never means everyone.

const CONFIG = 'version: 1\ntrusted: [203.0.113.7, office.example]\npublic: [22/tcp]\n';

let world: World;
beforeAll(async () => {
  world = await createWorld({ engine: false });
  await hosts('');
  await writeFile(join(world.dir, 'resolv.conf'), 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n');
  for (const file of ['hosts', 'resolv.conf']) {
    await mustExec(world, 'host', ['mount', '--bind', join(world.dir, file), `/etc/${file}`]);
  }
});
afterAll(() => world?.remove());
beforeEach(() => fresh(world, CONFIG));

/** Writes into the file that is mounted over the host's /etc/hosts. */
const hosts = (text: string): Promise<void> => writeFile(join(world.dir, 'hosts'), `127.0.0.1 localhost\n${text}`);

/** Applies; the answer is what was said and who is trusted. */
async function apply(): Promise<{ said: string; trusted: string[] }> {
  const { code, stderr } = await call(world, ['apply', '--yes']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining('bug') });
  const saved = await mustExec(world, 'host', ['ipset', 'save']);
  const trusted = [...saved.matchAll(/^add seawall-trusted\S+ (\S+)$/gm)].map(([, entry = '']) => entry);
  return { said: stderr, trusted: trusted.toSorted() };
}

describe('a name', () => {
  const KNOWN = ['192.0.2.33', '2001:db8:33::1', '203.0.113.7'];
  beforeEach(async () => {
    await hosts('192.0.2.33 office.example\n2001:db8:33::1 office.example\n');
    expect((await apply()).trusted).toEqual(KNOWN);
    expect((await call(world, ['status'])).code).toBe(0);
  });

  test('that resolves to another address is followed', async () => {
    await hosts('192.0.2.34 office.example\n');
    expect((await call(world, ['status'])).code).toBe(2);
    expect(await apply()).toMatchObject({ trusted: ['192.0.2.34', '203.0.113.7'] });
  });

  test.each([
    ['no longer resolves', ''],
    ['stands for 0.0.0.0', '0.0.0.0 office.example\n'],
    ['stands for this machine', '127.0.0.1 office.example\n::1 office.example\n'],
    ['stands for a multicast address', '224.0.0.1 office.example\nff02::1 office.example\n'],
    ['stands for ::', ':: office.example\n'],
  ])('that %s keeps its last addresses, and status says so', async (_name, text) => {
    await hosts(text);
    const { code, stdout } = await call(world, ['status']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/office\.example does not resolve now: it keeps/)]);
    expect(await apply()).toEqual({ said: expect.stringContaining('office.example'), trusted: KNOWN });
    expect((await apply()).trusted).toEqual(KNOWN);
  });

  test('that is taken out of the config is forgotten', async () => {
    await world.writeConfig(CONFIG.replace(', office.example', ''));
    expect((await apply()).trusted).toEqual(['203.0.113.7']);
    await hosts('');
    await world.writeConfig(CONFIG);
    expect((await apply()).trusted).toEqual(['203.0.113.7']);
  });
});

test.each([
  ['never resolved', ''],
  ['stands for 0.0.0.0', '0.0.0.0 office.example\n'],
  ['stands for this machine', '127.0.0.1 office.example\n'],
])('a name that %s is nobody', async (_name, text) => {
  await hosts(text);
  const { said, trusted } = await apply();
  expect({ said, trusted }).toEqual({
    said: expect.stringMatching(/office\.example does not resolve.*nobody/),
    trusted: ['203.0.113.7'],
  });
});

test('name servers that never answer hold up nobody for long', async () => {
  await hosts('');
  // A route into nothing: questions are sent, and no error comes back.
  await writeFile(join(world.dir, 'resolv.conf'), 'nameserver 198.51.100.251\noptions timeout:20 attempts:3\n');
  await world.ip('host', 'neigh replace 198.51.100.251 lladdr 02:00:00:00:00:99 dev eth0');
  const started = performance.now();
  const { said, trusted } = await apply();
  expect(performance.now() - started).toBeLessThan(10_000);
  expect([said, trusted]).toEqual([expect.stringContaining('office.example'), ['203.0.113.7']]);
});
