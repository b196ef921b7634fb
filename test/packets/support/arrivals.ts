import { must } from '../../../lab/command.ts';
import type { World } from '../../../lab/world.ts';

/**
 * Watches at the last place before a local program (INPUT) and before a container or a guest (FORWARD), behind all
 * rules of everybody, and notes what got that far. A packet with a forged source has no answer that one could wait for.
 *
 * A packet is named by its source, its protocol and the first 16 bits behind the IP header: the source port of TCP and
 * UDP, type and code of ICMP.
 */
export class Arrivals {
  readonly #nft: (input: readonly string[], text?: string) => Promise<string>;

  private constructor(nft: (input: readonly string[], text?: string) => Promise<string>) {
    this.#nft = nft;
  }

  static async watch(world: Pick<World, 'enter'>): Promise<Arrivals> {
    const nft = (args: readonly string[], text = ''): Promise<string> =>
      must([...world.enter('host'), 'nft', ...args], { input: text });
    await nft(['-f', '-'], TABLE);
    return new Arrivals(nft);
  }

  /** Forgets what was seen so far. */
  async forget(): Promise<void> {
    await this.#nft(['-f', '-'], SETS.map((set) => `flush set inet lab_arrivals ${set}\n`).join(''));
  }

  /** Keys (see `arrivalKey`) of what got to a local program, or to something behind the host. */
  async seen(): Promise<{ local: ReadonlySet<string>; behind: ReadonlySet<string> }> {
    const table = JSON.parse(await this.#nft(['-j', '-n', 'list', 'table', 'inet', 'lab_arrivals'])) as Listing;
    const of = (prefix: string): Set<string> =>
      new Set(table.nftables.flatMap(({ set }) => (set?.name.startsWith(prefix) ? (set.elem ?? []).map(keyOf) : [])));
    return { local: of('local'), behind: of('behind') };
  }

  async end(): Promise<void> {
    await this.#nft(['delete', 'table', 'inet', 'lab_arrivals']);
  }
}

export const arrivalKey = (source: string, protocol: number, first16: number): string =>
  `${source} ${protocol} ${first16}`;

const SETS = ['local4', 'local6', 'behind4', 'behind6'];

const set = (name: string, type: string): string =>
  `set ${name} { type ${type} . inet_proto . inet_service; flags dynamic; size 65535; }`;
const chain = (hook: string, name: string): string => `chain ${name} {
    type filter hook ${hook} priority 300;
    meta nfproto ipv4 update @${name}4 { ip saddr . meta l4proto . th sport }
    meta nfproto ipv6 update @${name}6 { ip6 saddr . meta l4proto . th sport }
  }`;

const TABLE = `table inet lab_arrivals {
  ${set('local4', 'ipv4_addr')}
  ${set('local6', 'ipv6_addr')}
  ${set('behind4', 'ipv4_addr')}
  ${set('behind6', 'ipv6_addr')}
  ${chain('input', 'local')}
  ${chain('forward', 'behind')}
}
`;

interface Listing {
  readonly nftables: readonly {
    readonly set?: { readonly name: string; readonly elem?: readonly Element[] };
  }[];
}
type Words = { readonly concat: readonly (string | number)[] };
type Element = Words | { readonly elem: { readonly val: Words } };

function keyOf(element: Element): string {
  const [source = '', protocol = 0, first = 0] = ('elem' in element ? element.elem.val : element).concat;
  return arrivalKey(String(source), Number(protocol), Number(first));
}
