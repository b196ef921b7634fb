import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Container } from '../../lab/containers.ts';
import { type World, createWorld } from '../../lab/world.ts';
import { behind, fewAnswer, serveFew } from './probing/few.ts';
import { SERVICES, startStrangers } from './probing/floods.ts';
import { nothingLeaked, nothingLost, startAll, tell } from './probing/ground.ts';
import { Meter } from './probing/meter.ts';
import { apply, configText } from './support/sources.ts';

// An engine with `"bridge": "none"` has no docker0, and at times no jump to DOCKER-USER either.

let world: World;
let meter: Meter;
let web: Container;

beforeAll(async () => {
  world = await createWorld({ engine: { config: { bridge: 'none' } } });
  await world.engine.containers.createNetwork({ name: 'first' });
  web = await serveFew(world, 'first');
  meter = await Meter.start(world);
});
afterAll(() => world?.remove());

test('without Seawall all is open', async () => {
  const flood = await startStrangers(world, [...SERVICES, ...behind(web)]);
  await sleep(500);
  const { attempts, answered } = await flood.stop();
  expect(answered).toBeGreaterThan(attempts * 0.9);
});

test('closed and loses nobody, also while networks and containers come and go', { timeout: 180_000 }, async () => {
  await apply(world, configText(['22/tcp', '500/udp']));
  const ground = await startAll(world, meter, { strangers: [...SERVICES, ...behind(web)], friends: SERVICES });
  for (let n = 0; n < 10; n++) {
    await world.engine.containers.createNetwork({ name: `moment-${n}` });
    await world.engine.containers.run({ name: `moment-${n}`, network: `moment-${n}`, cmd: ['/bin/sleep', '60'] });
    await world.engine.containers.remove(`moment-${n}`);
    await world.engine.containers.removeNetwork(`moment-${n}`);
  }
  const results = await ground.stop();
  tell('bridge: none, 10 x network and container', results);
  nothingLeaked(results);
  nothingLost(results);
});

test('closed while such an engine crashes and starts', { timeout: 180_000 }, async () => {
  const ground = await startAll(world, meter, {
    strangers: [...SERVICES, ...behind(web)],
    friends: SERVICES.filter(({ port }) => port === 7000),
  });
  await world.engine.kill();
  await sleep(300);
  await world.engine.start();
  await fewAnswer(world);
  const results = await ground.stop();
  tell('bridge: none, kill -9 and start', results);
  nothingLeaked(results);
  nothingLost(results);
});
