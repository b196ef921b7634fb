import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOST } from '../../lab/addresses.ts';
import { nodeBinds } from '../../lab/populate.ts';
import { type World, createWorld } from '../../lab/world.ts';
import { behind, fewAnswer, serveFew } from './probing/few.ts';
import { type Dialled, type Fared, HOST_SERVICES, PUBLISHED_SERVICES, SERVICES } from './probing/floods.ts';
import { type Results, nothingLeaked, nothingLost, startAll, tell } from './probing/ground.ts';
import { Meter } from './probing/meter.ts';
import { apply, configText } from './support/sources.ts';

// While Docker stops, starts, crashes, and makes and removes networks and containers: strangers get nothing, and
// friends lose no more than Docker itself takes from them. So each moment is measured twice: first without Seawall.

let world: World;
let meter: Meter;
let direct: readonly Dialled[];

beforeAll(async () => {
  world = await createWorld();
  direct = behind(await serveFew(world));
  meter = await Meter.start(world);
});
afterAll(() => world?.remove());

const TIMES = 20;
/** Without Seawall nothing is to be found out by more. */
const TIMES_BEFORE = 6;

async function networks(times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    await world.engine.containers.createNetwork({ name: `moment-${n}`, ipv6: n % 2 === 1, subnets: subnets(n) });
    await world.engine.containers.removeNetwork(`moment-${n}`);
  }
}

const subnets = (n: number): string[] => (n % 2 === 1 ? [`2001:db8:d0c:${n + 100}::/64`] : []);

async function containers(times: number): Promise<void> {
  const cmd = ['/lab/node', '/lab/service.mjs', 'moment', 'tcp:80', 'udp:53'];
  const publish = ['18080:80', '18053:53/udp'];
  for (let n = 0; n < times; n++) {
    await world.engine.containers.run({ name: `moment-${n}`, cmd, publish, binds: nodeBinds(world) });
    await world.engine.containers.remove(`moment-${n}`);
  }
}

async function stopAndStart(): Promise<void> {
  await world.engine.stop();
  await sleep(300);
  await world.engine.start();
  await fewAnswer(world);
}

async function killAndStart(): Promise<void> {
  await world.engine.kill();
  await sleep(300);
  await world.engine.start();
  await fewAnswer(world);
}

/** What the container of a moment publishes; strangers wait for it. */
const COMING: readonly Dialled[] = [HOST.v4, HOST.v6].flatMap((address) => [
  { protocol: 'tcp', address, port: 18_080 },
  { protocol: 'udp', address, port: 18_053 },
]);

const MOMENTS = [
  { name: 'network create and rm, time and again', happen: networks },
  { name: 'container run and rm with published ports, time and again', happen: containers },
  { name: 'docker stop and start', happen: stopAndStart },
  { name: 'kill -9 and start', happen: killAndStart },
] as const;

async function measure(name: string, happen: () => Promise<void>, strangers: readonly Dialled[]): Promise<Results> {
  const ground = await startAll(world, meter, { strangers, friends: HOST_SERVICES, published: PUBLISHED_SERVICES });
  await sleep(300);
  await happen();
  await sleep(300);
  const results = await ground.stop();
  tell(name, results);
  return results;
}

const without = new Map<string, Results>();

describe('without Seawall', () => {
  test.each(MOMENTS)('$name', { timeout: 180_000 }, async ({ name, happen }) => {
    const results = await measure(`without Seawall, ${name}`, () => happen(TIMES_BEFORE), []);
    without.set(name, results);
    expect(results.friends.lost).toBe(0);
  });
});

describe('with Seawall', () => {
  beforeAll(() => apply(world, configText(['22/tcp', '500/udp'])));

  test.each(MOMENTS)('$name', { timeout: 180_000 }, async ({ name, happen }) => {
    const { published: before } = without.get(name) ?? {};
    const results = await measure(name, () => happen(TIMES), [...SERVICES, ...direct, ...COMING]);
    nothingLeaked(results);
    // Exactly none is lost by the rules, and the host's own services don't depend on Docker.
    nothingLost(results);
    expect(noMoreThan(before, results.published)).toBe(true);
  });
});

/**
 * What Docker interrupts, it interrupts for as long as it takes to stop and start: twice the share of the time, on a
 * machine that others keep busy at times, is no finding, nor are as many failures as fit into half a second. Where Docker
 * interrupts nothing, nothing must be lost.
 */
function noMoreThan(before: Fared | undefined, after: Fared | undefined): boolean {
  if (before === undefined || after === undefined) return false;
  if (before.lost === 0) return after.lost === 0 && after.ended.length === 0;
  const grace = (after.attempts / after.seconds) * 0.5;
  return after.lost <= (before.lost / before.attempts) * 2 * after.attempts + grace;
}
