import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOST, SOURCES } from '../../lab/addresses.ts';
import type { Container } from '../../lab/containers.ts';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { recordFault } from '../support/fault-table.ts';
import { serveFew } from './probing/few.ts';
import { nothingLeaked, nothingLost, startAll, tell } from './probing/ground.ts';
import { Meter } from './probing/meter.ts';
import { change } from './probing/policies.ts';
import { Stage, runBox } from './probing/talks.ts';
import { CLOSED_MS, PATIENT_MS } from './support/cells.ts';
import { apply, configText, seawall } from './support/sources.ts';

// The same as in moments.test.ts and revoke.test.ts by nftables: another tool, and one transaction for everything.

let world: World;
let box: Container;

beforeAll(async () => {
  world = await createWorld();
  box = await runBox(world);
});
afterAll(() => world?.remove());

const by = (backend: 'iptables' | 'nftables', publicPorts = ['22/tcp', '500/udp']): string =>
  configText(publicPorts, `backend: ${backend}\n`);
const sh = (line: string): Promise<string> => mustExec(world, 'host', ['sh', '-ec', line]);
const own = async (): Promise<{ nft: boolean; iptables: boolean; ipset: boolean }> => {
  const { nft, iptables, ip6tables, ipset } = await world.snapshot();
  return {
    nft: nft.includes('table inet seawall {'),
    iptables: /seawall/i.test(iptables + ip6tables),
    ipset: /seawall/.test(ipset),
  };
};

test('down leaves nothing, and so does a change of the backend', async () => {
  const before = await world.snapshot();
  await apply(world, by('nftables'));
  expect(await own()).toEqual({ nft: true, iptables: false, ipset: false });
  await seawall(world, ['down', '--yes']);
  expect(await world.snapshot()).toEqual(before);
  await apply(world, by('iptables'));
  expect(await own()).toEqual({ nft: false, iptables: true, ipset: true });
  await apply(world, by('nftables'));
  expect(await own()).toEqual({ nft: true, iptables: false, ipset: false });
  await seawall(world, ['down', '--yes']);
  expect(await own()).toEqual({ nft: false, iptables: false, ipset: false });
});

test('who loses a right loses the connections that it had by it, and nobody any other', async () => {
  const alice = { name: 'alice', ...SOURCES['single address'] };
  const bob = { name: 'bob', ...SOURCES['inside the prefix'] };
  await apply(world, by('nftables'));
  const stage = await Stage.set(world, box, [alice, bob], 20_000);
  try {
    const ids = await stage.trackedIds();
    await seawall(world, ['trust', 'remove', alice.v4, alice.v6, '--yes']);
    await sleep(100);
    const flows = await stage.watch(1500);
    const left = await stage.trackedIds();
    const ended = stage.names.filter((name) => name.startsWith('alice → '));
    const staying = stage.names.filter((name) => !ended.includes(name));
    expect(ended.filter((name) => flows.get(name)?.most !== 0 || left.has(name))).toEqual([]);
    expect(staying.filter((name) => !((flows.get(name)?.least ?? 0) > 20))).toEqual([]);
    expect(staying.filter((name) => ids.get(name) === undefined || left.get(name) !== ids.get(name))).toEqual([]);
    expect([ended.length, staying.length > 14]).toEqual([14, true]);
    expect((await world.seawall(['status'])).code).toBe(0);
  } finally {
    await stage.end();
  }
});

const CHANGES = process.env['SEAWALL_NIGHTLY'] === '1' ? 400 : 40;

test(`${CHANGES} changes of who is trusted and what is public`, { timeout: CHANGES * 2400 }, async () => {
  await serveFew(world);
  const meter = await Meter.start(world);
  await apply(world, by('nftables'));
  const ground = await startAll(world, meter);
  const words = await change(world, CHANGES, 'nftables');
  await sleep(300);
  const results = await ground.stop();
  tell(`${CHANGES} changes by nftables`, results);
  expect(await own()).toEqual({ nft: true, iptables: false, ipset: false });
  expect(words.filter((word) => word !== 'Done')).toEqual([]);
  nothingLeaked(results);
  nothingLost(results);
  recordFault({
    number: 1,
    fault: 'leak on replace (nftables)',
    injected: 'changes of who is trusted and what is public',
    times: CHANGES,
    leaked: results.packets.leaked,
    lost: results.packets.lost + results.friends.lost,
    converged: words.length,
  });
});

/** Rules that do not depend on what was noted or cut meanwhile; by which of its two names a set is asked is no matter. */
const CHAINS = ['prerouting', 'forward', 'SEAWALL-PRE4', 'SEAWALL-PRE6', 'SEAWALL-HOST4', 'SEAWALL-HOST6'];
async function rules(): Promise<string> {
  const text = await sh(CHAINS.map((name) => `nft -s list chain inet seawall ${name}`).join('; '));
  return text.replaceAll(/(@seawall-[a-z-]+[46])[ab]/g, '$1');
}

const HARMS = [
  'nft delete table inet seawall',
  'nft flush table inet seawall',
  'nft flush chain inet seawall prerouting',
  'nft insert rule inet seawall SEAWALL-PRE4 return',
  // Docker's own rules go along; nothing of this test needs them any more.
  'nft flush ruleset',
] as const;

test('rules that somebody flushed are seen, and put back', async () => {
  await apply(world, by('nftables'));
  const dial = async (timeoutMs: number): Promise<string> =>
    (await (await world.agent('untrusted')).tcp(HOST.v4, 7000, { timeoutMs })).state;
  expect(await dial(CLOSED_MS)).toBe('closed');
  const standing = await rules();
  for (const harm of HARMS) {
    await sh(harm);
    expect([harm, (await world.seawall(['status'])).code]).toEqual([harm, 2]);
    // Whether somebody listens there is no matter: an answer is an answer.
    expect([harm, await dial(PATIENT_MS)]).not.toEqual([harm, 'closed']);
    await apply(world);
    expect([harm, await dial(CLOSED_MS)]).toEqual([harm, 'closed']);
    expect([harm, await rules()]).toEqual([harm, standing]);
    expect([harm, (await world.seawall(['status'])).code]).toEqual([harm, 0]);
  }
});
