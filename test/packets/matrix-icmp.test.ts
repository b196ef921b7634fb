import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOST, INTERNET } from '../../lab/addresses.ts';
import { populate } from '../../lab/populate.ts';
import type { PingRequest, TransferReport } from '../../lab/protocol.ts';
import { PUBLIC_PORTS } from '../../lab/targets.ts';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { recordFault } from '../support/fault-table.ts';
import { IP_VERSIONS, type IpVersion, PATIENT_MS, addressOf } from './support/cells.ts';
import { OUTSIDERS, type Outsider, apply, configText, seawall } from './support/sources.ts';
import { forgetPathMtu, knownPathMtu } from './support/path-mtu.ts';

// ICMP: who gets an answer to a ping, and whether large transfers survive a hop with a small MTU, which they do only
// if "fragmentation needed" and "packet too big" find their way to whoever sends too much.

const PHASES = ['without Seawall', 'applied', 'taken down and applied again'] as const;
type Phase = (typeof PHASES)[number];
const SMALL_MTU = 1300;

let world: World;
/** Addresses of containers that answer pings: one on the default bridge, one on an IPv6 network. */
let containers: { v4: string; v6: string };
const echoes = new Map<string, boolean>();
const transfers = new Map<string, TransferReport>();
/** Path MTUs that the senders had learnt when the transfers were through. */
const learnt = new Map<string, readonly number[]>();

beforeAll(async () => {
  world = await createWorld();
  await populate(world);
  const [web, six] = await Promise.all(['web', 'six'].map((name) => world.engine.containers.find(name)));
  containers = { v4: web?.v4 ?? '', v6: six?.v6 ?? '' };
  for (const node of ['untrusted', 'trusted-a', 'internet'] as const) await world.setPathMtu(node, SMALL_MTU);
  await measure('without Seawall');
  await apply(world, configText(PUBLIC_PORTS));
  await measure('applied');
  await seawall(world, ['down', '--yes']);
  await apply(world);
  await measure('taken down and applied again');
});
afterAll(() => world?.remove());

async function measure(phase: Phase): Promise<void> {
  for (const source of OUTSIDERS) await measureEchoes(phase, source);
  await measureInside(phase);
  await forgetPathMtu(world, TRANSFER_SENDERS);
  await Promise.all(TRANSFERS.map((transfer) => measureTransfer(phase, transfer)));
  const mtus = await Promise.all(TRANSFER_SENDERS.map((sender) => knownPathMtu(world, sender)));
  TRANSFER_SENDERS.forEach((sender, i) => learnt.set(`${phase} ${sender}`, mtus[i] ?? []));
}

// ---- echo ----

const PINGED = ['the host', 'a container'] as const;
const echoName = (source: string, version: IpVersion, pinged: string): string =>
  `${source} v${version} pings ${pinged}`;
/** What nobody may answer is not waited for very long. */
const patience = (phase: Phase, source: Outsider, pinged: string): number =>
  phase === 'without Seawall' || source.trusted || pinged === 'the host' ? PATIENT_MS : 1000;

async function measureEchoes(phase: Phase, source: Outsider): Promise<void> {
  const agent = await world.agent(source.node);
  const cells = PINGED.flatMap((pinged) => IP_VERSIONS.map((version) => ({ pinged, version })));
  await Promise.all(
    cells.map(async ({ pinged, version }) => {
      const address = addressOf(pinged === 'the host' ? HOST : containers, version) ?? '';
      const from = addressOf(source, version) ?? '';
      const answered = await agent.ping(address, { from, timeoutMs: patience(phase, source, pinged) });
      echoes.set(`${phase} ${echoName(source.name, version, pinged)}`, answered);
    }),
  );
}

/** Who pings whom on the inside; all of it works without a firewall. */
const INSIDE = [
  { name: 'container v4 pings the internet', from: 'web', to: INTERNET.v4 },
  { name: 'container v6 pings the internet', from: 'six', to: INTERNET.v6 },
  { name: 'container v4 pings the host', from: 'web', to: HOST.v4 },
  { name: 'container v6 pings the host', from: 'six', to: HOST.v6 },
  { name: 'container pings a neighbour on its network', from: 'local', to: 'web' },
  { name: 'the host pings a container', from: 'the host', to: 'web' },
  { name: 'the host v4 pings the internet', from: 'the host', to: INTERNET.v4 },
  { name: 'the host v6 pings the internet', from: 'the host', to: INTERNET.v6 },
  { name: 'the host v4 pings itself', from: 'the host', to: HOST.v4 },
  { name: 'the host v6 pings itself', from: 'the host', to: HOST.v6 },
] as const;

async function measureInside(phase: Phase): Promise<void> {
  const request: Partial<PingRequest> = { timeoutMs: PATIENT_MS };
  await Promise.all(
    INSIDE.map(async ({ name, from, to }) => {
      const agent = await (from === 'the host' ? world.agent('host') : world.containerAgent(from));
      echoes.set(`${phase} ${name}`, await agent.ping(to === 'web' ? containers.v4 : to, request));
    }),
  );
}

// ---- path MTU ----

/** Sends so much that many packets are full, and wants all of it back. */
const BYTES = 400_000;

const TRANSFERS = [
  { name: 'trusted v4 ↔ host', from: 'trusted-a', to: () => HOST.v4, port: 7000 },
  { name: 'trusted v6 ↔ host', from: 'trusted-a', to: () => HOST.v6, port: 7000 },
  { name: 'trusted v4 ↔ published port', from: 'trusted-a', to: () => HOST.v4, port: 8081 },
  { name: 'trusted v6 ↔ published port', from: 'trusted-a', to: () => HOST.v6, port: 8081 },
  { name: 'trusted v4 ↔ container by a direct route', from: 'trusted-a', to: () => containers.v4, port: 81 },
  { name: 'trusted v6 ↔ container by a direct route', from: 'trusted-a', to: () => containers.v6, port: 80 },
  { name: 'untrusted v4 ↔ public host port', from: 'untrusted', to: () => HOST.v4, port: 22 },
  { name: 'untrusted v6 ↔ public host port', from: 'untrusted', to: () => HOST.v6, port: 22 },
  { name: 'untrusted v4 ↔ public published port', from: 'untrusted', to: () => HOST.v4, port: 443 },
  { name: 'untrusted v6 ↔ public published port', from: 'untrusted', to: () => HOST.v6, port: 443 },
  { name: 'container v4 ↔ internet', from: 'app', to: () => INTERNET.v4, port: 80 },
  { name: 'container v6 ↔ internet', from: 'six', to: () => INTERNET.v6, port: 80 },
  { name: 'host v4 ↔ internet', from: 'host', to: () => INTERNET.v4, port: 80 },
  { name: 'host v6 ↔ internet', from: 'host', to: () => INTERNET.v6, port: 80 },
] as const;
/** Those who send towards the small hop, and so have to be told of it. */
const TRANSFER_SENDERS = ['host', 'web', 'app', 'six'] as const;

async function measureTransfer(phase: Phase, { name, from, to, port }: (typeof TRANSFERS)[number]): Promise<void> {
  const agent = await (from === 'app' || from === 'six' ? world.containerAgent(from) : world.agent(from));
  const request = { address: to(), port, bytes: BYTES, timeoutMs: 20_000 };
  transfers.set(`${phase} ${name}`, await agent.transfer(request).catch(() => NOTHING));
}

const NOTHING: TransferReport = { complete: false, returned: 0, milliseconds: 0 };

describe.each(PHASES)('%s', (phase) => {
  const named = OUTSIDERS.flatMap((source) =>
    PINGED.flatMap((pinged) => IP_VERSIONS.map((version) => ({ source, pinged, version }))),
  ).map(({ source, pinged, version }) => ({
    name: echoName(source.name, version, pinged),
    answered: phase === 'without Seawall' || source.trusted || pinged === 'the host',
  }));

  test.each(named.filter(({ answered }) => answered).map(({ name }) => name))('%s: answered', (name) => {
    expect(echoes.get(`${phase} ${name}`)).toBe(true);
  });
  test.each(named.filter(({ answered }) => !answered).map(({ name }) => name))('%s: closed', (name) => {
    expect(echoes.get(`${phase} ${name}`)).toBe(false);
  });
  test.each(INSIDE.map(({ name }) => name))('%s: answered', (name) => {
    expect(echoes.get(`${phase} ${name}`)).toBe(true);
  });
  test.each(TRANSFERS.map(({ name }) => name))('%s: a large transfer gets through a small hop', (name) => {
    expect(transfers.get(`${phase} ${name}`)).toMatchObject({ complete: true, returned: BYTES });
  });
  test.each(TRANSFER_SENDERS)('%s was told of the small hop', (sender) => {
    expect(learnt.get(`${phase} ${sender}`)).toContain(SMALL_MTU);
  });
});

test('all transfers were counted', () => {
  const applied = PHASES.filter((phase) => phase !== 'without Seawall');
  const reports = applied.flatMap((phase) => TRANSFERS.map(({ name }) => transfers.get(`${phase} ${name}`)));
  const lost = reports.filter((report) => report?.complete !== true).length;
  expect(lost).toBe(0);
  const times = reports.length;
  recordFault({ number: 42, fault: 'path MTU', injected: 'a hop of 1,300 bytes', times, lost, converged: times });
});

test('the host is its old self for the internet: its MTU is untouched', async () => {
  expect(await mustExec(world, 'host', ['ip', 'link', 'show', 'eth0'])).toContain('mtu 1500');
});
