import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { populate } from '../../lab/populate.ts';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { recordFault } from '../support/fault-table.ts';
import { SERVICES, startStrangers } from './probing/floods.ts';
import { nothingLeaked, nothingLost, startAll, tell } from './probing/ground.ts';
import { Meter } from './probing/meter.ts';
import { change, variant, writeVariant } from './probing/policies.ts';
import { BACKEND } from './support/own-sets.ts';
import { apply, configText, seawall } from './support/sources.ts';

// While the policy changes: strangers that never stop trying get nothing, and friends lose nothing.

let world: World;
let meter: Meter;

beforeAll(async () => {
  world = await createWorld();
  await populate(world);
  meter = await Meter.start(world);
});
afterAll(() => world?.remove());

const CHANGES = process.env['SEAWALL_NIGHTLY'] === '1' ? 1000 : 100;
const BASE = configText(['22/tcp', '500/udp']);

test('without Seawall the floods get through, and the meter sees it', async () => {
  const flood = await startStrangers(world, SERVICES);
  await sleep(500);
  const strangers = await flood.stop();
  expect(strangers.answered).toBeGreaterThan(strangers.attempts * 0.9);
  expect((await meter.read()).leaked).toBeGreaterThan(strangers.attempts * 0.9);
});

test(`${CHANGES} changes of who is trusted and what is public`, { timeout: CHANGES * 2400 }, async () => {
  await apply(world, BASE);
  const ground = await startAll(world, meter);
  const words = await change(world, CHANGES);
  const results = await ground.stop();
  tell(`${CHANGES} changes`, results);
  // Each of them was one.
  expect(words.filter((word) => word !== 'Done')).toEqual([]);
  expect(results.strangers.attempts).toBeGreaterThan(10_000);
  expect(results.friends.attempts).toBeGreaterThan(10_000);
  nothingLeaked(results);
  nothingLost(results);
  recordFault({
    number: 1,
    fault: 'leak on replace',
    injected: 'changes of who is trusted and what is public',
    times: CHANGES,
    leaked: results.packets.leaked,
    lost: results.packets.lost + results.friends.lost,
    converged: words.length,
  });
});

test('a second apply runs nothing', async () => {
  await writeVariant(world, variant(41));
  await apply(world);
  const before = await kernel();
  const { code, stderr } = await world.seawall(['apply', '--yes']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: 'Nothing to change: what stands is what the config says.\n' });
  // Handles and counters are those of before: no rule was even replaced by its like.
  expect(await kernel()).toEqual(before);
  expect(before.rules).toMatch(/jump SEAWALL-PRE4? # handle \d+/);
  expect(before.counters).toMatch(BACKEND === 'iptables' ? /^\[[1-9]\d*:\d+\] -A SEAWALL-/m : /counter packets [1-9]/);
});

/** What shows that a rule was touched, even if only by its like. Sources of neighbour discovery aside, nobody is talking. */
async function kernel(): Promise<{ rules: string; counters: string; sets: string }> {
  if (BACKEND === 'nftables') {
    const list = (options: string): Promise<string> =>
      mustExec(world, 'host', ['sh', '-c', `nft ${options} list table inet seawall`]);
    const [rules, counters, sets] = await Promise.all([list('-a -s -t'), list('-t'), list('')]);
    const lasting = sets.split('\n').filter((line) => !/expires|icmp|counter/.test(line));
    return { rules, counters: counters.replaceAll(/.*icmp.*/g, ''), sets: lasting.join('\n') };
  }
  const counters = await mustExec(world, 'host', [
    'sh',
    '-c',
    'iptables-save -c -t mangle; ip6tables-save -c -t mangle',
  ]);
  const rules = await mustExec(world, 'host', ['sh', '-c', 'for f in ip ip6; do nft -a -s list table $f mangle; done']);
  const sets = await mustExec(world, 'host', ['sh', '-c', 'ipset list -t; ipset save | grep -v -e denied -e lately']);
  const quiet = counters.split('\n').filter((line) => !line.startsWith('#') && !/icmp|:.*\[/.test(line));
  return {
    rules,
    counters: quiet.join('\n'),
    sets: sets.replaceAll(/^(Number of entries|Size in memory).*| timeout \d+ packets.*/gm, ''),
  };
}

test('down, then apply, three times', { timeout: 180_000 }, async () => {
  await apply(world, BASE);
  const ground = await startAll(world, meter);
  const leaks: number[] = [];
  const open: number[] = [];
  for (let round = 0; round < 3; round++) {
    const standing = await meter.read();
    await seawall(world, ['down', '--yes']);
    await sleep(200);
    await apply(world);
    // Until here the machine was open, by definition.
    const applied = await meter.read();
    await sleep(700);
    open.push(applied.leaked - standing.leaked);
    leaks.push((await meter.read()).leaked - applied.leaked);
  }
  const results = await ground.stop();
  tell('down and apply (open in between)', results);
  expect(leaks).toEqual([0, 0, 0]);
  expect(Math.min(...open)).toBeGreaterThan(10);
  nothingLost(results);
});
