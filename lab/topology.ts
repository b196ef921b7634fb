import { type ClientName, CONTAINERS, HOST, NEIGHBOUR, type NodeName, ROUTER, addressesOf } from './addresses.ts';
import { addLinks, addressLines, configure } from './link.ts';
import { addNamespaces, setSysctls } from './netns.ts';

export const NODES: readonly NodeName[] = [
  'host',
  'net',
  'untrusted',
  'trusted-a',
  'trusted-b',
  'neighbour',
  'internet',
];
const BEHIND_ROUTER: readonly ClientName[] = ['untrusted', 'trusted-a', 'trusted-b', 'internet'];

/** The router's address on every client's cable; the same one everywhere, for the cables are point to point. */
const GATEWAY = { v4: '198.19.0.1', v6: 'fe80::1' };

export interface TopologyOptions {
  /** `net.ipv4.ip_forward` before Docker starts. On: Docker leaves the FORWARD policy at ACCEPT, the worst case. */
  readonly ipForward?: boolean;
  /** `rp_filter` of the host: 0 (the kernel's default, and the worst case), 1 strict, 2 loose. */
  readonly rpFilter?: 0 | 1 | 2;
  /** Neighbour and router know the way to the containers' own addresses (on by default). */
  readonly containerRoutes?: boolean;
}

/** Makes the namespaces, lays the cables and gives every node its addresses and routes. */
export async function buildTopology(netns: (node: NodeName) => string, options: TopologyOptions): Promise<void> {
  await addNamespaces(NODES.map(netns));
  await Promise.all(NODES.map((node) => setSysctls(netns(node), sysctlsOf(node, options))));
  await addLinks([
    ...(['host', 'neighbour'] as const).map(
      (node) =>
        [
          { netns: netns(node), name: 'eth0' },
          { netns: netns('net'), name: `o-${node}` },
        ] as const,
    ),
    ...BEHIND_ROUTER.map(
      (node) =>
        [
          { netns: netns(node), name: 'eth0' },
          { netns: netns('net'), name: `c-${node}` },
        ] as const,
    ),
  ]);
  await Promise.all(NODES.map((node) => configure(netns(node), linesOf(node, options.containerRoutes ?? true))));
}

function sysctlsOf(node: NodeName, options: TopologyOptions): Record<string, number | string> {
  const forward = node === 'net' || (node === 'host' && (options.ipForward ?? true)) ? 1 : 0;
  const rpFilter = node === 'host' ? (options.rpFilter ?? 0) : 0;
  return {
    'net.ipv6.conf.all.accept_dad': 0,
    'net.ipv6.conf.default.accept_dad': 0,
    'net.ipv6.conf.default.accept_ra': 0,
    'net.ipv4.conf.all.rp_filter': rpFilter,
    'net.ipv4.conf.default.rp_filter': rpFilter,
    'net.ipv4.ip_forward': forward,
    'net.ipv6.conf.all.forwarding': forward,
    // The streams open many thousand connections from one address.
    'net.ipv4.ip_local_port_range': '"10240 65000"',
  };
}

function linesOf(node: NodeName, containerRoutes: boolean): string[] {
  if (node === 'net') return routerLines(containerRoutes);
  if (node === 'host') return [...outerLines(HOST), ...defaultVia(ROUTER)];
  if (node === 'neighbour') {
    return [...outerLines(NEIGHBOUR), ...defaultVia(ROUTER), ...(containerRoutes ? containerRouteLines() : [])];
  }
  return clientLines(node);
}

function outerLines(own: { v4: string; v6: string }): string[] {
  return ['link set lo up', ...addressLines('eth0', [`${own.v4}/24`, `${own.v6}/64`]), 'link set eth0 up'];
}

function defaultVia(router: { v4: string; v6: string }): string[] {
  return [`route add default via ${router.v4}`, `route add default via ${router.v6}`];
}

function containerRouteLines(): string[] {
  return [`route add ${CONTAINERS.v4} via ${HOST.v4}`, `route add ${CONTAINERS.v6} via ${HOST.v6}`];
}

function clientLines(node: ClientName): string[] {
  const own = addressesOf(node);
  const { v4, v6 } = own[0] ?? { v4: '', v6: '' };
  return [
    'link set lo up',
    ...addressLines(
      'eth0',
      own.flatMap((pair) => [`${pair.v4}/32`, `${pair.v6}/128`]),
    ),
    'link set eth0 up',
    `route add ${GATEWAY.v4} dev eth0 src ${v4}`,
    `route add default via ${GATEWAY.v4} dev eth0 src ${v4}`,
    `route add default via ${GATEWAY.v6} dev eth0 src ${v6}`,
  ];
}

function routerLines(containerRoutes: boolean): string[] {
  const outer = ['host', 'neighbour'].flatMap((node) => [`link set o-${node} master outer`, `link set o-${node} up`]);
  return [
    'link set lo up',
    'link add outer type bridge',
    ...outer,
    ...addressLines('outer', [`${ROUTER.v4}/24`, `${ROUTER.v6}/64`]),
    'link set outer up',
    ...BEHIND_ROUTER.flatMap(cableLines),
    ...(containerRoutes ? containerRouteLines() : []),
  ];
}

function cableLines(node: ClientName): string[] {
  const device = `c-${node}`;
  const own = addressesOf(node).flatMap((pair) => [pair.v4, pair.v6]);
  return [
    ...addressLines(device, [`${GATEWAY.v4}/32`, `${GATEWAY.v6}/64`]),
    `link set ${device} up`,
    ...own.map((address) => `route add ${address} dev ${device}`),
  ];
}

/**
 * Puts a hop with a small path MTU (bytes, at least 1280 for IPv6) before one client: the router answers what is
 * larger with "fragmentation needed" (RFC 1191) or "packet too big" (RFC 8201), as a tunnel on the way would.
 */
export async function setPathMtu(router: string, node: ClientName, mtu: number): Promise<void> {
  const own = addressesOf(node).flatMap((pair) => [pair.v4, pair.v6]);
  await configure(
    router,
    own.map((address) => `route replace ${address} dev c-${node} mtu lock ${mtu}`),
  );
}
