import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { serveFew } from './probing/few.ts';
import { nothingLeaked, nothingLost, startAll, tell } from './probing/ground.ts';
import { Meter } from './probing/meter.ts';
import { change } from './probing/policies.ts';
import { apply, configText } from './support/sources.ts';

// The same as in moments.test.ts on the other variant of iptables: other code in the kernel switches the rules over.

let world: World;
let meter: Meter;

beforeAll(async () => {
  world = await createWorld({ iptables: 'legacy' });
  await serveFew(world);
  meter = await Meter.start(world);
});
afterAll(() => world?.remove());

const CHANGES = 20;

test(`${CHANGES} changes with legacy iptables`, { timeout: 180_000 }, async () => {
  await apply(world, configText(['22/tcp', '500/udp']));
  expect(await mustExec(world, 'host', ['iptables-legacy-save', '-t', 'mangle'])).toContain('SEAWALL-');
  expect(await mustExec(world, 'host', ['nft', 'list', 'ruleset'])).not.toContain('SEAWALL-');
  const ground = await startAll(world, meter);
  const words = await change(world, CHANGES);
  await sleep(300);
  const results = await ground.stop();
  tell(`${CHANGES} changes with legacy iptables`, results);
  expect(words.filter((word) => word !== 'Done')).toEqual([]);
  nothingLeaked(results);
  nothingLost(results);
});
