import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOST } from '../../lab/addresses.ts';
import { otherEngine } from '../../lab/other-engines.ts';
import { populate } from '../../lab/populate.ts';
import { PUBLIC_PORTS, type Target } from '../../lab/targets.ts';
import { type World, createWorld } from '../../lab/world.ts';
import { HOST_SERVICES, SERVICES } from '../packets/probing/floods.ts';
import { nothingLeaked, nothingLost, startAll, tell } from '../packets/probing/ground.ts';
import { Meter } from '../packets/probing/meter.ts';
import { type Cell, type Results, cellName, cellsOf, measure, shown } from '../packets/support/cells.ts';
import { openWithout, promisedTo } from '../packets/support/promises.ts';
import { OUTSIDERS, apply, configText } from '../packets/support/sources.ts';
import { BACKENDS, type Backend, COMBINATIONS, type Combination, settingsText } from './support/combinations.ts';
import { record } from './support/record.ts';

// Who reaches what, and a moment of each engine, with other engines than this system's. What is open without Seawall
// differs from engine to engine: so it is measured, and closed and as before are judged against that.

const PUBLIC = [...PUBLIC_PORTS, '8080/tcp'];
const NETWORKS = 5;

const title = (combination: Combination): string => `${combination.release}, ${settingsText(combination)}`;

describe.each(COMBINATIONS.map((combination) => [title(combination), combination] as const))('%s', (_, combination) => {
  let world: World;
  let engine: string;
  let targets: readonly Target[];
  let bare: Results;

  beforeAll(async () => {
    const { release, iptables, config } = combination;
    const folders = release === 'bookworm' ? [] : await otherEngine(release);
    world = await createWorld({ iptables, engine: { folders, config } });
    engine = (await world.engine.api.call<{ Version: string }>('GET', '/version')).Version;
    targets = await populate(world);
    bare = await measure(world, cellsOf(OUTSIDERS, targets), (cell) => isAwaited(cell, combination));
  });
  afterAll(() => world?.remove());

  const answered = (results: Results, cell: Cell): string => {
    const result = results.get(cellName(cell));
    return result === undefined ? 'not measured' : shown(result);
  };
  const isOpen = (cell: Cell): boolean => answered(bare, cell).startsWith('open:');
  const note = (backend: Backend, promise: string, ran: string, kept: boolean): void =>
    record({ engine, settings: settingsText(combination), backend, promise, ran, kept });

  test('is the engine that is meant', () => {
    const major = { bookworm: '20', trixie: '26', sid: '28' }[combination.release];
    expect(engine.split('.')[0]).toBe(major);
  });

  test.each(BACKENDS)('who reaches what, by %s', async (backend) => {
    await apply(world, configText(PUBLIC, `backend: ${backend}\n`));
    const cells = cellsOf(OUTSIDERS, targets);
    const promised = ({ source, target }: Cell) => promisedTo(source, target, PUBLIC);
    const results = await measure(world, cells, (cell) => promised(cell) === 'as before' && isOpen(cell));
    const [closed, same] = (['closed', 'as before'] as const).map((way) => cells.filter((c) => promised(c) === way));
    const leaks = (closed ?? []).filter((cell) => answered(results, cell) !== 'closed').map(cellName);
    const changed = (same ?? []).filter((cell) => answered(results, cell) !== answered(bare, cell)).map(cellName);
    const open = [closed, same].map((some) => (some ?? []).filter(isOpen).length);
    const figures = (some: readonly Cell[] = [], wasOpen = 0) => `${some.length} dialled, ${wasOpen} open before`;
    note(backend, 'strangers are shut out', figures(closed, open[0]), leaks.length === 0);
    note(backend, 'the trusted and the public ports are as before', figures(same, open[1]), changed.length === 0);
    expect({ leaks, changed }).toEqual({ leaks: [], changed: [] });
    expect(open.every((count) => count > 80)).toBe(true);
  });

  describe('under floods', () => {
    let meter: Meter;
    beforeAll(async () => {
      // Docker waits for each container that doesn't heed its signal; one is enough here.
      const names = ['public-web', 'local', 'app', 'second', 'custom', 'internal', 'six', 'host-network'];
      await Promise.all(names.map((name) => world.engine.containers.remove(name)));
      meter = await Meter.start(world);
    });

    test.each(BACKENDS)('networks come and go and Docker restarts, by %s', async (backend) => {
      await apply(world, configText(['22/tcp', '500/udp'], `backend: ${backend}\n`));
      const ground = await startAll(world, meter, { strangers: SERVICES, friends: HOST_SERVICES });
      await sleep(300);
      await networks(world);
      await world.engine.restart();
      await webAnswers(world);
      await sleep(300);
      const results = await ground.stop();
      tell(`${title(combination)}, ${backend}`, results);
      const { strangers, friends, packets } = results;
      const got = packets.leaked + packets.leakedDirect + strangers.answered;
      const ended = friends.lost + friends.ended.length + packets.lost;
      const happened = `${NETWORKS} networks made and removed, 1 restart`;
      note(backend, 'no gap while Docker changes its rules', `${happened}, ${strangers.attempts} attempts`, got === 0);
      note(backend, "friends of the host's services lose nothing", `${friends.attempts} attempts`, ended === 0);
      nothingLeaked(results);
      nothingLost(results);
    });
  });
});

/** What is worth a long wait without Seawall: all that may answer slowly, on some engine. */
function isAwaited({ target, version }: Cell, { release, config }: Combination): boolean {
  // Since 28, Docker closes containers' own addresses itself.
  if (!openWithout(target) || (target.kind === 'direct' && release === 'sid')) return false;
  // Without the proxy only NAT leads to a container: over IPv6 to one that has such an address, by default since 27.
  const byProxy = target.kind === 'published' && version === 6 && config['userland-proxy'] === false;
  return !byProxy || config['ip6tables'] === true || (release === 'sid' && target.service === 'six');
}

async function networks(world: World): Promise<void> {
  for (let n = 0; n < NETWORKS; n++) {
    const more = n % 2 === 1 ? { ipv6: true, subnets: [`2001:db8:d0c:${n + 100}::/64`] } : {};
    await world.engine.containers.createNetwork({ name: `moment-${n}`, ...more });
    await world.engine.containers.removeNetwork(`moment-${n}`);
  }
}

/** After a restart the container comes back a little later; with IPv6 it may never have been there. */
async function webAnswers(world: World): Promise<void> {
  const host = await world.agent('host');
  for (let tries = 0; tries < 100; tries++) {
    const { service } = await host.tcp(HOST.v4, 8081, { timeoutMs: 1000 });
    if (service === 'web') return;
    await sleep(100);
  }
  throw new Error('the container does not answer');
}
