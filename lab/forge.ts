import { must } from './command.ts';
import type { World } from './world.ts';
import type { NodeName } from './addresses.ts';

/** Which packets to change on their way out of a node, and into what. */
export interface Forgery {
  readonly node: NodeName;
  /** Packets to this address and port … */
  readonly to: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  /** … leave with this source: an address that routing would never let the node use. */
  readonly source?: string;
  /** … leave with this destination (say 127.0.0.1), but still on the way to the first one. */
  readonly destination?: string;
}

/**
 * Changes packets as they leave, behind routing and so past every check of the sender's own kernel. Answers don't
 * find back: count at the service what arrived. Returns the undo.
 */
export async function forge(world: World, forgery: Forgery): Promise<() => Promise<void>> {
  const nft = [...world.enter(forgery.node), 'nft'];
  await must([...nft, '-f', '-'], { input: rules(forgery) });
  const next = forgery.node === 'neighbour' ? forgery.destination : undefined;
  // On the host's own link it is the packet's destination that is asked for by ARP, and nobody would answer to that.
  if (next !== undefined) await world.ip('neighbour', `neigh replace ${next} lladdr ${await hostMac(world)} dev eth0`);
  return async () => {
    await must([...nft, 'delete', 'table', 'inet', 'forge']);
    if (next !== undefined) await world.ip('neighbour', `neigh del ${next} dev eth0`);
  };
}

async function hostMac(world: World): Promise<string> {
  const { stdout } = await world.exec('host', ['cat', '/sys/class/net/eth0/address']);
  return stdout.trim();
}

function rules({ to, protocol, port, source, destination }: Forgery): string {
  const ip = to.includes(':') ? 'ip6' : 'ip';
  const changes = [
    source === undefined ? '' : `${ip} saddr set ${source}`,
    destination === undefined ? '' : `${ip} daddr set ${destination}`,
  ];
  return `table inet forge {
  chain out {
    type filter hook postrouting priority 300;
    ${ip} daddr ${to} ${protocol} dport ${port} ${changes.join(' ')}
  }
}
`;
}
