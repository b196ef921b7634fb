import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HOST, NEIGHBOUR, type NodeName, TRUSTED } from '../../lab/addresses.ts';
import type { AgentClient } from '../../lab/client.ts';
import type { Engine } from '../../lab/engine.ts';
import { IMAGE } from '../../lab/image.ts';
import { otherEngine, type Release } from '../../lab/other-engines.ts';
import { agentIn, startOtherHost } from '../../lab/other-host.ts';
import { createWorld, mustExec, type World } from '../../lab/world.ts';
import { record } from '../engines/support/record.ts';
import { atNight } from '../support/runs.ts';
import { call, callJson, fresh } from './support/command-line.ts';

// Two engines that are a swarm, one of them behind Seawall. (The routing mesh itself needs IPVS, which this kernel may not
// have: mesh.test.ts has the rules that Docker makes for it.)

const CONFIG = `version: 1\ntrusted: [${TRUSTED.single.v4}, '${TRUSTED.single.v6}']\npublic: [22/tcp]\n`;
const OVERLAY = { Driver: 'overlay', Attachable: true };
const [HOST_MODE, SILENT] = [8088, 9000];

/** `npm run test:engines` asks for all of them. */
const RELEASES: readonly ('bookworm' | Release)[] =
  process.env['SEAWALL_ENGINES'] === undefined ? ['bookworm'] : ['bookworm', 'trixie', 'sid'];

let world: World;
let other: Engine;
let [near, far]: (AgentClient | undefined)[] = [];

async function build(release: 'bookworm' | Release): Promise<void> {
  const engine = { folders: release === 'bookworm' ? [] : await otherEngine(release) };
  world = await createWorld({ engine });
  other = await startOtherHost(world, 'neighbour', engine);
  await formSwarm();
  for (const [name, options] of [
    ['over', {}],
    ['sealed', { encrypted: '' }],
  ] as const)
    await world.engine.api.call('POST', '/networks/create', { ...OVERLAY, Name: name, Options: options });
  await publish('host-mode', HOST_MODE);
  for (const network of ['over', 'sealed'])
    await world.engine.containers.run({
      name: `${network}-near`,
      cmd: ['/bin/serve-all', `${network}-near`, '80'],
      network,
    });
  await other.containers.run({ name: 'over-far', cmd: ['/bin/serve-all', 'over-far', '80'], network: 'over' });
  near = await agentIn(world, world.engine, 'over-near');
  far = await agentIn(world, other, 'over-far');
  await until(async () => (await reach('untrusted', HOST_MODE)) === 'open');
}

async function formSwarm(): Promise<void> {
  const ListenAddr = '0.0.0.0:2377';
  await world.engine.api.call('POST', '/swarm/init', { ListenAddr, AdvertiseAddr: HOST.v4 });
  const { JoinTokens } = await world.engine.api.call<{ JoinTokens: { Worker: string } }>('GET', '/swarm');
  await other.api.call('POST', '/swarm/join', {
    ListenAddr,
    AdvertiseAddr: NEIGHBOUR.v4,
    RemoteAddrs: [`${HOST.v4}:2377`],
    JoinToken: JoinTokens.Worker,
  });
}

/** A service on the host, with its port published there. */
async function publish(name: string, port: number): Promise<void> {
  // By its name it would be asked for at a registry first.
  const { Id: Image } = await world.engine.api.call<{ Id: string }>('GET', `/images/${IMAGE}/json`);
  await world.engine.api.call('POST', '/services/create', {
    Name: name,
    TaskTemplate: {
      ContainerSpec: { Image, Args: ['/bin/serve-all', name, '80'], StopSignal: 'SIGKILL' },
      Placement: { Constraints: ['node.role==manager'] },
    },
    EndpointSpec: { Ports: [{ Protocol: 'tcp', TargetPort: 80, PublishedPort: port, PublishMode: 'host' }] },
  });
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await holds()) return;
    await sleep(250);
  }
  throw new Error('it did not come to be');
}

async function reach(node: NodeName, port: number, address: string = HOST.v4): Promise<string> {
  return (await (await world.agent(node)).tcp(address, port, { timeoutMs: 800 })).state;
}

/** Whether the containers on both hosts reach each other over the overlay. */
async function overlayWorks(): Promise<boolean> {
  const [a, b] = [await world.engine.containers.find('over-near'), await other.containers.find('over-far')];
  const answers = await Promise.all([near?.tcp(b.v4, 80), far?.tcp(a.v4, 80)]);
  return answers[0]?.service === 'over-far' && answers[1]?.service === 'over-near';
}

/** Which ports of the swarm somebody reaches: the published one, its managers' and that of its gossip. */
async function reachable(node: NodeName): Promise<string[]> {
  const places = [HOST.v4, HOST.v6].flatMap((address) => ALL_PORTS.map((port) => ({ address, port })));
  const states = await Promise.all(places.map(({ address, port }) => reach(node, port, address)));
  return places.filter((_place, at) => states[at] === 'open').map(({ address, port }) => `${address} ${port}`);
}
const ALL_PORTS = [HOST_MODE, 2377, 7946];

interface Attachment {
  readonly IPAddress: string;
  readonly MacAddress: string;
}

async function attachment(container: string, network: string): Promise<Attachment> {
  const path = `/containers/${container}/json`;
  type Answer = { readonly NetworkSettings: { readonly Networks: Readonly<Record<string, Attachment>> } };
  const { NetworkSettings } = await world.engine.api.call<Answer>('GET', path);
  const found = NetworkSettings.Networks[network];
  if (!found) throw new Error(`${container} is not in ${network}`);
  return found;
}

/** How many datagrams to a container arrive that somebody wraps up in VXLAN and sends to the host. */
async function injected(node: NodeName, network: string): Promise<number> {
  const { Options } = await world.engine.api.call<{ Options: Record<string, string> }>('GET', `/networks/${network}`);
  const { MacAddress, IPAddress } = await attachment(`${network}-near`, network);
  const container = await agentIn(world, world.engine, `${network}-near`);
  await container.serveUdp({ name: 'inside', port: SILENT, echo: false });
  const vni = Options['com.docker.network.driver.overlay.vxlanid_list'] ?? '';
  const inside = IPAddress.replace(/\d+$/, '250');
  await world.ip(
    node,
    `link add vx0 type vxlan id ${vni} remote ${HOST.v4} dstport 4789 dev eth0`,
    `addr add ${inside}/24 dev vx0`,
    'link set vx0 up',
    `neigh replace ${IPAddress} lladdr ${MacAddress} dev vx0`,
  );
  const client = await world.agent(node);
  await client.probe(
    Array.from({ length: 10 }, () => ({ protocol: 'udp' as const, address: IPAddress, port: SILENT, timeoutMs: 300 })),
  );
  const { count } = await container.received('udp', SILENT);
  await world.ip(node, 'link del vx0');
  await container.close();
  return count;
}

describe.each(RELEASES)('a swarm of two engines of %s', (release) => {
  let engine: string;
  beforeAll(async () => {
    await build(release);
    engine = (await world.engine.api.call<{ Version: string }>('GET', '/version')).Version;
  });
  afterAll(() => world?.remove());
  beforeEach(() => fresh(world, CONFIG));

  const backend = process.env['SEAWALL_TEST_BACKEND'] ?? 'iptables';
  const note = (promise: string, ran: string, kept: boolean): void =>
    record({ engine, settings: 'swarm of two', backend, promise, ran, kept });
  const apply = async (): Promise<void> => expect((await call(world, ['apply', '--yes'])).code).toBe(0);

  test('without a firewall everyone reaches its ports, and puts packets into its overlay networks', async () => {
    expect((await reachable('untrusted')).length).toBe(6);
    expect(await injected('untrusted', 'over')).toBeGreaterThan(0);
    expect(await overlayWorks()).toBe(true);
  });

  test('behind Seawall only who is trusted does, and the nodes go on together', async () => {
    await apply();
    const strangers = { ports: await reachable('untrusted'), wrapped: await injected('untrusted', 'over') };
    const closed = strangers.ports.length + strangers.wrapped === 0;
    note('strangers reach neither its ports nor its overlay networks', '6 dialled, 10 packets in VXLAN', closed);
    expect(strangers).toEqual({ ports: [], wrapped: 0 });
    const friends = { ports: (await reachable('trusted-a')).length, wrapped: await injected('trusted-a', 'over') };
    const together = await overlayWorks();
    note('the trusted and its nodes go on as before', '8 dialled', friends.ports === 6 && together);
    expect([friends.ports, friends.wrapped > 0, together]).toEqual([6, true, true]);
    expect((await callJson(world, ['status'])).answer).toMatchObject({ state: 'as-configured' });
  });

  test('of an encrypted network, clear text is for Docker to judge, from whomever it comes', async () => {
    await apply();
    const withRule = await injected('trusted-a', 'sealed');
    const rules = (await mustExec(world, 'host', ['iptables-save', '-t', 'filter'])).split('\n');
    const drop = rules.find((rule) => /^-A INPUT .*--dport 4789.* -j DROP$/.test(rule)) ?? '';
    const words = (change: string): string => `iptables -w ${drop.replace('-A', change)}`;
    await mustExec(world, 'host', ['sh', '-c', words('-D')]);
    const [trusted = 0, stranger] = [await injected('trusted-a', 'sealed'), await injected('untrusted', 'sealed')];
    await mustExec(world, 'host', ['sh', '-c', words('-I')]);
    const kept = withRule === 0 && stranger === 0;
    note("Docker's drop of clear text for an encrypted overlay holds for the trusted too", '20 packets in VXLAN', kept);
    expect([withRule, trusted > 0, stranger]).toEqual([0, true, 0]);
  });

  test('a restart of Docker on one of them hurts neither the firewall nor the swarm', async () => {
    await apply();
    const flood = await (await world.agent('untrusted')).startSynFlood({ address: HOST.v4, port: HOST_MODE });
    await near?.close();
    await world.engine.restart();
    await world.engine.api.call('POST', '/containers/over-near/start');
    near = await agentIn(world, world.engine, 'over-near');
    await until(async () => (await reach('trusted-a', HOST_MODE)) === 'open');
    const { succeeded, reasons, attempts } = await flood.stop();
    const answered = succeeded + (reasons['refused'] ?? 0);
    note('no gap while Docker restarts', `1 restart, ${attempts} attempts`, answered === 0);
    expect(answered).toBe(0);
    expect(attempts).toBeGreaterThan(1000);
    expect(await reachable('untrusted')).toEqual([]);
    expect(await injected('untrusted', 'over')).toBe(0);
    // With or without a firewall, Docker takes a minute to find the containers of the other host again.
    if (atNight) await until(overlayWorks);
  });
});
