import type { Effects } from '../effects/types.ts';
import * as v from 'valibot';
import { Failure } from '../effects/failure.ts';
import { parseAddress } from '../net/address.ts';
import { addressBits, type Family } from '../net/family.ts';
import { parseJson } from '../net/json.ts';
import { oneLine } from '../net/one-line.ts';
import { mask, type Prefix } from '../net/prefix.ts';
import type { Link } from '../policy/facts.ts';
import { isLinkName } from './docker.ts';
import { runTool } from './tools.ts';

const word = v.optional(v.string());
/** As `ip -j -d address show` prints it; only what is read here. For some links some versions print an empty object. */
const linkSchema = v.object({
  ifname: word,
  master: word,
  linkinfo: v.optional(v.object({ info_kind: word })),
  addr_info: v.optional(v.array(v.object({ local: word, prefixlen: v.optional(v.number()) }))),
});
const routeSchema = v.object({ dev: word, nexthops: v.optional(v.array(v.object({ dev: word }))) });
type IpLink = v.InferOutput<typeof linkSchema>;

/** The interfaces of this network namespace, with their addresses and where the default routes lead. */
export async function readLinks(effects: Pick<Effects, 'exec'>): Promise<Link[]> {
  const routes = ['route', 'show', 'table', 'all', 'default'];
  const [links, routes4, routes6] = await Promise.all([
    ipJson(effects, linkSchema, ['-d', 'address', 'show']),
    ipJson(effects, routeSchema, ['-4', ...routes]),
    ipJson(effects, routeSchema, ['-6', ...routes]),
  ]);
  const uplinks = new Set(
    [...routes4, ...routes6].flatMap(({ dev, nexthops = [] }) => [dev, ...nexthops.map((hop) => hop.dev)]),
  );
  return links.flatMap((link) =>
    link.ifname === undefined || !isNameable(link.ifname) ? [] : [toLink(link, link.ifname, uplinks.has(link.ifname))],
  );
}

/**
 * Whether a rule can name the link. To iptables a name may be a pattern of others (`e+`), so none is made of such a one:
 * it is an interface that nobody knows then, and closed. Only where it looks like one of Docker's that isn't enough.
 */
function isNameable(name: string): boolean {
  if (isLinkName(name) || !name.startsWith('br-')) return isLinkName(name);
  throw new Failure(
    `no rule can name the interface ${JSON.stringify(oneLine(name))}, and it looks like one of Docker’s bridges`,
    'rename it: ip link set NAME name OTHER',
  );
}

async function ipJson<T>(
  effects: Pick<Effects, 'exec'>,
  schema: v.GenericSchema<unknown, T>,
  args: readonly string[],
): Promise<readonly T[]> {
  const { stdout } = await runTool(effects, { file: 'ip', args: ['-j', ...args] }, 'reading the interfaces');
  const text = stdout.toString().trim();
  const read = v.safeParse(v.array(schema), text === '' ? [] : parseJson(text));
  if (read.success) return read.output;
  throw new Failure(
    `reading the interfaces: ip ${args.join(' ')} says something that makes no sense`,
    'see what it says: ip -j address show; an old iproute2 may be too old',
  );
}

const isLength = (length: number, family: Family): boolean =>
  Number.isInteger(length) && length >= 0 && length <= addressBits(family);

function toLink(link: IpLink, name: string, uplink: boolean): Link {
  const own = (link.addr_info ?? []).flatMap(({ local = '', prefixlen = 0 }) => {
    const parsed = parseAddress(local);
    return parsed.ok && isLength(prefixlen, parsed.value.family) ? [{ address: parsed.value, length: prefixlen }] : [];
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
