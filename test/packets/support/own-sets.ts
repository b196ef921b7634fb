import type { IpVersion } from './cells.ts';
import type { World } from '../../../lab/world.ts';

/** The backend that this run of the tests is about. */
export const BACKEND = process.env['SEAWALL_TEST_BACKEND'] === 'nftables' ? 'nftables' : 'iptables';

/** Shell commands that have a server keep silent to a client, as a cut connection's does. */
export function silence(version: IpVersion, client: string, protocol: 'tcp' | 'udp', port: number): string {
  if (BACKEND === 'iptables') return `ipset -exist add seawall-cut${version} ${client},${protocol}:${port}`;
  return `nft add element inet seawall seawall-cut${version} '{ ${client} . ${protocol} . ${port} }'`;
}

/** The two sets of those that were turned away. */
export const NOTES = ['denied', 'lately'] as const;
type Notes = (typeof NOTES)[number];

/** Shell commands that forget who was turned away. */
export const forgetDenied = (version: IpVersion): string =>
  NOTES.map(
    (notes) => `${BACKEND === 'iptables' ? 'ipset flush' : 'nft flush set inet seawall'} seawall-${notes}${version}`,
  ).join('; ');

/** Whether it is noted that somebody was turned away from a TCP port. */
export async function isNotedIn(
  world: World,
  notes: Notes,
  version: IpVersion,
  source: string,
  port: number,
): Promise<boolean> {
  const set = `seawall-${notes}${version}`;
  const argv =
    BACKEND === 'iptables'
      ? ['ipset', 'test', set, `${source},tcp:${port}`]
      : ['nft', 'get', 'element', 'inet', 'seawall', set, `{ ${source} . tcp . ${port} }`];
  return (await world.exec('host', argv)).code === 0;
}
