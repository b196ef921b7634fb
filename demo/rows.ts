import { HOST, type Pair, SOURCES } from '../lab/addresses.ts';
import type { ProbeRequest } from '../lab/protocol.ts';

/** The clients whose columns the table has. */
export const VISITORS = [
  { node: 'untrusted', name: 'untrusted', trusted: false, ...pair(SOURCES.untrusted) },
  { node: 'trusted-a', name: 'trusted A', trusted: true, ...pair(SOURCES['single address']) },
  { node: 'trusted-b', name: 'trusted B', trusted: true, ...pair(SOURCES['inside the prefix']) },
] as const;

export type Visitor = (typeof VISITORS)[number];

/** The user network's own: fixed, so that a restart of Docker gives every container back what it had. */
export const SHOP_NETWORK = { name: 'shop-net', subnets: ['172.30.0.0/16', '2001:db8:d0c:1::/64'] } as const;
export const SHOP: Pair = { v4: '172.30.0.10', v6: '2001:db8:d0c:1::10' };
export const DATABASE: Pair = { v4: '172.30.0.20', v6: '2001:db8:d0c:1::20' };

/** A program of the host that sends by itself, whoever connects. */
export const TALKER_PORT = 9200;

/** Something that a client dials: one line of the table. */
export interface Row {
  readonly what: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  readonly at: Pair;
  /** Name in the banner of who answers. */
  readonly service: string;
  readonly public?: boolean;
  /** Reached by a route to the container, without a published port: Docker itself closes that from version 28 on. */
  readonly direct?: boolean;
}

export const ROWS: readonly Row[] = [
  { what: 'host program (ssh), public', protocol: 'tcp', port: 22, at: HOST, service: 'ssh', public: true },
  { what: 'host program', protocol: 'tcp', port: 9100, at: HOST, service: 'metrics' },
  { what: 'container, -p 8080:80, public', protocol: 'tcp', port: 8080, at: HOST, service: 'shop', public: true },
  { what: 'container, -p 8081:80', protocol: 'tcp', port: 8081, at: HOST, service: 'web' },
  { what: 'container, -p 5353:53/udp', protocol: 'udp', port: 5353, at: HOST, service: 'web' },
  { what: 'database, published by mistake', protocol: 'tcp', port: 5432, at: HOST, service: 'db' },
  { what: 'unpublished, direct route', protocol: 'tcp', port: 9000, at: SHOP, service: 'shop', direct: true },
];

/** The ports of `ROWS` that the config opens, as it writes them. */
export const PUBLIC = ROWS.filter((row) => row.public === true).map(({ port, protocol }) => `${port}/${protocol}`);

export const FAMILIES = ['v4', 'v6'] as const;
export type FamilyName = (typeof FAMILIES)[number];

/** What an agent has to send to try a row. */
export function dial({ protocol, port, at }: Row, family: FamilyName): ProbeRequest {
  return { protocol, port, address: at[family] };
}

function pair({ v4, v6 }: Pair): Pair {
  return { v4, v6 };
}
