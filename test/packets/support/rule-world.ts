import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HOST, SOURCES } from '../../../lab/addresses.ts';
import type { Container } from '../../../lab/containers.ts';
import { setSysctls } from '../../../lab/netns.ts';
import { nodeBinds } from '../../../lab/populate.ts';
import { type World, createWorld, mustExec } from '../../../lab/world.ts';
import { Arrivals } from './arrivals.ts';
import { type ForeignBridge, type Guest, addBridge, addGuest } from './guests.ts';
import { silence } from './own-sets.ts';
import { apply, configText, seawall } from './sources.ts';
import { macOf } from './wire.ts';

/**
 * A host on which every kind of rule has something to do: Docker's networks of each naming, all with IPv6 and Docker's
 * own NAT for both IP versions; bridges that are not Docker's; a config with every kind of entry.
 */
export interface RuleWorld {
  readonly world: World;
  readonly arrivals: Arrivals;
  readonly containers: Readonly<Record<'front' | 'front-peer' | 'app-peer' | 'custom-peer', Container>>;
  readonly guests: Readonly<Record<'vm1' | 'vm2' | 'lan1' | 'lan2' | 'gw1', Guest>>;
  /** Ethernet address of the host on the outer link. */
  readonly hostMac: string;
  /** The words that run a command in the network of the container `front`. */
  readonly enterFront: readonly string[];
  end(): Promise<void>;
}

const NETWORKS = [
  { name: 'app', subnets: ['172.28.0.0/16', '2001:db8:d0c:b::/64'] },
  { name: 'custom', subnets: ['172.29.0.0/16', '2001:db8:d0c:c::/64'], bridge: 'lab-custom' },
];

export const BRIDGES = {
  vm: { name: 'virbr9', v4: '192.168.122', v6: '2001:db8:9:1' },
  /** Named like one of Docker's. */
  lan: { name: 'br-lan', v4: '192.168.123', v6: '2001:db8:9:2' },
  /** What Docker makes for a swarm. */
  gateway: { name: 'docker_gwbridge', v4: '192.168.124', v6: '2001:db8:9:3' },
} as const satisfies Record<string, ForeignBridge>;

/** Untracked packets: some switch connection tracking off for their busiest service. */
export const UNTRACKED = { v4: '198.51.100.200', v6: '2001:db8:51::200' } as const;

const [FRIEND, FOE] = [SOURCES['above the prefix'], SOURCES['below the prefix']];
const [BLOCKED, SOME] = [SOURCES['last of the prefix'], SOURCES['above the single address']];
const list = (...entries: readonly string[]): string => entries.map((entry) => `"${entry}"`).join(', ');

const CONFIG = configText(['22/tcp', '500/udp', '443/tcp'])
  .replace('\npublic', `\nblock: [${list(BLOCKED.v4, BLOCKED.v6)}, {file: foes.txt}]\npublic`)
  .replace(/(trusted: \[.*)\]/, '$1, {file: friends.txt}]')
  .concat(`allow:\n  - {from: [${list(SOME.v4, SOME.v6)}], to: [7000/tcp, 7000/udp], note: some}\nlog: limited\n`);

export async function createRuleWorld(): Promise<RuleWorld> {
  const config = { ipv6: true, 'fixed-cidr-v6': '2001:db8:d0c:a::/64', ip6tables: true, experimental: true };
  const world = await createWorld({ engine: { config } });
  const [containers, guests] = await Promise.all([startContainers(world), startGuests(world), startServices(world)]);
  await Promise.all([untrack(world), openForwarding(world)]);
  // Otherwise the kernel throws away forged loopback addresses by itself, and a rule against them had nothing to do.
  await setSysctls(world.netns('host'), { 'net.ipv4.conf.eth0.route_localnet': 1 });
  const arrivals = await Arrivals.watch(world);
  await Promise.all(
    Object.entries({ 'friends.txt': FRIEND, 'foes.txt': FOE }).map(([name, { v4, v6 }]) =>
      writeFile(join(world.dir, name), `${v4}\n${v6}\n`),
    ),
  );
  await apply(world, CONFIG);
  await silenceServers(world);
  const end = async (): Promise<void> => {
    await Promise.all(Object.values(guests).map(({ agent }) => agent.close()));
    await world.remove();
  };
  const hostMac = await macOf(world.enter('host'), 'eth0');
  const enterFront = await world.engine.enterContainer('front');
  return { world, arrivals, containers, guests, hostMac, enterFront, end };
}

async function startContainers(world: World): Promise<RuleWorld['containers']> {
  const engine = world.engine.containers;
  for (const network of NETWORKS) await engine.createNetwork({ ...network, ipv6: true });
  const run = (name: string, network: string, publish: readonly string[] = []): Promise<Container> => {
    const cmd = ['/lab/node', '/lab/service.mjs', name, 'tcp:80', 'tcp:82'];
    return engine.run({ name, network, publish, cmd, binds: nodeBinds(world) });
  };
  const [front, peer, app, custom] = await Promise.all([
    run('front', 'bridge', ['443:80', '8081:80']),
    run('front-peer', 'bridge'),
    run('app-peer', 'app'),
    run('custom-peer', 'custom'),
    run('app', 'app'),
    run('custom', 'custom'),
  ]);
  return { front, 'front-peer': peer, 'app-peer': app, 'custom-peer': custom };
}

async function startGuests(world: World): Promise<RuleWorld['guests']> {
  for (const bridge of Object.values(BRIDGES)) await addBridge(world, bridge);
  const [vm1, vm2, lan1, lan2, gw1] = await Promise.all([
    addGuest(world, BRIDGES.vm, 'vm1', 11),
    addGuest(world, BRIDGES.vm, 'vm2', 12),
    addGuest(world, BRIDGES.lan, 'lan1', 11),
    addGuest(world, BRIDGES.lan, 'lan2', 12),
    addGuest(world, BRIDGES.gateway, 'gw1', 11),
  ]);
  await Promise.all(
    [vm1, vm2, lan2].map(async ({ name, agent }) => {
      await agent.serveTcp({ name, port: 80 });
      // A sink of each family for datagrams to everyone on the link.
      await agent.serveUdp({ name, port: 7002, echo: false });
    }),
  );
  return { vm1, vm2, lan1, lan2, gw1 };
}

async function startServices(world: World): Promise<void> {
  const [host, internet] = await Promise.all([world.agent('host'), world.agent('internet')]);
  await Promise.all([
    ...[7000, 22].map((port) => host.serveTcp({ name: 'host', port })),
    ...[7000, 500].map((port) => host.serveUdp({ name: 'host', port })),
    internet.serveTcp({ name: 'internet', port: 80 }),
    internet.serveUdp({ name: 'internet', port: 53 }),
  ]);
}

async function untrack(world: World): Promise<void> {
  const rule = (source: string): string[] => ['-t', 'raw', '-A', 'PREROUTING', '-s', source, '-j', 'CT', '--notrack'];
  await mustExec(world, 'host', ['iptables', ...rule(UNTRACKED.v4)]);
  await mustExec(world, 'host', ['ip6tables', ...rule(UNTRACKED.v6)]);
}

/** What stands only where connections were cut. */
async function silenceServers(world: World): Promise<void> {
  for (const { version, from } of [
    { version: 4, from: SOURCES.untrusted.v4 },
    { version: 6, from: SOURCES.untrusted.v6 },
  ] as const)
    await mustExec(world, 'host', ['sh', '-c', silence(version, from, 'tcp', 9)]);
  await seawall(world, ['apply', '--yes']);
}

/** Docker closes IPv6 forwarding by its policy; here it is open, so that the only one who closes is Seawall. */
const openForwarding = (world: World): Promise<string> =>
  mustExec(world, 'host', ['ip6tables', '-P', 'FORWARD', 'ACCEPT']);

/** Own address of the host, by IP version. */
export const hostAddress = (version: 4 | 6): string => (version === 4 ? HOST.v4 : HOST.v6);
