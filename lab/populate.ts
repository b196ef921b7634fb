import { setTimeout as sleep } from 'node:timers/promises';
import { INTERNET } from './addresses.ts';
import type { AgentClient } from './client.ts';
import type { Container, ContainerOptions, NetworkOptions } from './containers.ts';
import { type ContainerName, type Target, standardTargets } from './targets.ts';
import type { World } from './world.ts';

const NETWORKS: readonly NetworkOptions[] = [
  { name: 'app' },
  { name: 'second' },
  { name: 'custom', bridge: 'lab-custom' },
  { name: 'internal', internal: true },
  { name: 'six', ipv6: true, subnets: ['172.28.0.0/16', '2001:db8:d0c:1::/64'] },
];

/** Docker's networks, programs of the host and containers: everything of `standardTargets`, each answering. */
export async function populate(world: World): Promise<Target[]> {
  const [containers] = await Promise.all([startContainers(world), serveHost(world), serveInternet(world)]);
  const targets = standardTargets(containers);
  await allAnswer(await world.agent('host'), targets);
  return targets;
}

/**
 * The standard set as it is now, each answering: after a restart of Docker the containers come back a little later,
 * and maybe with other addresses. (With live-restore, or after a crash, they may never have been away.)
 */
export async function currentTargets(world: World): Promise<Target[]> {
  const entries = await Promise.all(
    containerSpecs(world).map(async ({ name }) => [name, await running(world, name)] as const),
  );
  const targets = standardTargets(Object.fromEntries(entries) as Record<ContainerName, Container>);
  await allAnswer(await world.agent('host'), targets);
  return targets;
}

async function running(world: World, name: string): Promise<Container> {
  for (let tries = 0; tries < 100; tries++) {
    const { State } = await world.engine.containers.inspect(name);
    if (State.Running) return world.engine.containers.find(name);
    await sleep(100);
  }
  throw new Error(`container ${name} did not come back`);
}

async function startContainers(world: World): Promise<Record<ContainerName, Container>> {
  const { containers } = world.engine;
  // One after the other, so that every world gives them the same subnets.
  for (const network of NETWORKS) await containers.createNetwork(network);
  const made = await Promise.all(
    containerSpecs(world).map(async (spec) => [spec.name, await containers.run(spec)] as const),
  );
  return Object.fromEntries(made) as Record<ContainerName, Container>;
}

function containerSpecs(world: World): (ContainerOptions & { name: ContainerName })[] {
  const specs: (ContainerOptions & { name: ContainerName })[] = [
    { name: 'web', cmd: node('web', 'tcp:81 tcp:82 udp:53'), publish: ['8081:81', '5301:53/udp'] },
    { name: 'public-web', cmd: both('public-web', '8443', 'udp:5353'), publish: ['443:8443', '53:5353/udp'] },
    { name: 'local', cmd: busybox('local', '80'), publish: ['127.0.0.1:7200:80'] },
    {
      name: 'app',
      network: 'app',
      cmd: node('app', 'tcp:80 tcp:9000 tcp:9001 tcp:9002 tcp:9003'),
      publish: ['8080:80', '9000-9003:9000-9003'],
    },
    { name: 'second', network: 'second', cmd: busybox('second', '80 81'), publish: ['8091:80'] },
    { name: 'custom', network: 'custom', cmd: busybox('custom', '80'), publish: ['8092:80'] },
    { name: 'internal', network: 'internal', cmd: busybox('internal', '80') },
    { name: 'six', network: 'six', cmd: both('six', '80 81', 'udp:53'), publish: ['8093:80', '5303:53/udp'] },
    { name: 'host-network', network: 'host', cmd: busybox('host-network', '7100') },
  ];
  return specs.map((spec) => ({ restart: 'always', binds: nodeBinds(world), ...spec }));
}

function busybox(name: string, ports: string): string[] {
  return ['/bin/serve-all', name, ...ports.split(' ')];
}

function node(name: string, ports: string): string[] {
  return ['/lab/node', '/lab/service.mjs', name, ...ports.split(' ')];
}

/** TCP by busybox, which has no UDP server. */
function both(name: string, tcp: string, udp: string): string[] {
  return ['/bin/sh', '-c', `${node(name, udp).join(' ')} & exec ${busybox(name, tcp).join(' ')}`];
}

/** What lets a container run this machine's Node without an image of its own. */
export function nodeBinds(world: World): string[] {
  const libraries = ['/lib', '/lib64', '/usr/lib'].map((path) => `${path}:${path}:ro`);
  return [...libraries, `${process.execPath}:/lab/node:ro`, `${world.programs.service}:/lab/service.mjs:ro`];
}

async function serveHost(world: World): Promise<void> {
  const agent = await world.agent('host');
  await Promise.all([
    ...[7000, 22].map((port) => agent.serveTcp({ name: 'host', port })),
    ...[7000, 500].map((port) => agent.serveUdp({ name: 'host', port })),
  ]);
}

async function serveInternet(world: World): Promise<void> {
  const agent = await world.agent('internet');
  await Promise.all([agent.serveTcp({ name: 'internet', port: 80 }), agent.serveUdp({ name: 'internet', port: 53 })]);
}

/** Where containers' traffic to the outside goes in the tests. */
export const INTERNET_SERVICE = { ...INTERNET, tcp: 80, udp: 53 } as const;

/**
 * Waits until every target answers the host itself, for a container starts before its service listens, and a new
 * link carries nothing for up to a second. One family will do: both end at the same service.
 */
async function allAnswer(host: AgentClient, targets: readonly Target[]): Promise<void> {
  let waiting = targets.map((target) => dialled(target, target.v4 ?? target.v6 ?? ''));
  for (const deadline = performance.now() + 15_000; performance.now() < deadline; await sleep(50)) {
    const results = await host.probe(waiting);
    waiting = waiting.filter((request, i) => results[i]?.service !== request.service);
    if (waiting.length === 0) return;
  }
  const names = waiting.map(({ address, port, protocol }) => `${address} ${port}/${protocol}`).join(', ');
  throw new Error(`no answer on the host itself: ${names}`);
}

function dialled(target: Target, address: string) {
  const { protocol, port, service } = target;
  // A port published on loopback has no other address.
  const local = target.kind === 'published' && target.reach === 'nobody' ? '127.0.0.1' : address;
  return { protocol, port, service, address: local, timeoutMs: 1000 };
}
