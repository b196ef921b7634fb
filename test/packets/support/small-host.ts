import { must } from '../../../lab/command.ts';
import { addLinks, addressLines, configure, linksUp } from '../../../lab/link.ts';
import { PREFIX, addNamespaces, enterNetns, setSysctls } from '../../../lab/netns.ts';
import type { Claim } from '../../../lab/reclaim.ts';
import { makeExec } from '../../../src/effects/exec.ts';
import type { Exec } from '../../../src/effects/types.ts';
import { Arrivals } from './arrivals.ts';
import { type Sent, send } from './wire.ts';

/** Links of the host: what kind each is, and the host's addresses there. */
const LINKS = {
  eth0: { bridge: false, addresses: ['192.0.2.1/24', '2001:db8::1/64'] },
  docker0: { bridge: true, addresses: ['172.17.0.1/16', 'fd00:17::1/64'] },
  'br-0123456789ab': { bridge: true, addresses: ['172.28.0.1/16', 'fd00:28::1/64'] },
  'br-lan': { bridge: true, addresses: ['192.168.123.1/24', 'fd00:123::1/64'] },
  wg0: { bridge: false, addresses: ['10.77.0.1/24', 'fd00:77::1/64'] },
  wg9: { bridge: false, addresses: ['10.79.0.1/24', 'fd00:79::1/64'] },
  unheard: { bridge: false, addresses: ['10.99.0.1/24', 'fd00:99::1/64'] },
} as const;

export type LinkName = keyof typeof LINKS;
export const LINK_NAMES = Object.keys(LINKS) as LinkName[];

/** The Ethernet address of the host on each of its links. */
export const HOST_MAC = '02:00:00:00:00:01';

/** Where the sources of test/support/small-world.ts are. */
const OUTSIDE = ['203.0.113.0/24', '198.51.100.0/24', '2001:db8:1::/64', '2001:db8:77::/64'];

/** What Docker does for `-p 8001:80`. */
const PUBLISH = `table inet published {
  chain arriving {
    type nat hook prerouting priority -100;
    fib daddr type local tcp dport 8001 meta nfproto ipv4 dnat ip to 172.17.0.2:80
    fib daddr type local tcp dport 8001 meta nfproto ipv6 dnat ip6 to [fd00:17::2]:80
  }
}
`;

export interface Aimed extends Sent {
  readonly link: LinkName;
  /** See arrivals.ts. */
  readonly key: string;
}

/** A host in two network namespaces: its own, and one with the far ends of all of its links. No Docker, no programs. */
export class SmallHost {
  readonly #host: string;
  readonly #far: string;
  #arrivals: Arrivals | undefined;

  private constructor(host: string) {
    this.#host = host;
    this.#far = `${host}-far`;
  }

  static async make(claimed: Claim, name: string): Promise<SmallHost> {
    const host = new SmallHost(`${PREFIX}${claimed.id}-${name}`);
    await host.#build();
    return host;
  }

  async #build(): Promise<void> {
    await addNamespaces([this.#host, this.#far]);
    await addLinks(
      LINK_NAMES.map((link) => [
        { netns: this.#host, name: portOf(link) },
        { netns: this.#far, name: farOf(link) },
      ]),
    );
    await configure(this.#far, ['link set lo up', ...LINK_NAMES.map((link) => `link set ${farOf(link)} up`)]);
    await configure(this.#host, ['link set lo up', ...LINK_NAMES.flatMap(linkLines)]);
    await configure(
      this.#host,
      OUTSIDE.map((prefix) => `route add ${prefix} dev eth0`),
    );
    await setSysctls(this.#host, SYSCTLS);
    await must([...this.enter(), 'nft', '-f', '-'], { input: PUBLISH });
    this.#arrivals = await Arrivals.watch(this);
    await Promise.all([linksUp(this.#host), linksUp(this.#far)]);
  }

  enter(): readonly string[] {
    return enterNetns(this.#host);
  }

  readonly exec: Exec = ({ file, args, ...rest }) => {
    const [nsenter = '', ...enter] = this.enter();
    return EXEC({ file: nsenter, args: [...enter, file, ...args], ...rest });
  };

  /** Which of the packets get to a local program, or to something behind the host. */
  async passing(packets: readonly Aimed[]): Promise<boolean[]> {
    if (this.#arrivals === undefined) throw new Error('not built');
    // What earlier packets left behind would let later ones through.
    await must([...this.enter(), 'conntrack', '-F']);
    await this.#arrivals.forget();
    for (const link of LINK_NAMES) {
      const sent = packets.filter((each) => each.link === link);
      if (sent.length > 0) await send({ enter: enterNetns(this.#far), device: farOf(link) }, sent);
    }
    const { local, behind } = await this.#arrivals.seen();
    return packets.map(({ key }) => local.has(key) || behind.has(key));
  }
}

const EXEC = makeExec(process.env);

const farOf = (link: LinkName): string => `far${LINK_NAMES.indexOf(link)}`;
/** A bridge has a port; other links are the near end themselves. */
const portOf = (link: LinkName): string => (LINKS[link].bridge ? `port${LINK_NAMES.indexOf(link)}` : link);

function linkLines(link: LinkName): string[] {
  const { bridge, addresses } = LINKS[link];
  const port = portOf(link);
  const made = bridge ? [`link add ${link} type bridge`, `link set ${port} master ${link}`, `link set ${port} up`] : [];
  return [...made, `link set ${link} address ${HOST_MAC}`, `link set ${link} up`, ...addressLines(link, addresses)];
}

/** Routers forward, and the kernel itself throws as little away as it can be made to. */
const SYSCTLS = {
  'net.ipv4.ip_forward': 1,
  'net.ipv6.conf.all.forwarding': 1,
  'net.ipv4.conf.all.rp_filter': 0,
  ...Object.fromEntries(LINK_NAMES.map((link) => [`net.ipv4.conf.${link}.rp_filter`, 0])),
  'net.ipv4.conf.eth0.route_localnet': 1,
} as const;
