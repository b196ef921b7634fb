import type { IpVersion } from './cells.ts';
import type { World } from '../../../lab/world.ts';

/** The backend that this run of the tests is about. */
export const BACKEND = process.env['SEAWALL_TEST_BACKEND'] === 'nftables' ? 'nftables' : 'iptables';

/** Shell commands that have a server keep silent to a client, as a cut connection's does. */
export function silence(version: IpVersion, client: string, protocol: 'tcp' | 'udp', port: number): string {
  if (BACKEND === 'iptables') return `ipset -exist add seawall-cut${version} ${client},${protocol}:${port}`;
  return `nft add element inet seawall seawall-cut${version} '{ ${client} . ${protocol} . ${port} }'`;
}

/** Shell commands that forget who was turned away. */
export const forgetDenied = (version: IpVersion): string =>
  BACKEND === 'iptables'
    ? `ipset flush seawall-denied${version}`
    : `nft flush set inet seawall seawall-denied${version}`;

/** Whether it is noted that somebody was turned away from a TCP port. */
export async function isNotedIn(world: World, version: IpVersion, source: string, port: number): Promise<boolean> {
  const argv =
    BACKEND === 'iptables'
      ? ['ipset', 'test', `seawall-denied${version}`, `${source},tcp:${port}`]
      : ['nft', 'get', 'element', 'inet', 'seawall', `seawall-denied${version}`, `{ ${source} . tcp . ${port} }`];
  return (await world.exec('host', argv)).code === 0;
}
