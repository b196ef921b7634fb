import { formatAddress } from '../../net/address.ts';
import type { RuleAction } from '../../ruleset/netfilter.ts';
import { isOwn, type Machine } from './machine.ts';
import type { Packet } from './packet.ts';

/** What a rule did to the packet, in words; of NAT the address and port before and after. */
export function effectOf(action: RuleAction, packet: Packet, machine: Machine): string | undefined {
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
    case 'redirect':
      return `${dialled(packet)} → ${dialled(rewritten(packet, action, machine))}`;
    default:
      return undefined;
  }
}

const dialled = ({ destination, ports }: Packet): string => {
  const address = formatAddress(destination);
  if (ports === undefined) return address;
  return `${destination.family === 6 ? `[${address}]` : address}:${ports.destination}`;
};

/** The packet with the destination that NAT gives it: of a range the first. */
export function rewritten(
  packet: Packet,
  { kind, addresses, ports }: Extract<RuleAction, { kind: 'dnat' | 'redirect' }>,
  machine: Machine,
): Packet {
  const here = isOwn(machine, packet.destination) ? packet.destination : undefined;
  const own = machine.links.find(({ name }) => name === packet.in)?.addresses.map(({ address }) => address) ?? [];
  const local = here ?? own.find(({ family }) => family === packet.family);
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
