import type { DockerReply, Effects } from '../effects/types.ts';
import { parseAddress, type Address } from '../net/address.ts';
import { parsePrefix, type Prefix } from '../net/prefix.ts';
import type { DockerFacts, DockerNetwork } from '../policy/facts.ts';

/** What Docker said, and what of it couldn't be seen, in words for people. */
export type DockerReading = Silent | Answering;

interface Silent {
  readonly facts: undefined;
  readonly firewall?: undefined;
  readonly notes: readonly string[];
}

interface Answering {
  readonly facts: DockerFacts;
  /** False where the swarm, or part of its nodes, couldn't be seen: what was known of them isn't outdated then. */
  readonly swarmSeen: boolean;
  /** By what Docker makes its own rules; undefined where it doesn't say, as before version 29. */
  readonly firewall: string | undefined;
  readonly notes: readonly string[];
}

/** Asks Docker for its networks and its swarm. Never fails: a Docker that doesn't answer is a fact like others. */
export async function readDocker({ docker }: Pick<Effects, 'docker'>): Promise<DockerReading> {
  const [networks, info] = await Promise.all([docker.get('/networks'), docker.get('/info')]);
  if (!networks.ok) return unseen(silence(networks));
  if (!Array.isArray(networks.body) || !networks.body.every(isNetwork)) {
    return unseen(`what ${docker.host} says of its networks makes no sense`);
  }
  const swarm = await readSwarm(docker, info, networks.body);
  const facts: DockerFacts = {
    seen: 'live',
    version: text(at(info.ok ? info.body : undefined, 'ServerVersion')),
    networks: networks.body.map(toNetwork),
    nodes: swarm.nodes,
    swarm: swarm.active,
  };
  const notes = swarm.unseen.map((what) => `Docker: ${what}`);
  const firewall = text(at(info.ok ? info.body : undefined, 'FirewallBackend', 'Driver'));
  return { facts, swarmSeen: notes.length === 0, firewall, notes };
}

const unseen = (why: string): Silent => ({ facts: undefined, notes: [`Docker: ${why}`] });

function silence(reply: DockerReply & { ok: false }): string {
  switch (reply.reason) {
    case 'not-installed':
      return `not installed or not running (${reply.detail})`;
    case 'not-running':
      return `not running (${reply.detail})`;
    case 'no-permission':
    case 'timed-out':
    case 'garbage':
      return reply.detail;
  }
}

/** Walks into an answer of unknown shape. */
function at(value: unknown, ...path: string[]): unknown {
  let here = value;
  for (const key of path)
    here = typeof here === 'object' && here !== null ? (here as Record<string, unknown>)[key] : undefined;
  return here;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A name that the kernel would not take for an interface (dev_valid_name) is none, whoever made it up. */
export const isLinkName = (name: string): boolean =>
  /^[^\s/:+*"'\\\x00-\x20\x7f-\uffff]{1,15}$/.test(name) && !/^\.{1,2}$/.test(name);

interface RawNetwork {
  readonly Name: string;
  readonly Id: string;
  readonly Driver: string;
}

const isNetwork = (raw: unknown): raw is RawNetwork =>
  ['Name', 'Id', 'Driver'].every((key) => typeof at(raw, key) === 'string');

function toNetwork(raw: RawNetwork): DockerNetwork {
  const { Name: name, Id: id, Driver: driver } = raw;
  const chosen = text(at(raw, 'Options', 'com.docker.network.bridge.name'));
  const generated = name === 'docker_gwbridge' ? name : `br-${id.slice(0, 12)}`;
  const bridge = driver === 'bridge' ? (chosen ?? generated) : undefined;
  const subnets = list(at(raw, 'IPAM', 'Config')).flatMap((config): Prefix[] => {
    const parsed = parsePrefix(text(at(config, 'Subnet')) ?? '');
    return parsed.ok ? [parsed.value] : [];
  });
  return { name, driver, bridge: bridge !== undefined && isLinkName(bridge) ? bridge : undefined, subnets };
}

interface Swarm {
  readonly active: boolean;
  readonly nodes: readonly Address[];
  /** What didn't answer, in words. */
  readonly unseen: readonly string[];
}

/** A swarm that is locked, or waits to be joined, is not one that was left. */
async function readSwarm(
  docker: Effects['docker'],
  info: DockerReply,
  networks: readonly RawNetwork[],
): Promise<Swarm> {
  if (!info.ok) return { active: false, nodes: [], unseen: [`${silence(info)}, so its swarm wasn't looked at`] };
  const state = text(at(info.body, 'Swarm', 'LocalNodeState')) ?? 'inactive';
  if (state === 'inactive') return { active: false, nodes: [], unseen: [] };
  if (state !== 'active')
    return { active: false, nodes: [], unseen: [`its swarm is ${JSON.stringify(state)}, so its nodes can't be seen`] };
  return { active: true, ...(await readNodes(docker, info.body, networks)) };
}

/** Managers know all nodes; a worker knows the managers, and the nodes it shares an overlay network with. */
async function readNodes(
  docker: Effects['docker'],
  info: unknown,
  networks: readonly RawNetwork[],
): Promise<Pick<Swarm, 'nodes' | 'unseen'>> {
  const isManager = at(info, 'Swarm', 'ControlAvailable') === true;
  const overlays = networks.filter(({ Driver }) => Driver === 'overlay');
  const [nodes, ...details] = await Promise.all([
    isManager ? docker.get('/nodes') : undefined,
    ...overlays.filter(({ Id }) => /^\w+$/.test(Id)).map(({ Id }) => docker.get(`/networks/${encodeURIComponent(Id)}`)),
  ]);
  const found = [
    ...list(nodes?.ok ? nodes.body : []).flatMap((node) => [
      at(node, 'Status', 'Addr'),
      at(node, 'ManagerStatus', 'Addr'),
    ]),
    ...list(at(info, 'Swarm', 'RemoteManagers')).map((manager) => at(manager, 'Addr')),
    ...details.flatMap((reply) => list(reply?.ok ? at(reply.body, 'Peers') : []).map((peer) => at(peer, 'IP'))),
  ].flatMap((value) => toAddress(text(value)));
  const unique = new Map(found.map((address) => [`${address.family}/${address.value}`, address]));
  const silent = [nodes, ...details].flatMap((reply) =>
    reply && !reply.ok ? [`${silence(reply)}, so not all nodes of its swarm are seen`] : [],
  );
  return { nodes: [...unique.values()], unseen: silent };
}

/** `10.0.0.1`, `10.0.0.1:2377`, `[2001:db8::1]:2377`. */
function toAddress(value: string | undefined): Address[] {
  const bare = /^\[(.+)\](?::\d+)?$/.exec(value ?? '')?.[1] ?? value?.replace(/^([\d.]+):\d+$/, '$1') ?? '';
  const parsed = parseAddress(bare);
  // A node that waits for its address says 0.0.0.0: that is nobody.
  return parsed.ok && parsed.value.value !== 0n ? [parsed.value] : [];
}
