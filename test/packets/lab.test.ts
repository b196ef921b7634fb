import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOST, INTERNET, SOURCES, type SourceName, sourceOf } from '../../lab/addresses.ts';
import { currentTargets, populate } from '../../lab/populate.ts';
import type { ProbeRequest } from '../../lab/protocol.ts';
import type { Target } from '../../lab/targets.ts';
import { type World, createWorld, mustExec } from '../../lab/world.ts';

// The lab by itself, without a firewall: only if all of this is open and counted right does "closed" mean something.
let world: World;
let targets: readonly Target[];

beforeAll(async () => {
  world = await createWorld();
  targets = await populate(world);
});
afterAll(() => world?.remove());

type Asked = ProbeRequest & { readonly name: string; readonly expected: string | undefined };

function ask(all: readonly Target[], from: { v4: string; v6: string }): Asked[] {
  return all.flatMap(({ name, protocol, port, service, reach, ...at }) =>
    (['v4', 'v6'] as const).flatMap((family) => {
      const address = at[family];
      if (address === undefined) return [];
      const expected = reach === 'nobody' ? undefined : service;
      return [
        {
          name: `${name} ${family}`,
          protocol,
          port,
          address,
          from: from[family],
          expected,
          timeoutMs: reach === 'nobody' ? 300 : 3000,
        },
      ];
    }),
  );
}

async function answers(source: SourceName): Promise<{ got: object; expected: object }> {
  const { node, ...addresses } = sourceOf(source);
  const asked = ask(targets, addresses);
  const results = await (await world.agent(node)).probe(asked);
  return {
    got: Object.fromEntries(asked.map(({ name }, i) => [name, results[i]?.service])),
    expected: Object.fromEntries(asked.map(({ name, expected }) => [name, expected])),
  };
}

describe('without a firewall', () => {
  const sources = [...(Object.keys(SOURCES) as SourceName[]), 'neighbour' as const];

  test.each(sources)('%s reaches everything that Docker and the host open', async (source) => {
    const { got, expected } = await answers(source);
    expect(got).toEqual(expected);
    expect(Object.keys(got).length).toBeGreaterThan(38);
  });

  test.each(sources)('the host sees %s with its own addresses', async (source) => {
    const { node, v4, v6 } = sourceOf(source);
    const agent = await world.agent(node);
    const [four, six] = await Promise.all([
      agent.tcp(HOST.v4, 7000, { from: v4 }),
      agent.udp(HOST.v6, 7000, { from: v6 }),
    ]);
    expect([four.seenAs, six.seenAs]).toEqual([v4, v6]);
  });

  test('a container sees the client through NAT, and its gateway through docker-proxy', async () => {
    const agent = await world.agent('untrusted');
    const [nat, proxy] = await Promise.all([agent.tcp(HOST.v4, 8080), agent.tcp(HOST.v6, 8080)]);
    expect([nat.seenAs, proxy.seenAs]).toEqual([SOURCES.untrusted.v4, '172.18.0.1']);
  });

  test('containers reach the internet as the host, and each other', async () => {
    const inside = await world.containerAgent('app');
    const outside = await inside.tcp(INTERNET.v4, 80);
    expect(outside).toMatchObject({ state: 'open', service: 'internet', seenAs: HOST.v4 });
    expect(await (await world.containerAgent('six')).tcp(INTERNET.v6, 80)).toMatchObject({ service: 'internet' });
    expect(await (await world.containerAgent('local')).tcp('172.17.0.1', 7000)).toMatchObject({ service: 'host' });
  });

  test('a free port refuses, an address that nobody has is unreachable, a dropped packet is closed', async () => {
    const agent = await world.agent('untrusted');
    await mustExec(world, 'host', [
      'iptables',
      '-t',
      'mangle',
      '-A',
      'PREROUTING',
      '-p',
      'tcp',
      '--dport',
      '7000',
      '-j',
      'DROP',
    ]);
    const [refused, refusedUdp, unreachable, closed] = await agent.probe([
      { protocol: 'tcp', address: HOST.v4, port: 9 },
      { protocol: 'udp', address: HOST.v6, port: 9 },
      { protocol: 'tcp', address: '10.1.2.3', port: 9 },
      { protocol: 'tcp', address: HOST.v4, port: 7000 },
    ]);
    await mustExec(world, 'host', ['iptables', '-t', 'mangle', '-F', 'PREROUTING']);
    expect([refused?.state, refusedUdp?.state]).toEqual(['refused', 'refused']);
    expect([unreachable?.state, closed?.state]).toEqual(['unreachable', 'closed']);
    await expect(agent.tcp(HOST.v4, 9, { from: '192.0.2.1' })).rejects.toThrow('EADDRNOTAVAIL');
  });

  test('pings are answered in both families', async () => {
    const agent = await world.agent('trusted-b');
    expect(await Promise.all([agent.ping(HOST.v4), agent.ping(HOST.v6), agent.ping('10.1.2.3')])).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('the engine', () => {
  test('comes back after stop, crash and a restart with live-restore, and so do its containers', async () => {
    const { engine } = world;
    await engine.restart();
    targets = await currentTargets(world);
    await engine.kill();
    expect(engine.pid).toBeUndefined();
    await engine.start({ 'live-restore': true });
    targets = await currentTargets(world);
    const before = await engine.containers.inspect('app');
    await engine.restart();
    expect((await engine.containers.inspect('app')).State.StartedAt).toBe(before.State.StartedAt);
    const { got, expected } = await answers('untrusted');
    expect(got).toEqual(expected);
  });

  test('a snapshot ignores traffic and notices a rule', async () => {
    const before = await world.snapshot();
    await (await world.agent('untrusted')).tcp(HOST.v4, 8080);
    expect(await world.snapshot()).toEqual(before);
    await mustExec(world, 'host', ['nft', 'add', 'table', 'ip6', 'noticed']);
    expect((await world.snapshot()).nft).not.toBe(before.nft);
    await mustExec(world, 'host', ['nft', 'delete', 'table', 'ip6', 'noticed']);
  });
});
