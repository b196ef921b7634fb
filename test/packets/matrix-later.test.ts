import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOST, INTERNET } from '../../lab/addresses.ts';
import type { ProbeRequest } from '../../lab/protocol.ts';
import { type World, createWorld } from '../../lab/world.ts';
import { nodeBinds } from '../../lab/populate.ts';
import { CLOSED_MS, IP_VERSIONS, PATIENT_MS, addressOf } from './support/cells.ts';
import { TRUSTED_ADDRESS, UNTRUSTED, apply, configText, seawall } from './support/sources.ts';

// Networks and containers that come after the last apply: nobody runs Seawall for them.

const LATER = [
  { name: 'later', port: 8095, subnets: ['172.29.0.0/16', '2001:db8:d0c:2::/64'] },
  { name: 'later-public', port: 8096, subnets: ['172.30.0.0/16', '2001:db8:d0c:3::/64'] },
] as const;
const NAMED = { name: 'later-named', port: 8097, subnets: ['172.31.0.0/16', '2001:db8:d0c:4::/64'] } as const;

let world: World;
const found = new Map<string, { v4: string; v6: string }>();

beforeAll(async () => {
  world = await createWorld();
  await (await world.agent('host')).serveTcp({ name: 'host', port: 7000 });
  const internet = await world.agent('internet');
  await Promise.all([internet.serveTcp({ name: 'internet', port: 80 }), internet.serveTcp({ name: 'peer', port: 81 })]);
  await apply(world, configText(['8096/tcp']));
  for (const network of LATER) await run(network);
  await run(NAMED, 'lab-later');
});
afterAll(() => world?.remove());

async function run({ name, port, subnets }: (typeof LATER)[number] | typeof NAMED, bridge?: string): Promise<void> {
  const { containers } = world.engine;
  await containers.createNetwork({ name, ipv6: true, subnets, ...(bridge === undefined ? {} : { bridge }) });
  const cmd = ['/lab/node', '/lab/service.mjs', name, 'tcp:80', 'tcp:82'];
  const binds = nodeBinds(world);
  found.set(name, await containers.run({ name, network: name, publish: [`${port}:80`], cmd, binds }));
  await containers.run({ name: `${name}-peer`, network: name, cmd, binds });
}

async function answer(node: 'untrusted' | 'trusted-a', request: Partial<ProbeRequest>, open: boolean): Promise<string> {
  const agent = await world.agent(node);
  const { state, service } = await agent.tcp(request.address ?? '', request.port ?? 0, {
    timeoutMs: open ? PATIENT_MS : CLOSED_MS,
  });
  return service ?? state;
}

describe.each(LATER.map(({ name, port }) => [name, port] as const))('network %s', (name, port) => {
  const isPublic = name === 'later-public';
  test.each(IP_VERSIONS)('trusted v%i → published port and container: open', async (version) => {
    const [host, own] = [addressOf(HOST, version), addressOf(found.get(name) ?? {}, version)];
    expect(await answer(TRUSTED_ADDRESS.node, { address: host ?? '', port }, true)).toBe(name);
    expect(await answer(TRUSTED_ADDRESS.node, { address: own ?? '', port: 82 }, true)).toBe(name);
  });
  test.each(IP_VERSIONS)('untrusted v%i → published port: open only if public', async (version) => {
    const address = addressOf(HOST, version) ?? '';
    expect(await answer(UNTRUSTED.node, { address, port }, isPublic)).toBe(isPublic ? name : 'closed');
  });
  test.each(IP_VERSIONS)("untrusted v%i → the container's own address: closed", async (version) => {
    const address = addressOf(found.get(name) ?? {}, version) ?? '';
    const answers = [80, 82].map((own) => answer(UNTRUSTED.node, { address, port: own }, false));
    expect(await Promise.all(answers)).toEqual(['closed', 'closed']);
  });
  test.each(IP_VERSIONS)('the container v%i → internet, host and neighbour: open', async (version) => {
    expect(await fromInside(name, version)).toEqual(['internet', 'host', name]);
  });
});

async function fromInside(name: string, version: 4 | 6): Promise<(string | undefined)[]> {
  const agent = await world.containerAgent(`${name}-peer`);
  const dial = async (at: { v4: string; v6: string }, port: number): Promise<string | undefined> =>
    (await agent.tcp(addressOf(at, version) ?? '', port, { timeoutMs: PATIENT_MS })).service;
  return Promise.all([dial(INTERNET, 80), dial(HOST, 7000), dial(found.get(name) ?? { v4: '', v6: '' }, 80)]);
}

describe('network with a bridge name of its own, made after apply', () => {
  const address = (version: 4 | 6): string => addressOf(found.get(NAMED.name) ?? {}, version) ?? '';

  test.each(IP_VERSIONS)('untrusted v%i → it: closed from the first packet on', async (version) => {
    const dialled = { address: addressOf(HOST, version) ?? '', port: NAMED.port };
    const answers = [dialled, { address: address(version), port: 82 }].map((to) => answer(UNTRUSTED.node, to, false));
    expect(await Promise.all(answers)).toEqual(['closed', 'closed']);
  });

  test('plan and status say that something is to be done', async () => {
    const [status, plan] = await Promise.all([world.seawall(['status']), world.seawall(['plan'])]);
    expect([status.code, plan.code]).toEqual([2, 2]);
    expect(`${status.stdout}${plan.stdout}`).toContain('lab-later');
  });

  test('after apply it works like all the others', async () => {
    await seawall(world, ['apply', '--yes']);
    expect((await world.seawall(['status'])).code).toBe(0);
    for (const version of IP_VERSIONS) {
      expect(await fromInside(NAMED.name, version)).toEqual(['internet', 'host', NAMED.name]);
      expect(await answer(UNTRUSTED.node, { address: address(version), port: 82 }, false)).toBe('closed');
      expect(await answer(TRUSTED_ADDRESS.node, { address: address(version), port: 82 }, true)).toBe(NAMED.name);
    }
  });
});
