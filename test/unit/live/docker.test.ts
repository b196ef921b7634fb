import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DockerReply } from '../../../src/effects/types.ts';
import { isLinkName, readDocker } from '../../../src/live/docker.ts';
import { formatAddress } from '../../../src/net/address.ts';
import { formatPrefix } from '../../../src/net/prefix.ts';
import { fakeDocker } from '../../support/fake-effects.ts';
import { patient, runs } from '../../support/runs.ts';

const ID = '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef';

/** As the API of Docker 20 to 29 answers `/networks`, shortened. */
const network = (name: string, driver: string, more: object = {}) => ({
  Name: name,
  Id: ID,
  Created: '2024-01-01T00:00:00Z',
  Scope: 'local',
  Driver: driver,
  EnableIPv6: false,
  IPAM: { Driver: 'default', Options: null, Config: [{ Subnet: '172.17.0.0/16', Gateway: '172.17.0.1' }] },
  Internal: false,
  Options: {},
  Labels: {},
  ...more,
});

const DEFAULT = network('bridge', 'bridge', {
  Options: { 'com.docker.network.bridge.name': 'docker0', 'com.docker.network.driver.mtu': '1500' },
});
const NO_SWARM = {
  ServerVersion: '28.5.2',
  Swarm: { NodeID: '', LocalNodeState: 'inactive', ControlAvailable: false, RemoteManagers: null },
};

const read = (answers: Readonly<Record<string, unknown>>) => readDocker({ docker: fakeDocker(answers) });

describe('networks', () => {
  test.each<[string, object, string | undefined]>([
    ['the default one names its bridge', DEFAULT, 'docker0'],
    ['others have a name by their id', network('shop', 'bridge'), 'br-0123456789ab'],
    [
      'or the one that somebody chose',
      network('shop', 'bridge', { Options: { 'com.docker.network.bridge.name': 'shop0' } }),
      'shop0',
    ],
    ['the one of a swarm has a fixed name', network('docker_gwbridge', 'bridge'), 'docker_gwbridge'],
    ['an overlay has none here', network('ingress', 'overlay', { Scope: 'swarm' }), undefined],
    ['nor has macvlan', network('lan', 'macvlan', { Options: { parent: 'eth0' } }), undefined],
    [
      'a name that the kernel would not take is none',
      network('x', 'bridge', { Options: { 'com.docker.network.bridge.name': 'eth0 -j ACCEPT' } }),
      undefined,
    ],
    ['nor is a wildcard', network('x', 'bridge', { Options: { 'com.docker.network.bridge.name': 'e+' } }), undefined],
    [
      'nor one that is too long',
      network('x', 'bridge', { Options: { 'com.docker.network.bridge.name': 'a'.repeat(16) } }),
      undefined,
    ],
  ])('%s', async (_name, raw, bridge) => {
    const { facts } = await read({ '/networks': [raw], '/info': NO_SWARM });
    expect(facts?.networks.map((each) => each.bridge)).toEqual([bridge]);
  });

  test('have subnets of both IP versions, and those that are none are left out', async () => {
    const Config = [
      { Subnet: '172.20.0.0/16' },
      { Subnet: 'fd00:20::/64' },
      { Subnet: '172.20.0.1/16' },
      { Gateway: '1.2.3.4' },
      null,
    ];
    const { facts } = await read({ '/networks': [network('x', 'bridge', { IPAM: { Config } })], '/info': NO_SWARM });
    expect(facts?.networks[0]?.subnets.map(formatPrefix)).toEqual(['172.20.0.0/16', 'fd00:20::/64']);
  });

  test('are known with their engine', async () => {
    const { facts, notes } = await read({ '/networks': [DEFAULT], '/info': NO_SWARM });
    expect([facts?.seen, facts?.version, facts?.swarm, facts?.nodes, notes]).toEqual(['live', '28.5.2', false, [], []]);
  });
});

describe('the nodes of a swarm', () => {
  const swarm = (more: object) => ({
    ServerVersion: '28.5.2',
    Swarm: {
      LocalNodeState: 'active',
      ControlAvailable: false,
      RemoteManagers: [{ NodeID: 'a', Addr: '198.51.100.11:2377' }],
      ...more,
    },
  });
  const overlay = network('ingress', 'overlay', { Scope: 'swarm' });
  const nodesOf = async (answers: Readonly<Record<string, unknown>>): Promise<string[]> =>
    ((await read(answers)).facts?.nodes ?? []).map(formatAddress);

  test('a manager knows all of them', async () => {
    const nodes = [
      {
        ID: 'a',
        Status: { State: 'ready', Addr: '198.51.100.11' },
        ManagerStatus: { Leader: true, Addr: '198.51.100.11:2377' },
      },
      { ID: 'b', Status: { State: 'down', Addr: '198.51.100.12' } },
      { ID: 'c', Status: { State: 'ready', Addr: '2001:db8::13' }, ManagerStatus: { Addr: '[2001:db8::13]:2377' } },
      { ID: 'd', Status: { State: 'unknown', Addr: '0.0.0.0' } },
    ];
    expect(
      await nodesOf({ '/networks': [DEFAULT], '/info': swarm({ ControlAvailable: true }), '/nodes': nodes }),
    ).toEqual(['198.51.100.11', '198.51.100.12', '2001:db8::13']);
  });

  test('a worker knows the managers, and who is on its overlay networks', async () => {
    const peers = {
      ...overlay,
      Peers: [
        { Name: 'x', IP: '198.51.100.14' },
        { Name: 'y', IP: '198.51.100.11' },
      ],
    };
    expect(await nodesOf({ '/networks': [DEFAULT, overlay], '/info': swarm({}), [`/networks/${ID}`]: peers })).toEqual([
      '198.51.100.11',
      '198.51.100.14',
    ]);
  });

  test('an engine that left its swarm has none', async () => {
    expect(
      await nodesOf({ '/networks': [DEFAULT], '/info': swarm({ LocalNodeState: 'inactive' }), '/nodes': [] }),
    ).toEqual([]);
  });

  test('a manager that does not answer for its nodes leaves those that are known otherwise', async () => {
    expect(await nodesOf({ '/networks': [DEFAULT], '/info': swarm({ ControlAvailable: true }) })).toEqual([
      '198.51.100.11',
    ]);
  });
});

describe('an engine that does not answer', () => {
  const failing = (reply: DockerReply & { ok: false }) =>
    readDocker({ docker: { host: 'unix:///x', get: () => Promise.resolve(reply) } });

  test.each<[(DockerReply & { ok: false })['reason'], string]>([
    ['not-installed', 'Docker: not installed or not running (there)'],
    ['not-running', 'Docker: not running (there)'],
    ['no-permission', 'Docker: there'],
    ['timed-out', 'Docker: there'],
    ['garbage', 'Docker: there'],
  ])('%s', async (reason, note) => {
    expect(await failing({ ok: false, reason, detail: 'there' })).toEqual({ facts: undefined, notes: [note] });
  });

  test('to the question for its swarm is known all the same', async () => {
    const { facts, notes } = await read({ '/networks': [DEFAULT] });
    expect([facts?.networks.length, facts?.swarm, notes]).toEqual([
      1,
      false,
      ["Docker: not running (nobody answers /info), so its swarm wasn't looked at"],
    ]);
  });

  test('with a list is not understood', async () => {
    expect((await read({ '/networks': { message: 'page not found' }, '/info': NO_SWARM })).notes).toEqual([
      'Docker: what unix:///var/run/docker.sock says of its networks makes no sense',
    ]);
  });
});

/** A good answer with something else in the place of any part of it. */
const spoiled = (value: unknown): fc.Arbitrary<unknown> => {
  const junk = fc.oneof(
    fc.anything({ maxDepth: 1 }),
    fc.constantFrom(null, [], {}, '', 'x\ny', -1, ['--'], 'a'.repeat(5000)),
  );
  if (typeof value !== 'object' || value === null)
    return fc.oneof({ weight: 6, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: junk });
  const inner = Array.isArray(value)
    ? fc.tuple(...value.map(spoiled))
    : fc.record(Object.fromEntries(Object.entries(value).map(([key, part]) => [key, spoiled(part)])));
  return fc.oneof({ weight: 12, arbitrary: inner }, { weight: 1, arbitrary: junk });
};

test('no answer makes it throw, or gives names and addresses that are none', patient, async () => {
  const overlay = network('ingress', 'overlay', { Peers: [{ IP: '198.51.100.14' }] });
  const answers = {
    '/networks': [DEFAULT, network('shop', 'bridge'), overlay],
    '/info': {
      ServerVersion: '28.5.2',
      Swarm: { LocalNodeState: 'active', ControlAvailable: true, RemoteManagers: [{ Addr: '198.51.100.11:2377' }] },
    },
    '/nodes': [{ Status: { Addr: '198.51.100.12' }, ManagerStatus: { Addr: '[2001:db8::1]:2377' } }],
    [`/networks/${ID}`]: overlay,
  };
  await fc.assert(
    fc.asyncProperty(spoiled(answers), async (body) => {
      const { facts } = await read(typeof body === 'object' && body !== null ? { ...body } : {});
      for (const { bridge } of facts?.networks ?? []) if (bridge !== undefined) expect(isLinkName(bridge)).toBe(true);
      for (const node of facts?.nodes ?? []) expect(formatAddress(node)).toMatch(/^[0-9a-f.:]+$/);
    }),
    runs(300),
  );
});

test.each<[string, boolean]>([
  ['docker0', true],
  ['br-0123456789ab', true],
  ['eth0.100', true],
  ['a', true],
  ['a'.repeat(15), true],
  ['a'.repeat(16), false],
  ['', false],
  ['.', false],
  ['..', false],
  ['a b', false],
  ['a/b', false],
  ['a:b', false],
  ['a+', false],
  ['a*', false],
  ["a'b", false],
  ['a"b', false],
  ['a\\b', false],
  ['a\nb', false],
  ['a\0', false],
  ['é', false],
])('%j is a name of a link: %s', (name, expected) => {
  expect(isLinkName(name)).toBe(expected);
});
