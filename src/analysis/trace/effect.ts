import { type Address, formatAddress } from '../../net/address.ts';
import type { RuleAction } from '../../ruleset/netfilter.ts';
import { isOwn, type Machine } from './machine.ts';
import type { Packet } from './packet.ts';

type Rewrite = Extract<RuleAction, { kind: 'dnat' | 'redirect' }>;

/** What a rule did to the packet, in words; of NAT the address and port before and after. */
export function effectOf(
  action: RuleAction,
  packet: Packet,
  machine: Machine,
  source: Address | undefined,
): string | undefined {
  switch (action.kind) {
    case 'accept':
      return 'accepted';
    case 'drop':
      return 'dropped';
    case 'reject':
      return 'rejected';
    case 'jump':
    case 'goto':
      return `to ${action.chain}`;
    case 'return':
      return 'back';
    case 'dnat':
    case 'redirect': {
      const { packets, isAll } = rewrites(packet, action, machine);
      const [first, ...others] = packets.map(dialled);
      const more = others.length > 0 || !isAll ? ' or another of the range' : '';
      return `${dialled(packet)} → ${first}${more}`;
    }
    case 'snat':
    case 'masquerade': {
      const own = action.addresses?.first ?? linkAddress(machine, packet.out, packet.family);
      return source && own && `from ${formatAddress(source)} → ${formatAddress(own)}`;
    }
    default:
      return undefined;
  }
}

const dialled = ({ destination, ports }: Packet): string => {
  const address = formatAddress(destination);
  if (ports === undefined) return address;
  return `${destination.family === 6 ? `[${address}]` : address}:${ports.destination}`;
};

/** The first of the link's own addresses. */
const linkAddress = ({ links }: Machine, link: string | undefined, family: Packet['family']): Address | undefined =>
  links
    .find(({ name }) => name === link)
    ?.addresses.map(({ address }) => address)
    .find((own) => own.family === family);

/** So many targets of a range are followed one by one. */
const MOST = 16;

/** The packet with each of the destinations that NAT may give it; not all of them where the range is long. */
export function rewrites(packet: Packet, action: Rewrite, machine: Machine): { packets: Packet[]; isAll: boolean } {
  const { addresses, ports } = action;
  const hosts = addresses ? addresses.last.value - addresses.first.value + 1n : 1n;
  const all = hosts * BigInt(ports ? ports.last - ports.first + 1 : 1);
  const count = Number(all < MOST ? all : MOST);
  const packets = Array.from({ length: count }, (_, at) => {
    const [host, port] = [BigInt(at) % hosts, BigInt(at) / hosts];
    const chosen: Rewrite = {
      kind: action.kind,
      ...(addresses && { addresses: single({ ...addresses.first, value: addresses.first.value + host }) }),
      ...(ports && { ports: { first: ports.first + Number(port), last: ports.first + Number(port) } }),
    };
    return rewritten(packet, chosen, machine);
  });
  return { packets, isAll: all <= MOST };
}

const single = (address: Address): { first: Address; last: Address } => ({ first: address, last: address });

function rewritten(packet: Packet, { kind, addresses, ports }: Rewrite, machine: Machine): Packet {
  const here = isOwn(machine, packet.destination) ? packet.destination : undefined;
  const local = here ?? linkAddress(machine, packet.in, packet.family);
  const destination = addresses?.first ?? (kind === 'redirect' ? local : undefined) ?? packet.destination;
  const port = ports?.first ?? packet.ports?.destination;
  const isOther = destination.value !== packet.destination.value || port !== packet.ports?.destination;
  return {
    ...packet,
    destination,
    ports: packet.ports && { ...packet.ports, destination: port ?? packet.ports.destination },
    dnat: packet.dnat || isOther,
    translated: true,
  };
}
