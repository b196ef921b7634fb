import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOST } from '../../lab/addresses.ts';
import { populate } from '../../lab/populate.ts';
import { PUBLIC_PORTS, type Target } from '../../lab/targets.ts';
import { setSysctls } from '../../lab/netns.ts';
import { type World, createWorld } from '../../lab/world.ts';
import { Arrivals, arrivalKey } from './support/arrivals.ts';
import { type IpVersion, IP_VERSIONS, addressOf, dialled, namedTargets } from './support/cells.ts';
import { promisedTo } from './support/promises.ts';
import { OUTSIDERS, apply, configText } from './support/sources.ts';

// A client on the outer link that uses an address out of a Docker network's subnet. Answers go to the bridge and
// never back to it, so what counts is whether a packet gets as far as a program or a container.

/** Sources that a bridge's subnet covers, and one that has the bridge's own address. */
const FORGED = [
  { name: 'address of the default bridge', v4: '172.17.0.99', v6: '2001:db8:d0c:1::99' },
  { name: 'address of a user network', v4: '172.18.0.99', v6: '2001:db8:d0c:1::9a' },
  { name: "address of a container's neighbour", v4: '172.28.0.99', v6: '2001:db8:d0c:1:ffff::1' },
] as const;
/** rp_filter of the host's eth0. IPv6 has none. */
const RP_FILTER = [0, 1, 2] as const;
type RpFilter = (typeof RP_FILTER)[number];

interface Cell {
  readonly forged: (typeof FORGED)[number];
  readonly target: Target;
  readonly version: IpVersion;
  readonly sourcePort: number;
}

let world: World;
let arrivals: Arrivals;
/** Names of the cells whose packets got through. */
const through = new Map<string, ReadonlySet<string>>();

beforeAll(async () => {
  world = await createWorld();
  const targets = await populate(world);
  arrivals = await Arrivals.watch(world);
  const addresses = FORGED.flatMap(({ v4, v6 }) => [`${v4}/32`, `${v6}/128`]);
  await world.ip('neighbour', ...addresses.map((address) => `addr add ${address} dev eth0`));
  for (const rpFilter of RP_FILTER) through.set(`bare ${rpFilter}`, await measure(targets, rpFilter));
  await apply(world, configText(PUBLIC_PORTS));
  for (const rpFilter of RP_FILTER) through.set(`applied ${rpFilter}`, await measure(targets, rpFilter));
});
afterAll(() => world?.remove());

let nextPort = 20_000;

function cellsOf(targets: readonly Target[]): Cell[] {
  const cells = FORGED.flatMap((forged) =>
    targets.flatMap((target) =>
      IP_VERSIONS.filter((version) => addressOf(target, version) !== undefined).map((version) => ({
        forged,
        target,
        version,
      })),
    ),
  );
  // The source port tells the cells apart where packets are seen; no port twice, or conntrack would know the connection.
  return cells.map((cell) => ({ ...cell, sourcePort: nextPort++ }));
}

const nameOf = ({ forged, target, version }: Cell): string => `${forged.name} v${version} → ${dialled(target)}`;

async function measure(targets: readonly Target[], rpFilter: RpFilter): Promise<ReadonlySet<string>> {
  await setSysctls(world.netns('host'), { 'net.ipv4.conf.eth0.rp_filter': rpFilter });
  await arrivals.forget();
  const cells = cellsOf(targets);
  const agent = await world.agent('neighbour');
  await agent.probe(
    cells.map(({ forged, target, version, sourcePort }) => ({
      protocol: target.protocol,
      port: target.port,
      address: addressOf(target, version) ?? '',
      from: addressOf(forged, version) ?? '',
      sourcePort,
      timeoutMs: 600,
    })),
  );
  const { local, behind } = await arrivals.seen();
  const arrived = ({ forged, target, version, sourcePort }: Cell): boolean => {
    const protocol = target.protocol === 'tcp' ? 6 : 17;
    const key = arrivalKey(addressOf(forged, version) ?? '', protocol, sourcePort);
    return local.has(key) || behind.has(key);
  };
  return new Set(cells.filter(arrived).map(nameOf));
}

const CELLS = cellsOf(namedTargets());
const [stranger] = OUTSIDERS;
const isClosed = ({ target }: Cell): boolean =>
  stranger !== undefined && promisedTo(stranger, target, PUBLIC_PORTS) === 'closed';
const named = (cells: readonly Cell[]): (readonly [string])[] => cells.map((cell) => [nameOf(cell)] as const);

describe('without Seawall', () => {
  test.each(named(CELLS.filter(({ target }) => target.kind === 'host')))('%s: gets in', (name) => {
    expect(through.get('bare 0')).toContain(name);
    expect(through.get('bare 2')).toContain(name);
  });
  // Docker itself lets in what seems to come from its networks, or what it publishes: most of it.
  test('many of the other cells, too', () => {
    expect(through.get('bare 0')?.size).toBeGreaterThan(CELLS.length * 0.7);
  });
  test('strict reverse path filtering is what stops it in IPv4, and IPv6 has none', () => {
    const names = [...(through.get('bare 1') ?? [])];
    expect(names.filter((name) => name.includes(' v4 '))).toEqual([]);
    expect(names.filter((name) => name.includes(' v6 ')).length).toBeGreaterThan(20);
  });
});

describe.each(RP_FILTER.map((rpFilter) => [rpFilter] as const))('applied, rp_filter %i', (rpFilter) => {
  test.each(named(CELLS.filter(isClosed)))('%s: closed', (name) => {
    expect(through.get(`applied ${rpFilter}`)).not.toContain(name);
  });
  // Public is public, whoever one claims to be. This also shows that the packets are on their way at all.
  test.each(named(CELLS.filter((cell) => !isClosed(cell))))('%s: as without Seawall', (name) => {
    expect(through.get(`applied ${rpFilter}`)?.has(name)).toBe(through.get(`bare ${rpFilter}`)?.has(name));
  });
});

test('a friend is let in whatever rp_filter is', async () => {
  const friend = await world.agent('trusted-a');
  const answers = [];
  for (const rpFilter of RP_FILTER) {
    await setSysctls(world.netns('host'), { 'net.ipv4.conf.eth0.rp_filter': rpFilter });
    answers.push(await friend.tcp(HOST.v4, 8080, { timeoutMs: 7000 }));
  }
  expect(answers.map(({ service }) => service)).toEqual(['app', 'app', 'app']);
});
