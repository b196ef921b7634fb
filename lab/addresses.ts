/**
 * Who sits where. All addresses are from the documentation and benchmark ranges (RFC 5737, RFC 3849, RFC 2544).
 *
 *     untrusted ──┐
 *     trusted-a ──┤           198.51.100.0/24, 2001:db8:51::/64
 *     trusted-b ──┼── net ══════ bridge `outer` ══╤══ host (eth0): dockerd, Seawall
 *     internet ───┘  (router)                     └══ neighbour
 */
export type ClientName = 'untrusted' | 'trusted-a' | 'trusted-b' | 'neighbour' | 'internet';
export type NodeName = 'host' | 'net' | ClientName;

/** One IPv4 and one IPv6 address of the same client. */
export interface Pair {
  readonly v4: string;
  readonly v6: string;
}

export const HOST: Pair = { v4: '198.51.100.10', v6: '2001:db8:51::10' };
export const ROUTER: Pair = { v4: '198.51.100.1', v6: '2001:db8:51::1' };
export const NEIGHBOUR: Pair = { v4: '198.51.100.66', v6: '2001:db8:51::66' };
/** A server out there that containers talk to. */
export const INTERNET: Pair = { v4: '192.0.2.80', v6: '2001:db8:80::80' };

/** What a config in the tests trusts: a single address and a prefix, per family. */
export const TRUSTED = {
  single: { v4: '203.0.113.7', v6: '2001:db8:a::7' },
  prefix: { v4: '198.18.64.0/20', v6: '2001:db8:b00::/40' },
} as const;

/** Every source address of the clients behind the router, by the name a report calls it. */
export const SOURCES = {
  untrusted: { node: 'untrusted', v4: '203.0.113.50', v6: '2001:db8:e::50' },
  'below the single address': { node: 'untrusted', v4: '203.0.113.6', v6: '2001:db8:a::6' },
  'above the single address': { node: 'untrusted', v4: '203.0.113.8', v6: '2001:db8:a::8' },
  'below the prefix': { node: 'untrusted', v4: '198.18.63.255', v6: '2001:db8:aff:ffff:ffff:ffff:ffff:ffff' },
  'above the prefix': { node: 'untrusted', v4: '198.18.80.0', v6: '2001:db8:c00::' },
  'single address': { node: 'trusted-a', v4: TRUSTED.single.v4, v6: TRUSTED.single.v6 },
  'inside the prefix': { node: 'trusted-b', v4: '198.18.71.9', v6: '2001:db8:b42::9' },
  'first of the prefix': { node: 'trusted-b', v4: '198.18.64.0', v6: '2001:db8:b00::' },
  'last of the prefix': { node: 'trusted-b', v4: '198.18.79.255', v6: '2001:db8:bff:ffff:ffff:ffff:ffff:ffff' },
  internet: { node: 'internet', v4: INTERNET.v4, v6: INTERNET.v6 },
} as const satisfies Record<string, Pair & { node: ClientName }>;

export type SourceName = keyof typeof SOURCES | 'neighbour';

/** Docker's default pools for IPv4, and the IPv6 prefix that the lab's Docker networks use. */
export const CONTAINERS: Pair = { v4: '172.16.0.0/12', v6: '2001:db8:d0c::/48' };

/** The addresses of one client, the one it uses by itself first. */
export function addressesOf(node: ClientName): Pair[] {
  return Object.values(SOURCES)
    .filter((source) => source.node === node)
    .map(({ v4, v6 }) => ({ v4, v6 }));
}

/** Client and address to bind for a named source. */
export function sourceOf(name: SourceName): Pair & { node: ClientName } {
  return name === 'neighbour' ? { node: 'neighbour', ...NEIGHBOUR } : SOURCES[name];
}
