import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOST, INTERNET, ROUTER } from '../../lab/addresses.ts';
import type { AgentClient } from '../../lab/client.ts';
import { addressLines } from '../../lab/link.ts';
import { nodeBinds } from '../../lab/populate.ts';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { Arrivals, arrivalKey } from './support/arrivals.ts';
import { CLOSED_MS, type IpVersion, IP_VERSIONS, PATIENT_MS, addressOf } from './support/cells.ts';
import { addressBytes, packet, udp } from './support/frames.ts';
import { type ForeignBridge, type Guest, addBridge, addGuest } from './support/guests.ts';
import { type Look, lookAll } from './support/looks.ts';
import { apply, configText } from './support/sources.ts';
import { BROADCAST_MAC, groupMac, macOf } from './support/wire.ts';

// Bridges that are not Docker's: one that is the host's own uplink and is called like one of Docker's, and one with
// virtual machines on it.

const PUBLIC = ['22/tcp', '443/tcp'];

async function dial(agent: AgentClient, address: string, port: number, open: boolean): Promise<string> {
  const { state, service } = await agent.tcp(address, port, { timeoutMs: open ? PATIENT_MS : CLOSED_MS });
  return service ?? state;
}

/** A published, not public, and a public container; programs of the host; a server out there. */
async function serve(world: World): Promise<void> {
  const [host, internet] = await Promise.all([world.agent('host'), world.agent('internet')]);
  await Promise.all([
    ...[7000, 22].map((port) => host.serveTcp({ name: 'host', port })),
    host.serveUdp({ name: 'host', port: 7000 }),
    internet.serveTcp({ name: 'internet', port: 80 }),
    world.engine.containers.run({
      name: 'web',
      publish: ['8081:80', '443:80'],
      cmd: ['/lab/node', '/lab/service.mjs', 'web', 'tcp:80', 'tcp:82'],
      binds: nodeBinds(world),
    }),
  ]);
}

describe('the uplink is a bridge that is called br-lan', () => {
  let world: World;
  let container: string;

  beforeAll(async () => {
    world = await createWorld();
    await serve(world);
    container = (await world.engine.containers.find('web')).v4;
    await world.ip(
      'host',
      'link add br-lan type bridge',
      `route del default via ${ROUTER.v6}`,
      'addr flush dev eth0',
      'link set eth0 master br-lan',
      ...addressLines('br-lan', [`${HOST.v4}/24`, `${HOST.v6}/64`]),
      'link set br-lan up',
      `route add default via ${ROUTER.v4}`,
      `route add default via ${ROUTER.v6}`,
    );
  });
  afterAll(() => world?.remove());

  const reach = async (node: 'untrusted' | 'trusted-a', version: IpVersion, open: boolean): Promise<string[]> => {
    const [agent, host] = [await world.agent(node), addressOf(HOST, version) ?? ''];
    const direct = version === 4 ? [dial(agent, container, 82, open)] : [];
    return Promise.all([dial(agent, host, 7000, open), dial(agent, host, 8081, open), ...direct]);
  };
  const everything = (version: IpVersion): string[] => (version === 4 ? ['host', 'web', 'web'] : ['host', 'web']);

  test.each(IP_VERSIONS)('without Seawall v%i: everything is open', async (version) => {
    expect(await reach('untrusted', version, true)).toEqual(everything(version));
  });

  test.each(['while Docker answers', 'while Docker is unknown'])('applied %s: closed all the same', async (when) => {
    const env = when === 'while Docker answers' ? {} : { DOCKER_HOST: `unix://${world.dir}/nobody.sock` };
    await world.writeConfig(configText(PUBLIC));
    // What Docker said last time is not to help, either.
    if (when === 'while Docker is unknown') await rm(join(world.stateDir, 'remembered.json'));
    const { code, stderr } = await world.seawall(['apply', '--yes'], { env });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    for (const version of IP_VERSIONS) {
      expect(await reach('untrusted', version, false)).toEqual(everything(version).map(() => 'closed'));
      expect(await reach('trusted-a', version, true)).toEqual(everything(version));
      const untrusted = await world.agent('untrusted');
      const host = addressOf(HOST, version) ?? '';
      expect([await dial(untrusted, host, 22, true), await dial(untrusted, host, 443, true)]).toEqual(['host', 'web']);
    }
  });

  test('host and containers still reach the internet, and containers the host', async () => {
    const [host, inside] = [await world.agent('host'), await world.containerAgent('web')];
    const answers = [dial(host, INTERNET.v4, 80, true), dial(host, INTERNET.v6, 80, true)];
    const more = [dial(inside, INTERNET.v4, 80, true), dial(inside, HOST.v4, 7000, true)];
    expect(await Promise.all([...answers, ...more])).toEqual(['internet', 'internet', 'internet', 'host']);
  });
});

describe('a bridge of virtual machines', () => {
  const VIRBR: ForeignBridge = { name: 'virbr9', v4: '192.168.122', v6: '2001:db8:9:1' };
  let world: World;
  let arrivals: Arrivals;
  let guests: readonly [Guest, Guest];

  beforeAll(async () => {
    world = await createWorld();
    await Promise.all([serve(world), addBridge(world, VIRBR)]);
    guests = await Promise.all([addGuest(world, VIRBR, 'vm1', 11), addGuest(world, VIRBR, 'vm2', 12)]);
    await guests[1].agent.serveTcp({ name: 'vm2', port: 80 });
    await Promise.all([
      guests[1].agent.serveUdp({ name: 'vm2', port: 7002, echo: false }),
      guests[1].agent.serveUdp({ name: 'vm2', port: 7003, address: '0.0.0.0', echo: false }),
    ]);
    arrivals = await Arrivals.watch(world);
    await apply(world, configText(PUBLIC));
  });
  afterAll(async () => {
    await Promise.all((guests ?? []).map(({ agent }) => agent.close()));
    await world?.remove();
  });

  test('what is bridged passes netfilter here, or nothing of this would mean anything', async () => {
    for (const name of ['iptables', 'ip6tables']) {
      const value = await mustExec(world, 'host', ['cat', `/proc/sys/net/bridge/bridge-nf-call-${name}`]);
      expect(value.trim()).toBe('1');
    }
  });

  test.each(IP_VERSIONS)('guests v%i reach each other and the outside, and are reached from there', async (version) => {
    const [{ agent }, other] = guests;
    const there = addressOf(other, version) ?? '';
    expect(await dial(agent, there, 80, true)).toBe('vm2');
    expect(await agent.ping(there, { timeoutMs: PATIENT_MS })).toBe(true);
    expect(await dial(agent, addressOf(INTERNET, version) ?? '', 80, true)).toBe('internet');
    expect(await dial(await world.agent('untrusted'), there, 80, true)).toBe('vm2');
  });

  test.each(IP_VERSIONS)(
    'host services and containers v%i are closed to them, but for the public ones',
    async (version) => {
      const [{ agent }] = guests;
      const host = addressOf(HOST, version) ?? '';
      const gateway = `${version === 4 ? VIRBR.v4 : VIRBR.v6}${version === 4 ? '.1' : '::1'}`;
      const container = (await world.engine.containers.find('web')).v4;
      const closed = [
        [host, 7000],
        [host, 8081],
        [gateway, 7000],
        [gateway, 8081],
      ] as const;
      const tries = closed.map(([address, port]) => dial(agent, address, port, false));
      if (version === 4) tries.push(dial(agent, container, 82, false));
      expect(new Set(await Promise.all(tries))).toEqual(new Set(['closed']));
      expect([await dial(agent, host, 22, true), await dial(agent, gateway, 443, true)]).toEqual(['host', 'web']);
    },
  );

  const GROUPS = [
    ['255.255.255.255', 7003],
    [`${VIRBR.v4}.255`, 7003],
    ['224.0.0.1', 7003],
    ['ff02::1', 7002],
  ] as const;

  test.each(GROUPS)('a datagram to %s reaches the other guest and no program of the host', async (group, port) => {
    const [speaker, listener] = guests;
    const [source, wire] = [group.includes(':') ? speaker.v6 : speaker.v4, { enter: speaker.enter, device: 'eth0' }];
    const mac = /^(ff|224)/.test(group) ? groupMac(addressBytes(group)) : BROADCAST_MAC;
    const to = (number: number, from: number) => [
      { to: mac, packet: packet({ source, destination: group }, udp(from, number)) },
    ];
    const looks: Look[] = [
      { kind: 'datagram', wire, sent: to(port, 4001), listener: listener.agent, port, source },
      { kind: 'frame', wire, sent: to(7000, 4002), key: arrivalKey(source, 17, 4002), at: 'local' },
    ];
    expect(await lookAll(looks, arrivals, 0)).toEqual([true, false]);
  });

  test("a container's address as source doesn't help them", async () => {
    const [{ enter }] = guests;
    const to = await macOf(world.enter('host'), VIRBR.name);
    const forged = { source: '172.17.0.9', destination: `${VIRBR.v4}.1` };
    const sent = [{ to, packet: packet(forged, udp(4003, 7000)) }];
    const key = arrivalKey(forged.source, 17, 4003);
    const look: Look = { kind: 'frame', wire: { enter, device: 'eth0' }, sent, key, at: 'local' };
    expect(await lookAll([look], arrivals, 0)).toEqual([false]);
  });

  test('Seawall says what this means for them, and listing the bridge as internal opens the host to them', async () => {
    const { stderr } = await world.seawall(['plan']);
    expect(stderr).toContain('virbr9');
    await apply(world, configText(PUBLIC, 'interfaces: {internal: [virbr9]}\n'));
    const [{ agent }] = guests;
    expect(await Promise.all([dial(agent, HOST.v4, 7000, true), dial(agent, HOST.v6, 8081, true)])).toEqual([
      'host',
      'web',
    ]);
  });
});
