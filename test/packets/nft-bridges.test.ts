import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOST, INTERNET, ROUTER } from '../../lab/addresses.ts';
import type { AgentClient } from '../../lab/client.ts';
import { addressLines } from '../../lab/link.ts';
import { nodeBinds } from '../../lab/populate.ts';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { CLOSED_MS, type IpVersion, IP_VERSIONS, PATIENT_MS, addressOf } from './support/cells.ts';
import { apply, configText } from './support/sources.ts';

// With nftables a bridge is known by its kind: a network of Docker's with a bridge name of its own needs nobody to run
// Seawall. What that must not do is open the machine where its uplink becomes a bridge.

let world: World;
beforeAll(async () => {
  world = await createWorld();
  const [host, internet] = await Promise.all([world.agent('host'), world.agent('internet')]);
  await Promise.all([
    ...[7000, 22].map((port) => host.serveTcp({ name: 'host', port })),
    internet.serveTcp({ name: 'internet', port: 80 }),
  ]);
  await apply(world, configText(['22/tcp'], 'backend: nftables\n'));
});
afterAll(() => world?.remove());

async function dial(agent: AgentClient, address: string, port: number, open: boolean): Promise<string> {
  const { state, service } = await agent.tcp(address, port, { timeoutMs: open ? PATIENT_MS : CLOSED_MS });
  return service ?? state;
}

describe('a network that was made since, with a bridge name of its own', () => {
  beforeAll(async () => {
    await world.engine.containers.createNetwork({ name: 'shop', bridge: 'shop0', subnets: ['172.29.0.0/16'] });
    const serve = (name: string): string[] => ['/lab/node', '/lab/service.mjs', name, 'tcp:80', 'tcp:82'];
    for (const name of ['one', 'two'])
      await world.engine.containers.run({
        name,
        network: 'shop',
        cmd: serve(name),
        binds: nodeBinds(world),
        ...(name === 'one' ? { publish: ['8081:80'] } : {}),
      });
  });

  test('its containers reach the host, each other and the internet', async () => {
    const inside = await world.containerAgent('two');
    const { v4 } = await world.engine.containers.find('one');
    expect(await dial(inside, '172.29.0.1', 7000, true)).toBe('host');
    expect(await dial(inside, v4, 82, true)).toBe('one');
    expect(await dial(inside, INTERNET.v4, 80, true)).toBe('internet');
    expect(await dial(inside, HOST.v4, 8081, true)).toBe('one');
  });

  test('strangers reach none of them, friends all', async () => {
    const { v4 } = await world.engine.containers.find('one');
    const [stranger, friend] = [await world.agent('untrusted'), await world.agent('trusted-a')];
    await mustExec(world, 'host', ['iptables', '-P', 'FORWARD', 'ACCEPT']);
    await world.ip('net', `route replace 172.29.0.0/16 via ${HOST.v4}`);
    expect(await Promise.all([dial(stranger, HOST.v4, 8081, false), dial(stranger, v4, 82, false)])).toEqual([
      'closed',
      'closed',
    ]);
    expect(await dial(friend, HOST.v4, 8081, true)).toBe('one');
  });
});

describe('an uplink that was put into a bridge since', () => {
  beforeAll(() =>
    world.ip(
      'host',
      'link add uplink0 type bridge',
      `route del default via ${ROUTER.v6}`,
      'addr flush dev eth0',
      'link set eth0 master uplink0',
      ...addressLines('uplink0', [`${HOST.v4}/24`, `${HOST.v6}/64`]),
      'link set uplink0 up',
      `route add default via ${ROUTER.v4}`,
      `route add default via ${ROUTER.v6}`,
    ),
  );

  const host = (version: IpVersion): string => addressOf(HOST, version) ?? '';

  test.each(IP_VERSIONS)('v%i is closed to strangers all the same, and open to friends', async (version) => {
    const [stranger, friend] = [await world.agent('untrusted'), await world.agent('trusted-a')];
    expect(await dial(friend, host(version), 7000, true)).toBe('host');
    expect(await dial(stranger, host(version), 22, true)).toBe('host');
    expect(await dial(stranger, host(version), 7000, false)).toBe('closed');
    expect(await dial(stranger, host(version), 8081, false)).toBe('closed');
  });
});
