import type { Effects } from '../effects/types.ts';
import { parseAddress } from '../net/address.ts';
import { mask, type Prefix } from '../net/prefix.ts';
import type { Link } from '../policy/facts.ts';
import { runTool } from './tools.ts';

/** As `ip -j -d address show` prints it; only what is read here. */
interface IpLink {
  readonly ifname?: string;
  readonly master?: string;
  readonly linkinfo?: { readonly info_kind?: string };
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number }[];
}

interface IpRoute {
  readonly dev?: string;
  readonly nexthops?: readonly { readonly dev?: string }[];
}

/** The interfaces of this network namespace, with their addresses and where the default routes lead. */
export async function readLinks(effects: Pick<Effects, 'exec'>): Promise<Link[]> {
  const routes = ['route', 'show', 'table', 'all', 'default'];
  const [links, routes4, routes6] = await Promise.all([
    ipJson<IpLink>(effects, ['-d', 'address', 'show']),
    ipJson<IpRoute>(effects, ['-4', ...routes]),
    ipJson<IpRoute>(effects, ['-6', ...routes]),
  ]);
  const uplinks = new Set(
    [...routes4, ...routes6].flatMap(({ dev, nexthops = [] }) => [dev, ...nexthops.map((hop) => hop.dev)]),
  );
  return links.flatMap((link) =>
    link.ifname === undefined ? [] : [toLink(link, link.ifname, uplinks.has(link.ifname))],
  );
}

async function ipJson<T>(effects: Pick<Effects, 'exec'>, args: readonly string[]): Promise<readonly T[]> {
  const { stdout } = await runTool(effects, { file: 'ip', args: ['-j', ...args] }, 'reading the interfaces');
  const text = stdout.toString().trim();
  return text === '' ? [] : (JSON.parse(text) as T[]);
}

function toLink(link: IpLink, name: string, uplink: boolean): Link {
  const own = (link.addr_info ?? []).flatMap(({ local = '', prefixlen = 0 }) => {
    const parsed = parseAddress(local);
    return parsed.ok ? [{ address: parsed.value, length: prefixlen }] : [];
  });
  const subnet = ({ address, length }: (typeof own)[number]): Prefix => ({
    family: address.family,
    value: address.value & mask(address.family, length),
    length,
  });
  return {
    name,
    kind: link.linkinfo?.info_kind,
    master: link.master,
    uplink,
    addresses: own.map(({ address }) => address),
    subnets: own.map(subnet),
  };
}
