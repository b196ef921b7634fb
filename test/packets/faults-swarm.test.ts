import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { call, callJson, fresh } from './support/command-line.ts';
import { type Answers, INFO, answering, withDocker } from './support/fake-docker.ts';

// Whom a swarm makes trusted: the nodes that this engine knows of, and those it knew while it can't be asked.

const CONFIG = 'version: 1\ntrusted: [203.0.113.7]\npublic: [22/tcp]\n';

let world: World;
const seawall = (args: readonly string[], DOCKER_HOST: string) => call(world, args, { env: { DOCKER_HOST } });

beforeAll(async () => {
  world = await createWorld({ engine: false });
});
afterAll(() => world?.remove());
beforeEach(() => fresh(world, CONFIG));

describe('a swarm', () => {
  const manager = {
    ...INFO,
    Swarm: { LocalNodeState: 'active', ControlAvailable: true, RemoteManagers: [{ Addr: '192.0.2.1:2377' }] },
  };
  const worker = {
    ...INFO,
    Swarm: {
      LocalNodeState: 'active',
      ControlAvailable: false,
      RemoteManagers: [{ Addr: '192.0.2.1:2377' }, { Addr: '[2001:db8:5::1]:2377' }],
    },
  };
  const overlay = {
    Name: 'ingress',
    Id: 'overlay1',
    Driver: 'overlay',
    Peers: [
      { Name: 'a', IP: '192.0.2.7' },
      { Name: 'b', IP: '0.0.0.0' },
    ],
  };
  const nodes = [
    { Status: { Addr: '192.0.2.1' } },
    { Status: { Addr: '192.0.2.2' }, ManagerStatus: { Addr: '[2001:db8:5::2]:2377' } },
    { Status: { Addr: '0.0.0.0' } },
    { Status: { Addr: 'unknown' } },
    {},
  ];
  const MANAGER: Answers = { '/networks': [overlay], '/networks/overlay1': overlay, '/nodes': nodes, '/info': manager };
  const WORKER: Answers = { '/networks': [overlay], '/networks/overlay1': overlay, '/info': worker };
  const trusted = async (): Promise<string[]> =>
    (await mustExec(world, 'host', ['ipset', 'save']))
      .split('\n')
      .flatMap((line) => /^add seawall-trusted\S+ (\S+)$/.exec(line)?.[1] ?? [])
      .toSorted();
  const applied = (answers: Answers): Promise<unknown> =>
    withDocker(world, answering(answers), async ({ DOCKER_HOST }) =>
      expect((await seawall(['apply', '--yes'], DOCKER_HOST)).code).toBe(0),
    );

  test('a manager trusts all nodes', async () => {
    await applied(MANAGER);
    expect(await trusted()).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.7', '2001:db8:5::2', '203.0.113.7']);
  });

  test('a worker trusts the managers and the peers of its overlays', async () => {
    await applied(WORKER);
    expect(await trusted()).toEqual(['192.0.2.1', '192.0.2.7', '2001:db8:5::1', '203.0.113.7']);
  });

  test('with swarm: off nobody', async () => {
    await world.writeConfig(`${CONFIG}docker: {swarm: off}\n`);
    await applied(MANAGER);
    expect(await trusted()).toEqual(['203.0.113.7']);
  });

  test.each(['/nodes', '/info', '/networks', '/networks/overlay1'])(
    '%s fails later: the nodes that are known stay',
    async (path) => {
      await applied(MANAGER);
      const known = await trusted();
      const { [path]: _gone, ...rest } = MANAGER;
      await withDocker(world, answering(rest), async ({ DOCKER_HOST }) => {
        const { code, stderr } = await seawall(['apply', '--yes'], DOCKER_HOST);
        expect([code, stderr]).toEqual([0, expect.stringContaining(path)]);
        expect(await trusted()).toEqual(known);
      });
      expect((await callJson(world, ['status'])).answer['notes']).not.toEqual([]);
      expect(await trusted()).toEqual(known);
    },
  );

  test('a swarm that was left is trusted no longer', async () => {
    await applied(MANAGER);
    await applied({ '/networks': [], '/info': INFO });
    expect(await trusted()).toEqual(['203.0.113.7']);
  });
});
