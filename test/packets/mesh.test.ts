import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOST } from '../../lab/addresses.ts';
import { createWorld, mustExec, type World } from '../../lab/world.ts';
import { CLOSED_MS } from './support/cells.ts';
import { addBridge, addGuest } from './support/guests.ts';
import { apply, configText } from './support/sources.ts';

// Swarm's routing mesh: the rules of a real node, which send the published ports of services to the network namespace
// `ingress_sbox` on docker_gwbridge. A guest stands in for it, for the kernel may have no IPVS.

const RULES = fileURLToPath(new URL('../corpus/docker-rules/swarm-real-bookworm/swarm-s1', import.meta.url));
const [CLOSED, PUBLIC] = [8080, 8081];

let world: World;
beforeAll(async () => {
  world = await createWorld({ engine: false });
  const bridge = { name: 'docker_gwbridge', v4: '172.18.0', v6: '2001:db8:d0c:18' };
  await addBridge(world, bridge);
  const { agent } = await addGuest(world, bridge, 'ingress', 2);
  for (const port of [CLOSED, PUBLIC]) await agent.serveTcp({ name: 'mesh', port });
  await mustExec(world, 'host', ['sh', '-ec', `iptables-restore < '${RULES}/iptables-save'`]);
});
afterAll(() => world?.remove());

const dialled = async (node: 'untrusted' | 'trusted-a'): Promise<(string | undefined)[]> => {
  const agent = await world.agent(node);
  const both = await Promise.all([CLOSED, PUBLIC].map((port) => agent.tcp(HOST.v4, port, { timeoutMs: CLOSED_MS })));
  return both.map(({ service }) => service);
};

test('everyone reaches the mesh without a firewall; behind it only its public ports', async () => {
  expect(await dialled('untrusted')).toEqual(['mesh', 'mesh']);
  for (const backend of ['iptables', 'nftables']) {
    await apply(world, configText([`${PUBLIC}/tcp`], `backend: ${backend}\n`));
    expect(await dialled('untrusted')).toEqual([undefined, 'mesh']);
    expect(await dialled('trusted-a')).toEqual(['mesh', 'mesh']);
  }
});
