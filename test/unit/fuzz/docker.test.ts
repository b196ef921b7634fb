// What Docker answers, whatever it is: never a crash, and what was closed stays closed.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { apply } from '../../../src/cli/commands/apply.ts';
import { plan } from '../../../src/cli/commands/plan.ts';
import type { Docker, DockerReply } from '../../../src/effects/types.ts';
import { isLinkName, readDocker } from '../../../src/live/docker.ts';
import { readListeners } from '../../../src/live/listeners.ts';
import { findZones, matchesAny } from '../../../src/policy/zones.ts';
import { FakeMachine, STATE } from '../../support/fake-machine.ts';
import { foreignText } from '../../support/foreign.ts';
import { LINKS } from '../../support/machine.ts';
import { damaged, oddityArb } from '../../support/mutate.ts';
import { patient, runs } from '../../support/runs.ts';
import { settleOthers, strayLines, tryOn, watchLines, YES } from '../../support/trial.ts';

const NETWORKS = [
  {
    Name: 'bridge',
    Id: '0123456789abcdef',
    Driver: 'bridge',
    Options: { 'com.docker.network.bridge.name': 'docker0' },
    IPAM: { Config: [{ Subnet: '172.17.0.0/16' }] },
  },
  { Name: 'web', Id: 'fedcba9876543210', Driver: 'bridge', Options: {}, IPAM: { Config: [{ Subnet: 'fd00::/64' }] } },
  { Name: 'custom', Id: 'aaaa', Driver: 'bridge', Options: { 'com.docker.network.bridge.name': 'mybridge' }, IPAM: {} },
  { Name: 'ingress', Id: 'bbbb', Driver: 'overlay', Options: null, IPAM: { Config: null } },
];
const ANSWERS: Readonly<Record<string, unknown>> = {
  '/networks': NETWORKS,
  '/info': { ServerVersion: '28.5.2', Swarm: { LocalNodeState: 'active', ControlAvailable: true, RemoteManagers: [] } },
  '/nodes': [{ Status: { Addr: '192.0.2.11' }, ManagerStatus: { Addr: '[2001:db8::11]:2377' } }],
  '/networks/bbbb': { Peers: [{ Name: 'x', IP: '192.0.2.12' }] },
  '/containers/json': [{ Names: ['/web'], Ports: [{ IP: '0.0.0.0', PublicPort: 8080, PrivatePort: 80, Type: 'tcp' }] }],
};

/** Each answer with parts of it replaced, or damaged as text; what is no JSON any more the reader of sockets reports. */
const replyArb = (whole: unknown): fc.Arbitrary<DockerReply> => {
  const body = (text: string): DockerReply => {
    try {
      return { ok: true, body: JSON.parse(text) as unknown };
    } catch {
      return { ok: false, reason: 'garbage', detail: 'something that is not JSON' };
    }
  };
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant<DockerReply>({ ok: true, body: whole }) },
    { weight: 6, arbitrary: oddityArb.map((odd): DockerReply => ({ ok: true, body: odd(whole) })) },
    { weight: 3, arbitrary: damaged(fc.constant(JSON.stringify(whole))).map(body) },
    { weight: 1, arbitrary: fc.jsonValue().map((value): DockerReply => ({ ok: true, body: value })) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('not-installed', 'not-running', 'no-permission', 'timed-out', 'garbage')
        .map((reason): DockerReply => ({ ok: false, reason, detail: 'no' })),
    },
  );
};

const repliesArb: fc.Arbitrary<Record<string, DockerReply>> = fc.record(
  Object.fromEntries(Object.entries(ANSWERS).map(([path, whole]) => [path, replyArb(whole)])),
);

const asDocker = (replies: Readonly<Record<string, DockerReply>>): Docker => ({
  host: 'unix:///var/run/docker.sock',
  get: (path) =>
    Promise.resolve(
      Object.hasOwn(replies, path) ? (replies[path] ?? GONE) : { ok: false, reason: 'not-running', detail: path },
    ),
});
const GONE: DockerReply = { ok: false, reason: 'not-running', detail: 'gone' };

const MORE_LINKS = [
  ...LINKS,
  { ...LINKS[2], name: 'br-lan', kind: 'bridge', master: undefined, uplink: false, addresses: [], subnets: [] },
  { ...LINKS[2], name: 'virbr0', kind: 'bridge', master: undefined, uplink: false, addresses: [], subnets: [] },
];

/** Bridges that the answer names, as it is: any text at that place. */
function named({ '/networks': reply }: Readonly<Record<string, DockerReply>>): string[] {
  const text = JSON.stringify(reply?.ok === true ? reply.body : null);
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, inner = '']) => inner);
}

test(
  'no answer makes an interface internal that carries the default route or that no network names',
  patient,
  async () => {
    await fc.assert(
      fc.asyncProperty(repliesArb, async (replies) => {
        const { facts } = await readDocker({ docker: asDocker(replies) });
        if (!facts) return;
        const zones = findZones(MORE_LINKS, facts, { internal: [], external: [] });
        const internal = (name: string): boolean => matchesAny(zones.internal, name) && !zones.except.includes(name);
        expect(internal('eth0')).toBe(false);
        const words = named(replies);
        for (const name of ['br-lan', 'virbr0']) if (internal(name)) expect(words).toContain(name);
        const patterns = zones.internal.filter((name) => name.endsWith('*') || name.endsWith('+'));
        expect(patterns).toEqual(['br-*']);
        for (const name of zones.internal) expect(name === 'br-*' || isLinkName(name)).toBe(true);
      }),
      runs(2000),
    );
  },
);

test('no answer makes the list of listeners fail', patient, async () => {
  await fc.assert(
    fc.asyncProperty(repliesArb, async (replies) => {
      const exec = () =>
        Promise.resolve({ outcome: 'missing' as const, code: -1, stdout: Buffer.alloc(0), stderr: '' });
      for (const { port } of await readListeners({ exec, docker: asDocker(replies) }))
        expect(Number.isInteger(port) && port > 0 && port < 65_536).toBe(true);
    }),
    runs(500),
  );
});

const bodies = (replies: Readonly<Record<string, DockerReply>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(replies).flatMap(([path, reply]) => (reply.ok ? [[path, reply.body]] : [])));

test(
  'whatever Docker answers, apply closes the machine, and what made sense before is remembered',
  patient,
  async () => {
    await fc.assert(
      fc.asyncProperty(repliesArb, async (replies) => {
        const machine = new FakeMachine('version: 1\ntrusted: [203.0.113.7]\n');
        settleOthers(machine);
        machine.docker = ANSWERS;
        await machine.run(apply, [], YES);
        const remembered = (): { docker: { networks: unknown } } =>
          JSON.parse(machine.files.contents.get(`${STATE}/remembered.json`)?.toString() ?? 'null') as {
            docker: { networks: unknown };
          };
        const [others, before] = [foreignText(machine.kernel), remembered()];
        machine.docker = bodies(replies);
        const lines = watchLines(machine);
        expect((await tryOn(machine, plan)).code).not.toBe(1);
        expect((await tryOn(machine, apply, [], YES)).code).toBe(0);
        expect(strayLines(lines)).toEqual([]);
        expect(foreignText(machine.kernel)).toBe(others);
        for (const family of [4, 6] as const) {
          const rules = machine.kernel.tables[family].rules('mangle', 'SEAWALL-PRE');
          expect(rules.filter((rule) => /^-i (eth0|\+)\+? -j RETURN/.test(rule))).toEqual([]);
          expect(rules.at(-1)).toBe('-g SEAWALL-HOST');
        }
        const said = await readDocker({ docker: asDocker(replies) });
        if (!said.facts) expect(remembered()).toEqual(before);
      }),
      runs(60, 0.2),
    );
  },
);
