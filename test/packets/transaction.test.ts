import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type World, createWorld } from '../../lab/world.ts';
import { recordFault } from '../support/fault-table.ts';
import { HOST_SERVICES } from './probing/floods.ts';
import { nothingLeaked, nothingLost, type Results, startAll, tell } from './probing/ground.ts';
import { Meter } from './probing/meter.ts';
import { makeForeign } from './support/foreign.ts';
import type { Harm, Run } from './support/mischief.ts';
import { BACKEND } from './support/own-sets.ts';
import { Bench, done, look, other, POLICIES } from './support/transaction.ts';

// Every call of a tool fails, or is the last before Seawall is killed, or gets half of its input; and all the time
// strangers get nothing and friends lose nothing.

const NIGHTLY = process.env['SEAWALL_NIGHTLY'] === '1';
let world: World;
let bench: Bench;
let meter: Meter;
/** All that stands before the first apply. */
let untouched: string;

beforeAll(async () => {
  world = await createWorld({ engine: false });
  const host = await world.agent('host');
  for (const port of [7000, 22]) await host.serveTcp({ name: 'host', port });
  for (const port of [7000, 500]) await host.serveUdp({ name: 'host', port });
  await makeForeign(world);
  meter = await Meter.start(world);
  untouched = await look(world);
  bench = await Bench.make(world);
});
afterAll(() => world?.remove());

/** Works under both floods. */
async function flooded(work: () => Promise<void>): Promise<Results> {
  const ground = await startAll(world, meter, { strangers: HOST_SERVICES, friends: HOST_SERVICES });
  // Long enough for a flood to be one.
  await Promise.all([work(), sleep(6000)]);
  const results = await ground.stop();
  tell(expect.getState().currentTestName ?? '', results);
  nothingLeaked(results);
  nothingLost(results);
  return results;
}

interface Told {
  readonly number: number;
  readonly fault: string;
  readonly injected: string;
}

const TOLD: Readonly<Record<Harm, Told>> = {
  fails: { number: 2, fault: 'a step fails', injected: 'exit code 1 at every call of a tool' },
  'killed-before': { number: 5, fault: 'killed', injected: 'SIGKILL before every call of a tool' },
  'killed-after': { number: 5, fault: 'killed', injected: 'SIGKILL after every call of a tool' },
  cut: { number: 4, fault: 'truncated input', injected: 'every tool that changes something gets half of its input' },
  'cut-and-killed': {
    number: 5,
    fault: 'killed while it writes',
    injected: 'SIGKILL when a tool has half of its input',
  },
};

/** Before a call is the same as after the one before it, nearly. */
const HARMS: readonly Harm[] = NIGHTLY
  ? ['fails', 'killed-before', 'killed-after', 'cut-and-killed']
  : ['fails', 'killed-after'];

type Harmed = (args: readonly string[]) => Promise<Run>;

async function applyOther(run: Harmed, how: Harm, more: readonly string[] = []): Promise<Run> {
  const before = await look(world);
  await world.writeConfig(POLICIES[other(bench.standing)]);
  const ended = await run(['apply', '--yes', ...more]);
  await bench.heal(ended, how, before);
  return ended;
}

async function rollBack(run: Harmed, how: Harm): Promise<Run> {
  const before = await look(world);
  const ended = await run(['rollback', '--yes']);
  await bench.heal(ended, how, before);
  return ended;
}

async function confirm(run: Harmed, how: Harm): Promise<Run> {
  await world.writeConfig(POLICIES[other(bench.standing)]);
  await done(world, ['apply', '--yes', '--confirm', '60']);
  const ended = await run(['confirm']);
  const kept = await look(world);
  if (await bench.isPending()) await bench.attempt(['confirm'], ended, `${how}, then confirm`);
  bench.check((await look(world)) === kept, `${how}, and a confirmation that changes something`, ended);
  await bench.converge(ended, how);
  return ended;
}

/** What `down` leaves is open as asked, so only that it is all or nothing, and can be made up for. */
async function takeDown(run: Harmed, how: Harm): Promise<Run> {
  const before = await look(world);
  const ended = await run(['down', '--yes']);
  if (ended.code === 4) bench.check((await look(world)) === before, `${how}, and not put back`, ended);
  const left = /-j SEAWALL|jump SEAWALL/.test(await look(world));
  if (how === 'fails') bench.check(left === (await isUp()), `${how}, and the next boot does otherwise`, ended);
  await bench.attempt(['down', '--yes'], ended, `${how}, then down`);
  bench.check((await look(world)) === untouched, `${how}, then down, and something is left`, ended);
  await bench.converge(ended, how);
  return ended;
}

const isUp = async (): Promise<boolean> => !(await readdir(world.stateDir)).includes('down');

const COMMANDS: readonly (readonly [string, number, (run: Harmed, how: Harm) => Promise<Run>])[] = [
  ['apply', 10, applyOther],
  ['apply --confirm', 12, (run, how) => applyOther(run, how, ['--confirm', '60'])],
  ['confirm', 1, confirm],
  ['rollback', 10, rollBack],
];

/** By the other backend the first alone by day: what the others do with the kernel, it does too. */
const CHOSEN = BACKEND === 'iptables' || NIGHTLY ? COMMANDS : COMMANDS.slice(0, 1);

describe.each(CHOSEN)('%s', (name, least, round) => {
  test.each(HARMS)('harmed at every call of a tool: %s', { timeout: 900_000 }, async (how) => {
    await bench.begin();
    let times = 0;
    const { packets, friends } = await flooded(async () => {
      times = await bench.harmAll(how, (run) => round(run, how));
    });
    expect(bench.wrong).toEqual([]);
    expect(times).toBeGreaterThanOrEqual(BACKEND === 'nftables' ? Math.ceil(least / 2) : least);
    // All of them, but for what the shell script started.
    expect(bench.killed).toBeGreaterThanOrEqual(how === 'fails' ? 0 : times - 2);
    if (how === 'fails') expect(bench.killed).toBe(0);
    const { number, fault, injected } = TOLD[how];
    recordFault({
      number,
      fault: `${fault}: ${name}`,
      injected,
      times,
      leaked: packets.leaked,
      lost: packets.lost + friends.lost,
      converged: bench.converged - 1,
    });
  });
});

test.each(['cut', 'cut-and-killed'] as const)('apply, with half of what a tool is to read: %s', async (how) => {
  await bench.begin();
  let times = 0;
  const { packets, friends } = await flooded(async () => {
    times = await bench.harmSome(how, BACKEND === 'nftables' ? /^nft -f/ : /restore(?! --version)/, applyOther);
  });
  expect(bench.wrong).toEqual([]);
  expect(times).toBeGreaterThan(BACKEND === 'nftables' ? 1 : 3);
  const { number, fault, injected } = TOLD[how];
  const [leaked, lost] = [packets.leaked, packets.lost + friends.lost];
  recordFault({ number, fault, injected, times, leaked, lost, converged: bench.converged - 1 });
});

test.each(HARMS)('down, harmed at every call of a tool: %s', { timeout: 300_000 }, async (how) => {
  await bench.begin();
  const times = await bench.harmAll(how, (run) => takeDown(run, how));
  expect(bench.wrong).toEqual([]);
  expect(times).toBeGreaterThan(BACKEND === 'nftables' ? 3 : 6);
  const { number, fault, injected } = TOLD[how];
  recordFault({ number, fault: `${fault}: down`, injected, times, converged: bench.converged - 1 });
});
