import type { DockerReply, Effects } from '../effects/types.ts';
import { parseAddress, type Address } from '../net/address.ts';
import { parsePrefix, type Prefix } from '../net/prefix.ts';
import type { DockerFacts, DockerNetwork } from '../policy/facts.ts';

/** What Docker said, and what of it couldn't be seen, in words for people. */
export interface DockerReading {
  readonly facts: DockerFacts | undefined;
  readonly notes: readonly string[];
}

/** Asks Docker for its networks and its swarm. Never fails: a Docker that doesn't answer is a fact like others. */
export async function readDocker({ docker }: Pick<Effects, 'docker'>): Promise<DockerReading> {
  const [networks, info] = await Promise.all([docker.get('/networks'), docker.get('/info')]);
  if (!networks.ok) return { facts: undefined, notes: [`Docker: ${silence(networks)}`] };
  if (!Array.isArray(networks.body)) {
    return { facts: undefined, notes: [`Docker: what ${docker.host} says of its networks makes no sense`] };
  }
  const known = networks.body.flatMap(toNetwork);
  const swarm = at(info.ok ? info.body : undefined, 'Swarm', 'LocalNodeState') === 'active';
  const nodes = swarm && info.ok ? await readNodes(docker, info.body, networks.body) : [];
  const facts: DockerFacts = {
    seen: 'live',
    version: text(at(info.ok ? info.body : undefined, 'ServerVersion')),
    networks: known,
    nodes,
    swarm,
  };
  return { facts, notes: info.ok ? [] : [`Docker: ${silence(info)}, so its swarm wasn't looked at`] };
}

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

function toNetwork(raw: unknown): DockerNetwork[] {
  const [name, driver, id] = [text(at(raw, 'Name')), text(at(raw, 'Driver')), text(at(raw, 'Id'))];
  if (name === undefined || driver === undefined || id === undefined) return [];
  const chosen = text(at(raw, 'Options', 'com.docker.network.bridge.name'));
  const generated = name === 'docker_gwbridge' ? name : `br-${id.slice(0, 12)}`;
  const bridge = driver === 'bridge' ? (chosen ?? generated) : undefined;
  const subnets = list(at(raw, 'IPAM', 'Config')).flatMap((config): Prefix[] => {
    const parsed = parsePrefix(text(at(config, 'Subnet')) ?? '');
    return parsed.ok ? [parsed.value] : [];
  });
  return [{ name, driver, bridge: bridge !== undefined && isLinkName(bridge) ? bridge : undefined, subnets }];
}

/** Managers know all nodes; a worker knows the managers, and the nodes it shares an overlay network with. */
async function readNodes(docker: Effects['docker'], info: unknown, networks: readonly unknown[]): Promise<Address[]> {
  const isManager = at(info, 'Swarm', 'ControlAvailable') === true;
  const overlays = networks.flatMap((raw) => (at(raw, 'Driver') === 'overlay' ? [text(at(raw, 'Id'))] : []));
  const [nodes, ...details] = await Promise.all([
    isManager ? docker.get('/nodes') : undefined,
    ...overlays.map((id) => docker.get(`/networks/${encodeURIComponent(id ?? '')}`)),
  ]);
  const found = [
    ...list(nodes?.ok ? nodes.body : []).flatMap((node) => [
      at(node, 'Status', 'Addr'),
      at(node, 'ManagerStatus', 'Addr'),
    ]),
    ...list(at(info, 'Swarm', 'RemoteManagers')).map((manager) => at(manager, 'Addr')),
    ...details.flatMap((reply) => list(reply?.ok ? at(reply.body, 'Peers') : []).map((peer) => at(peer, 'IP'))),
  ].flatMap((value) => toAddress(text(value)));
  return [...new Map(found.map((address) => [`${address.family}/${address.value}`, address])).values()];
}

/** `10.0.0.1`, `10.0.0.1:2377`, `[2001:db8::1]:2377`. */
function toAddress(value: string | undefined): Address[] {
  const bare = /^\[(.+)\](?::\d+)?$/.exec(value ?? '')?.[1] ?? value?.replace(/^([\d.]+):\d+$/, '$1') ?? '';
  const parsed = parseAddress(bare);
  // A node that waits for its address says 0.0.0.0: that is nobody.
  return parsed.ok && parsed.value.value !== 0n ? [parsed.value] : [];
}
