import { HOST, INTERNET } from '../../../lab/addresses.ts';
import type { AgentClient } from '../../../lab/client.ts';
import { nodeBinds } from '../../../lab/populate.ts';
import type { ProbeRequest } from '../../../lab/protocol.ts';
import type { Target } from '../../../lab/targets.ts';
import type { World } from '../../../lab/world.ts';
import { CLOSED_MS, type IpVersion, PATIENT_MS, addressOf, dialled, shown } from './cells.ts';

/** Someone on the inside: the host itself, or a container. */
export interface Insider {
  readonly name: string;
  /** Undefined: the host. */
  readonly container?: string;
  readonly versions: readonly IpVersion[];
  /** The container's gateway is the host's address on that network. */
  readonly gateway?: string;
}

/** Containers that only dial; each is a neighbour of one that the lab's targets live in. */
const PEERS = [
  { name: 'web-peer', network: 'bridge' },
  { name: 'app-peer', network: 'app' },
  { name: 'six-peer', network: 'six' },
] as const;

export const INSIDERS: readonly Insider[] = [
  { name: 'the host itself', versions: [4, 6] },
  { name: 'container on the default bridge', container: 'web-peer', versions: [4], gateway: '172.17.0.1' },
  { name: 'container on a user network', container: 'app-peer', versions: [4], gateway: '172.18.0.1' },
  { name: 'container on a bridge with a name', container: 'custom', versions: [4], gateway: '172.20.0.1' },
  { name: 'container on an internal network', container: 'internal', versions: [4], gateway: '172.21.0.1' },
  { name: 'container on an IPv6 network', container: 'six-peer', versions: [4, 6], gateway: '172.28.0.1' },
];

export async function startPeers(world: World): Promise<void> {
  await serveBound(world);
  const cmd = ['/lab/node', '/lab/service.mjs', 'peer', 'tcp:80'];
  const { containers } = world.engine;
  await Promise.all(
    PEERS.map(({ name, network }) =>
      containers.run({ name, network, cmd, binds: nodeBinds(world), restart: 'always' }),
    ),
  );
}

export function agentOf(world: World, { container }: Insider): Promise<AgentClient> {
  return container === undefined ? world.agent('host') : world.containerAgent(container);
}

/** A UDP service that is bound to the host's own address, and so answers from the one that was dialled. */
const BOUND_UDP = 7001;

async function serveBound(world: World): Promise<void> {
  const host = await world.agent('host');
  await Promise.all([HOST.v4, HOST.v6].map((address) => host.serveUdp({ name: 'host', port: BOUND_UDP, address })));
}

/** Something that insiders dial besides the lab's targets: the internet, and the host by a network's gateway. */
export function insideTargets(insider: Insider, targets: readonly Target[]): Target[] {
  const more = { kind: 'host', reach: 'anyone', public: false, streams: true } as const;
  const common = [
    { ...more, ...HOST, name: 'host udp on its address', protocol: 'udp', port: BOUND_UDP, service: 'host' },
    { ...more, ...INTERNET, name: 'internet', protocol: 'tcp', port: 80, service: 'internet' },
    { ...more, ...INTERNET, name: 'internet', protocol: 'udp', port: 53, service: 'internet' },
  ] as const;
  if (insider.gateway === undefined) return [...targets, ...common];
  const gateway = { ...more, v4: insider.gateway };
  return [
    ...targets,
    ...common,
    { ...gateway, name: 'host by the gateway', protocol: 'tcp', port: 7000, service: 'host' },
    { ...gateway, name: 'host by the gateway', protocol: 'udp', port: 7000, service: 'host' },
    { ...gateway, name: 'published port by the gateway', protocol: 'tcp', port: 8080, service: 'app' },
  ];
}

export interface InsideCell {
  readonly insider: Insider;
  readonly target: Target;
  readonly version: IpVersion;
}

export function insideCells(targets: readonly Target[]): InsideCell[] {
  return INSIDERS.flatMap((insider) =>
    insider.versions.flatMap((version) =>
      insideTargets(insider, targets).flatMap((target) =>
        addressOf(target, version) === undefined ? [] : [{ insider, target, version }],
      ),
    ),
  );
}

export const insideName = ({ insider, target, version }: InsideCell): string =>
  `${insider.name} v${version} → ${dialled(target)}`;

/** Cell → answer (see `shown`). */
export type Answers = ReadonlyMap<string, string>;

/** How insiders fare without a firewall. What didn't answer at once is asked again: it is the yardstick for the rest. */
export async function measureInside(world: World, targets: readonly Target[]): Promise<Answers> {
  const cells = insideCells(targets);
  const first = await dialInside(world, cells, () => 1500);
  const silent = cells.filter((cell) => !hasSpoken(first.get(insideName(cell))));
  return new Map([...first, ...(await dialInside(world, silent, () => 3500))]);
}

/**
 * The same once more. Where there was an answer before, time and a second attempt are granted: under load busybox's
 * servers lose a SYN. Where there was none, there must be none at once.
 */
export async function measureInsideAgain(world: World, targets: readonly Target[], before: Answers): Promise<Answers> {
  const cells = insideCells(targets);
  const spoke = (cell: InsideCell): boolean => hasSpoken(before.get(insideName(cell)));
  const first = await dialInside(world, cells, (cell) => (spoke(cell) ? PATIENT_MS : CLOSED_MS));
  const lost = cells.filter((cell) => spoke(cell) && !hasSpoken(first.get(insideName(cell))));
  return new Map([...first, ...(await dialInside(world, lost, () => PATIENT_MS))]);
}

const hasSpoken = (answer = ''): boolean => answer.startsWith('open:');
export const isOpen = (answer = ''): boolean => answer.startsWith('open');

async function dialInside(
  world: World,
  cells: readonly InsideCell[],
  timeout: (cell: InsideCell) => number,
): Promise<Map<string, string>> {
  const answers = new Map<string, string>();
  const dialOf = async (insider: Insider): Promise<void> => {
    const own = cells.filter((cell) => cell.insider === insider);
    const results = await (await agentOf(world, insider)).probe(own.map((cell) => requestOf(cell, timeout(cell))));
    own.forEach((cell, i) => answers.set(insideName(cell), results[i] === undefined ? 'none' : shown(results[i])));
  };
  await Promise.all(INSIDERS.map(dialOf));
  return answers;
}

function requestOf({ target, version }: InsideCell, timeoutMs: number): ProbeRequest {
  const { protocol, port } = target;
  return { protocol, port, address: addressOf(target, version) ?? '', timeoutMs };
}
