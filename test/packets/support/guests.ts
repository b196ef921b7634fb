import { AgentClient } from '../../../lab/client.ts';
import { addLinks, addressLines, configure, linksUp } from '../../../lab/link.ts';
import { addNamespaces, enterNetns, setSysctls } from '../../../lab/netns.ts';
import { PREFIX } from '../../../lab/netns.ts';
import type { World } from '../../../lab/world.ts';
import { HOST } from '../../../lab/addresses.ts';

/** A bridge of the host that is not Docker's, say of virtual machines. `net`: the first three octets, and a /64. */
export interface ForeignBridge {
  readonly name: string;
  readonly v4: string;
  readonly v6: string;
}

/** Makes the bridge; the host has address 1 on it, and the router knows the way there. */
export async function addBridge(world: World, { name, v4, v6 }: ForeignBridge): Promise<void> {
  await world.ip(
    'host',
    `link add ${name} type bridge`,
    ...addressLines(name, [`${v4}.1/24`, `${v6}::1/64`]),
    `link set ${name} up`,
  );
  await world.ip('net', `route add ${v4}.0/24 via ${HOST.v4}`, `route add ${v6}::/64 via ${HOST.v6}`);
}

/** A machine that is plugged into a bridge of the host. */
export interface Guest {
  readonly name: string;
  readonly v4: string;
  readonly v6: string;
  readonly enter: readonly string[];
  readonly agent: AgentClient;
}

/** Makes a guest with the bridge's address `number` and the host as its router. It goes with the world. */
export async function addGuest(world: World, bridge: ForeignBridge, name: string, number: number): Promise<Guest> {
  const netns = `${PREFIX}${world.id}-${name}`;
  const [v4, v6] = [`${bridge.v4}.${number}`, `${bridge.v6}::${number}`];
  await addNamespaces([netns]);
  await setSysctls(netns, { 'net.ipv6.conf.all.accept_dad': 0, 'net.ipv6.conf.default.accept_dad': 0 });
  await addLinks([
    [
      { netns, name: 'eth0' },
      { netns: world.netns('host'), name: `g-${name}` },
    ],
  ]);
  await world.ip('host', `link set g-${name} master ${bridge.name}`, `link set g-${name} up`);
  await configure(netns, [
    'link set lo up',
    ...addressLines('eth0', [`${v4}/24`, `${v6}/64`]),
    'link set eth0 up',
    `route add default via ${bridge.v4}.1`,
    `route add default via ${bridge.v6}::1`,
  ]);
  await linksUp(netns);
  const enter = enterNetns(netns);
  return { name, v4, v6, enter, agent: new AgentClient(enter, world.programs.agent) };
}
