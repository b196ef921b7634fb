import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { recordFault } from '../support/fault-table.ts';
import { HOST_SERVICES } from './probing/floods.ts';
import { nothingLeaked, nothingLost, startAll, tell } from './probing/ground.ts';
import { Meter } from './probing/meter.ts';
import { call, callJson, fresh } from './support/command-line.ts';
import { apply, configText } from './support/sources.ts';

// The alternative `iptables` is turned over under a firewall that stands: its old rules stay in force where nothing looks
// for them any more. They are named, the new ones stand first, and then the old ones go.

type Variant = 'legacy' | 'nft';
const OTHER: Readonly<Record<Variant, Variant>> = { legacy: 'nft', nft: 'legacy' };
const NAMES: Readonly<Record<Variant, string>> = { legacy: 'legacy iptables', nft: 'the nft variant' };
/** A rule of somebody else in legacy iptables; it is to stay there. */
const FOREIGN = '-A FORWARD -s 192.0.2.9/32 -j MARK --set-xmark 0x7/0xffffffff';

let world: World;
let meter: Meter;
let now: Variant = 'legacy';

const sh = (line: string): Promise<string> => mustExec(world, 'host', ['sh', '-ec', line]);

/** What update-alternatives does. */
async function turn(to: Variant): Promise<void> {
  now = to;
  for (const word of ['iptables', 'ip6tables'])
    for (const part of ['', '-save', '-restore']) await world.shim(`${word}${part}`, `exec ${word}-${to}${part} "$@"`);
}

/** How many hooks and chains of Seawall stand in a variant, both IP versions together. */
async function own(variant: Variant): Promise<number> {
  const text = await sh(`iptables-${variant}-save; ip6tables-${variant}-save`);
  return text.split('\n').filter((line) => /^:SEAWALL-|^-A (?:PREROUTING|FORWARD) .*-j SEAWALL-/.test(line)).length;
}
const standing = async (): Promise<[legacy: number, nft: number]> => [await own('legacy'), await own('nft')];

async function named(subject: string): Promise<unknown> {
  const { answer } = await callJson(world, ['doctor']);
  return (answer['findings'] as { subject: string }[]).find((finding) => finding.subject === subject);
}

beforeAll(async () => {
  world = await createWorld({ engine: false, iptables: 'legacy' });
  const host = await world.agent('host');
  for (const port of [7000, 22]) await host.serveTcp({ name: 'host', port });
  for (const port of [7000, 500]) await host.serveUdp({ name: 'host', port });
  meter = await Meter.start(world);
});
afterAll(() => world?.remove());

const BASE = configText(['22/tcp', '500/udp']);
/** Others are blocked and other ports public, so rules and sets change along with the variant. */
const LATER = [
  configText(['22/tcp', '500/udp', '443/tcp'], 'block: [203.0.113.99]\n'),
  configText(['22/tcp', '500/udp', '6000-6999/tcp'], 'log: limited\n'),
  BASE,
];

beforeEach(async () => {
  await turn('legacy');
  await fresh(world);
  await sh(`iptables-legacy -t mangle -F FORWARD; iptables-legacy -t mangle ${FOREIGN}`);
});

const TURNS = 6;

test(`turned over ${TURNS} times, each time with another policy`, { timeout: 120_000 }, async () => {
  await apply(world, BASE);
  const full = (await standing())[0];
  expect(await standing()).toEqual([full, 0]);
  const ground = await startAll(world, meter, { strangers: HOST_SERVICES, friends: HOST_SERVICES });
  for (let n = 0; n < TURNS; n++) {
    const old = now;
    await turn(OTHER[old]);
    const seen = await call(world, ['status']);
    expect([seen.code, seen.stdout]).toEqual([2, expect.not.stringMatching(/does not stand|in part only/)]);
    expect(seen.stdout).toMatch(/IPv4: no rule of Seawall stands where iptables looks now\n/);
    expect(seen.stdout).toMatch(new RegExp(`IPv6 in ${NAMES[old]}: \\d+ chains of Seawall are in force there`));
    await apply(world, LATER[n % LATER.length]);
    const [legacy, nft] = await standing();
    expect({ turn: n, old: old === 'legacy' ? legacy : nft }).toEqual({ turn: n, old: 0 });
    expect((await call(world, ['status'])).code).toBe(0);
  }
  // Long enough for the floods, however fast this machine is.
  await sleep(1500);
  const results = await ground.stop();
  tell(`the variant turned over ${TURNS} times`, results);
  nothingLeaked(results);
  nothingLost(results);
  expect(await sh('iptables-legacy-save -t mangle')).toContain(FOREIGN);
  recordFault({
    number: 12,
    fault: 'the variant of iptables turned over under a firewall that stands',
    injected: 'legacy to nft and back after an apply, each time with another policy',
    times: TURNS,
    leaked: results.packets.leaked + results.packets.leakedDirect,
    lost: results.packets.lost,
    converged: TURNS,
  });
});

describe('rules in both at once', () => {
  test('are named by status and doctor, and those of the other variant are cleaned', async () => {
    await apply(world, BASE);
    for (const word of ['iptables', 'ip6tables'])
      await sh(
        `${word}-legacy-save -t mangle | grep -v MARK | sed 's/\\[[0-9]*:[0-9]*\\] //' | ${word}-nft-restore --noflush`,
      );
    await turn('nft');
    const [full, both] = await standing();
    expect([full > 10, both]).toEqual([true, full]);
    const seen = await call(world, ['status']);
    expect([seen.code, seen.stdout]).toEqual([2, expect.stringMatching(/IPv4 in legacy iptables: \d+ chains/)]);
    expect(await named('variants')).toMatchObject({
      level: 'warning',
      text: expect.stringMatching(/stand in legacy iptables too/),
      hint: 'seawall apply removes those in legacy iptables',
    });
    await apply(world);
    expect(await standing()).toEqual([0, full]);
    expect(await sh('iptables-legacy-save -t mangle')).toContain(FOREIGN);
    expect((await call(world, ['status'])).code).toBe(0);
  });

  test('are both gone after down', async () => {
    await apply(world, BASE);
    await turn('nft');
    expect((await call(world, ['down', '--yes'])).code).toBe(0);
    expect([await standing(), await sh('ipset list -n')]).toEqual([[0, 0], '']);
  });
});

test('a change that nobody confirms goes back to what stood in the other variant', { timeout: 60_000 }, async () => {
  await apply(world, BASE);
  await turn('nft');
  await world.writeConfig(configText(['22/tcp', '500/udp', '7000/tcp']));
  const ask = async (): Promise<(string | undefined)[]> => {
    const [stranger, friend] = [await world.agent('untrusted'), await world.agent('trusted-a')];
    const at = HOST_SERVICES.filter(({ protocol }) => protocol === 'tcp').map(({ address }) => address);
    const asked = [stranger, friend].flatMap((agent) => at.map((to) => agent.tcp(to, 7000, { timeoutMs: 300 })));
    return (await Promise.all(asked)).map(({ state }) => state);
  };
  expect((await call(world, ['apply', '--yes', '--confirm', '1'])).code).toBe(0);
  expect(await ask()).toEqual(['open', 'open', 'open', 'open']);
  await sleep(3500);
  expect(await ask()).toEqual(['closed', 'closed', 'open', 'open']);
  const [legacy, nft] = await standing();
  expect([legacy, nft > 10]).toEqual([0, true]);
});

test('what drops before Seawall is named by doctor', async () => {
  await turn('nft');
  await apply(world, BASE);
  await sh(
    `nft 'table inet mine { chain early { type filter hook prerouting priority -300; ip saddr 192.0.2.1 drop; }; }'`,
  );
  await sh('ip6tables-nft -t mangle -I FORWARD -s 2001:db8::9 -j ACCEPT');
  expect(await named('nftables')).toMatchObject({
    level: 'warning',
    text: expect.stringMatching(/^inet mine early \(prerouting, priority -300\) drops packets before Seawall/),
  });
  expect(await named('order')).toMatchObject({
    level: 'warning',
    text: expect.stringMatching(/^before Seawall: IPv6 FORWARD: -s 2001:db8::9\/128 -j ACCEPT\./),
  });
});
