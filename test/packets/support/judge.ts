import { setTimeout as sleep } from 'node:timers/promises';
import { must } from '../../../lab/command.ts';
import { addLinks, addressLines, configure, linksUp } from '../../../lab/link.ts';
import { addNamespaces, enterNetns, PREFIX, setSysctls } from '../../../lab/netns.ts';
import { claim, reclaim } from '../../../lab/reclaim.ts';
import type { Machine } from '../../../src/analysis/trace/machine.ts';
import { formatAddress, readAddress, type Address } from '../../../src/net/address.ts';
import type { Family } from '../../../src/net/family.ts';
import { readPrefix, prefixContains } from '../../../src/net/prefix.ts';
import type { Netfilter } from '../../../src/ruleset/netfilter.ts';
import type { Probe, Surroundings } from '../../support/naive-verdict.ts';
import { icmp, icmp6, raw, sealed, tcp, udp, v4, v6, type Payload } from './frames.ts';
import { macOf, send, type Wire } from './wire.ts';

const LOCAL = new Map([
  ['10.1.0.1', 'eth0'],
  ['10.2.0.1', 'eth1'],
  ['fd01::1', 'eth0'],
  ['fd02::1', 'eth1'],
]);
const BEHIND_ETH0 = ['10.1.0.0/24', 'fd01::/64'];

/** The machine as the engine takes it. */
export const machineWith = (netfilter: Netfilter): Machine => ({
  netfilter,
  links: ['eth0', 'eth1'].map((name) => ({
    name,
    addresses: [...LOCAL].flatMap(([text, link]) => {
      const address = readAddress(text);
      return address.ok && link === name ? [{ address: address.value, length: text.includes(':') ? 64 : 24 }] : [];
    }),
  })),
  routes: ([4, 6] as const).map((family) => ({ prefix: { family, value: 0n, length: 0 }, link: 'eth1' })),
});

/** A host that forwards between two links: what its routing table says. */
export const SURROUNDINGS: Surroundings = {
  typeOf: (address, link) => {
    const own = LOCAL.get(formatAddress(address));
    if (own !== undefined) return link === undefined || link === own ? 'local' : 'unicast';
    if (isIn(address, '224.0.0.0/4') || isIn(address, 'ff00::/8')) return 'multicast';
    return formatAddress(address) === '10.1.0.255' ? 'broadcast' : 'unicast';
  },
  wayOut: (address) => {
    if (SURROUNDINGS.typeOf(address) !== 'unicast') return undefined;
    return BEHIND_ETH0.some((prefix) => isIn(address, prefix)) ? 'eth0' : 'eth1';
  },
};

const isIn = (address: Address, text: string): boolean => {
  const prefix = readPrefix(text);
  return prefix.ok && prefixContains(prefix.value, address);
};

/** Behind all that judges, each packet is noted by a number that it carries. */
const NOTES = `table inet notes {
  set v4 { typeof ip id; size 65535; flags dynamic; }
  set v6 { typeof ip6 flowlabel; size 65535; flags dynamic; }
  chain arrived {
    type filter hook input priority 1000;
    ct state new counter
    meta nfproto ipv4 add @v4 { ip id }
    meta nfproto ipv6 add @v6 { ip6 flowlabel }
  }
  chain passing {
    type filter hook forward priority 1000;
    meta nfproto ipv4 add @v4 { ip id }
    meta nfproto ipv6 add @v6 { ip6 flowlabel }
  }
}
`;

/** A real kernel that judges packets: two namespaces, and a cable on which packets are put as they are. */
export class Judge {
  readonly #claim = claim();
  readonly #host = `${PREFIX}${this.#claim.id}-host`;
  readonly #outside = `${PREFIX}${this.#claim.id}-outside`;
  readonly #inside = `${PREFIX}${this.#claim.id}-inside`;
  readonly #wire: Wire = { enter: enterNetns(this.#outside), device: 'eth0' };
  #mac = '';
  #sent = 0;

  async start(): Promise<void> {
    const [host, outside, inside] = [this.#host, this.#outside, this.#inside];
    await addNamespaces([host, outside, inside]);
    await setSysctls(host, {
      'net.ipv4.ip_forward': 1,
      'net.ipv4.conf.all.rp_filter': 0,
      'net.ipv4.conf.default.rp_filter': 0,
      'net.ipv4.icmp_echo_ignore_broadcasts': 1,
      'net.ipv6.conf.all.forwarding': 1,
      'net.ipv6.conf.default.accept_dad': 0,
    });
    await addLinks([
      [
        { netns: host, name: 'eth0' },
        { netns: outside, name: 'eth0' },
      ],
      [
        { netns: host, name: 'eth1' },
        { netns: inside, name: 'eth0' },
      ],
    ]);
    const up = ['link set lo up', 'link set eth0 up'];
    await Promise.all([configure(outside, up), configure(inside, up)]);
    await configure(host, [
      ...up,
      'link set eth1 up',
      ...addressLines('eth0', ['10.1.0.1/24', 'fd01::1/64']),
      ...addressLines('eth1', ['10.2.0.1/24', 'fd02::1/64']),
      'route add default via 10.2.0.2 dev eth1',
      'route add ::/0 via fd02::2 dev eth1',
    ]);
    for (const netns of [host, outside, inside]) await linksUp(netns);
    this.#mac = await macOf(enterNetns(host), 'eth0');
  }

  stop(): void {
    reclaim(this.#claim);
  }

  /** Runs a tool of the host's. */
  run(file: string, args: readonly string[] = [], input = ''): Promise<string> {
    return must([...enterNetns(this.#host), file, ...args], { input });
  }

  /** Which of the probes got past all rules, in their order. */
  async passed(probes: readonly Probe[]): Promise<boolean[]> {
    await this.run('nft', ['-f', '-'], `table inet notes\ndelete table inet notes\n${NOTES}`);
    const packets = probes.map((probe, at) => ({ to: this.#mac, packet: this.#packet(probe, at + 1) }));
    await send(this.#wire, packets);
    const noted = await this.#settled();
    return probes.map(({ family }, at) => noted[family].has(at + 1));
  }

  /** The last packets may be on their way yet when all are sent. */
  async #settled(): Promise<Record<Family, Set<number>>> {
    for (let before = -1; ;) {
      await sleep(30);
      const noted = { 4: await this.#noted('v4'), 6: await this.#noted('v6') };
      if (noted[4].size + noted[6].size === before) return noted;
      before = noted[4].size + noted[6].size;
    }
  }

  async #noted(set: string): Promise<Set<number>> {
    const { nftables } = JSON.parse(await this.run('nft', ['-j', 'list', 'set', 'inet', 'notes', set])) as {
      nftables: readonly { readonly set?: { readonly elem?: readonly number[] } }[];
    };
    return new Set(nftables.flatMap(({ set: found }) => found?.elem ?? []));
  }

  /** Each packet begins a connection of its own: no source port or ICMP number comes twice. */
  #packet(probe: Probe, number: number): Buffer {
    const ends = { source: formatAddress(probe.source), destination: formatAddress(probe.destination) };
    const payload = payloadOf(probe, this.#sent++);
    if (probe.family === 4) return v4(ends, sealed(ends, payload), { id: number });
    const packet = v6(ends, payload);
    packet.writeUInt32BE(0x6000_0000 + number, 0);
    return packet;
  }
}

function payloadOf({ protocol, ports, flags, icmp: kind }: Probe, serial: number): Payload {
  const { source = 0, destination = 0 } = ports ?? {};
  const body = Buffer.alloc(8);
  body.writeUInt16BE(serial & 0xffff, 0);
  if (kind) return protocol === 1 ? icmp(kind.type, kind.code, body) : icmp6(kind.type, kind.code, body);
  if (protocol === 6) return tcp(source, destination, flags ?? 0);
  return protocol === 17 ? udp(source, destination) : raw(protocol, body);
}
