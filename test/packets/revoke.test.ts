import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Pair, SOURCES } from '../../lab/addresses.ts';
import type { Container } from '../../lab/containers.ts';
import { type World, createWorld } from '../../lab/world.ts';
import { type Client, HOST_PORT, OTHER_NUMBER, SAME_NUMBER, Stage, runBox } from './probing/talks.ts';
import { recordFault } from '../support/fault-table.ts';
import { apply, seawall } from './support/sources.ts';

// Who loses a right loses the connections that it had by it, and nobody loses any other.

let world: World;
let box: Container;
let round = 0;
/** Of the changes so far: bytes that came through cut connections, and connections that were cut and should not. */
const played = { times: 0, leaked: 0, lost: 0, converged: 0 };

beforeAll(async () => {
  world = await createWorld();
  box = await runBox(world);
});
afterAll(async () => {
  const fault = 'a right is taken away from those who use it';
  if (played.times > 0) recordFault({ number: 30, fault, injected: 'TCP, UDP, containers, under traffic', ...played });
  await world?.remove();
});

const client = (name: string, source: keyof typeof SOURCES): Client => ({ name, ...SOURCES[source] });
const ALICE = client('alice', 'single address');
const BOB = client('bob', 'inside the prefix');
const BEA = client('bea', 'first of the prefix');
const STRANGER = { ...client('stranger', 'untrusted'), direct: false };
const NEXT = { ...client('next', 'above the single address'), direct: false };

const both = ({ v4, v6 }: Pair): string[] => [v4, v6];
const list = (...entries: readonly string[]): string => `[${entries.map((entry) => `"${entry}"`).join(', ')}]`;
const PREFIXES = ['198.18.64.0/20', '2001:db8:b00::/40'];
/** All of the first prefix but Bob's address. */
const AROUND_BOB =
  '64.0/22 68.0/23 70.0/24 71.0/29 71.8/32 71.10/31 71.12/30 71.16/28 71.32/27 71.64/26 71.128/25 72.0/21'
    .split(' ')
    .map((text) => `198.18.${text}`);

interface Scene {
  readonly clients: readonly Client[];
  readonly config: string;
  readonly change: () => Promise<unknown>;
  /** Which connections have to end; all others have to live on. */
  readonly ends: (name: string) => boolean;
  readonly count: number;
}

/** Of the 50 bytes a second that each end sends, so many at least come through on a machine that others keep busy too. */
const LIVING = 15;
const WATCHED_SECONDS = 1.5;

async function play({ clients, config, change, ends, count }: Scene): Promise<void> {
  await apply(world, config);
  round++;
  const stage = await Stage.set(world, box, clients, 20_000 + round * 400);
  try {
    const ids = await stage.trackedIds();
    await change();
    // For what was on its way.
    await sleep(100);
    const flows = await stage.watch(WATCHED_SECONDS * 1000);
    const left = await stage.trackedIds();
    const [ended, staying] = [stage.names.filter(ends), stage.names.filter((name) => !ends(name))];
    const flow = (name: string) => flows.get(name) ?? { least: Number.NaN, most: Number.NaN };
    expect(ended.filter((name) => flow(name).most !== 0)).toEqual([]);
    expect(ended.filter((name) => left.has(name))).toEqual([]);
    expect(staying.filter((name) => flow(name).least < LIVING * WATCHED_SECONDS)).toEqual([]);
    // The kernel's table was not emptied: the others are the entries that they were.
    expect(staying.filter((name) => ids.get(name) === undefined || left.get(name) !== ids.get(name))).toEqual([]);
    expect(ended.length).toBe(count);
    expect(staying.length).toBeGreaterThan(count);
    played.times++;
    played.leaked += ended.reduce((sum, name) => sum + flow(name).most, 0);
    played.lost += staying.filter((name) => flow(name).least === 0).length;
    played.converged += Number((await world.seawall(['status'])).code === 0);
  } finally {
    await stage.end();
  }
}

const comesFrom =
  ({ name }: Client) =>
  (talk: string): boolean =>
    talk.startsWith(`${name} → `);

/** What plan says of the connections that a config would cut: the port that was dialled, and who serves it. */
async function plannedCuts(config: string): Promise<{ port: number; owner?: string }[]> {
  const before = await readFile(world.configFile, 'utf8');
  await world.writeConfig(config);
  const { stdout } = await world.seawall(['plan', '--json']);
  await world.writeConfig(before);
  return (JSON.parse(stdout) as { cuts: { port: number; owner?: string }[] }).cuts;
}

test('an address that is trusted no more', () =>
  play({
    clients: [ALICE, BOB],
    config: `version: 1\ntrusted: ${list(...both(ALICE), ...PREFIXES)}\n`,
    change: async () => {
      const cuts = await plannedCuts(`version: 1\ntrusted: ${list(...PREFIXES)}\n`);
      const owners = (isHost: boolean) =>
        new Set(cuts.filter(({ port }) => (port === HOST_PORT) === isHost).map(({ owner }) => owner));
      expect([cuts.length, owners(true), owners(false)]).toEqual([14, new Set(['node']), new Set(['container box'])]);
      await seawall(world, ['trust', 'remove', ...both(ALICE), '--yes']);
    },
    ends: comesFrom(ALICE),
    count: 14,
  }));

test('an address that is blocked, within a prefix that is trusted', () =>
  play({
    clients: [ALICE, BOB, BEA],
    config: `version: 1\ntrusted: ${list(...both(ALICE), ...PREFIXES)}\n`,
    change: () => seawall(world, ['block', 'add', ...both(BOB), '--yes']),
    ends: comesFrom(BOB),
    count: 14,
  }));

const ALL_PORTS = [HOST_PORT, OTHER_NUMBER, SAME_NUMBER].flatMap((port) => [`${port}/tcp`, `${port}/udp`]);

test('a port that is public no more', () =>
  play({
    clients: [ALICE, STRANGER],
    config: `version: 1\ntrusted: ${list(...both(ALICE))}\npublic: ${list(...ALL_PORTS)}\n`,
    change: () => seawall(world, ['public', 'remove', `${OTHER_NUMBER}/tcp`, `${OTHER_NUMBER}/udp`, '--yes']),
    ends: (name) => /^stranger → container by (NAT|proxy) (tcp|udp)$/.test(name),
    count: 4,
  }));

test('an allow rule that is gone', () => {
  const allow = (from: Client): string => `  - {from: ${list(...both(from))}, to: ${list(...ALL_PORTS)}}\n`;
  return play({
    clients: [STRANGER, NEXT],
    config: `version: 1\nallow:\n${allow(STRANGER)}${allow(NEXT)}`,
    change: () => apply(world, `version: 1\nallow:\n${allow(NEXT)}`),
    ends: comesFrom(STRANGER),
    count: 12,
  });
});

test('one address that a prefix has no more', () =>
  play({
    clients: [BOB, BEA],
    config: `version: 1\ntrusted: ${list(...PREFIXES)}\n`,
    change: () => apply(world, `version: 1\ntrusted: ${list(...AROUND_BOB, '2001:db8:b00::/40')}\n`),
    ends: (name) => comesFrom(BOB)(name) && /v4|NAT|itself/.test(name),
    count: 8,
  }));

test('an address that is off a list', async () => {
  const file = join(world.dir, 'friends.txt');
  const write = (...entries: readonly string[]): Promise<void> => writeFile(file, `${entries.join('\n')}\n`);
  const config = 'version: 1\ntrusted: [{file: friends.txt}]\n';
  await write(...both(ALICE), ...PREFIXES);
  await play({
    clients: [ALICE, BOB],
    config,
    change: async () => {
      await write(...PREFIXES);
      await apply(world, config);
    },
    ends: comesFrom(ALICE),
    count: 14,
  });
});
