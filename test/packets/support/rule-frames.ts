import { HOST } from '../../../lab/addresses.ts';
import { arrivalKey } from './arrivals.ts';
import { type IpVersion, addressOf } from './cells.ts';
import { type Payload, PROTOCOL, addressBytes, icmp, icmp6, packet, raw, tcp, udp } from './frames.ts';
import type { CellMaker, RuleCell } from './rule-cells.ts';
import { BRIDGES, type RuleWorld, UNTRACKED } from './rule-world.ts';
import { BROADCAST_MAC, type Wire, groupMac } from './wire.ts';

/** Cells whose packets no socket would send: from a neighbour on the outer link, or from a guest on its bridge. */
export function frameCells(at: RuleWorld, version: IpVersion, make: CellMaker): RuleCell[] {
  const wire: Wire = { enter: at.world.enter('neighbour'), device: 'eth0' };
  const frame: FrameMaker = (name, passes, source, payload, options = {}) => {
    const destination = options.to ?? addressOf(HOST, version) ?? '';
    const sent = { to: options.mac ?? at.hostMac, packet: packet({ source, destination }, payload, options.hopLimit) };
    const first = payload.bytes.readUInt16BE(0);
    const key = arrivalKey(shortened(source), payload.protocol, first);
    return make(name, passes, { kind: 'frame', wire, sent: [sent], key, at: 'local' });
  };
  return [
    ...(version === 4 ? framesV4(frame) : framesV6(frame)),
    ...guestCells(at, version, make),
    containerBroadcast(at, version, make),
  ];
}

interface FrameOptions {
  readonly to?: string;
  readonly mac?: string;
  readonly hopLimit?: number;
}
type FrameMaker = (name: string, passes: boolean, source: string, payload: Payload, options?: FrameOptions) => RuleCell;

const SYN_ACK = 0x12;
/** A stranger on the link; each frame has its own, by which it is recognised. */
const v4 = (n: number): string => `198.51.100.${100 + n}`;
const v6 = (n: number): string => `2001:db8:51::${100 + n}`;

function framesV4(frame: FrameMaker): RuleCell[] {
  const ends = { source: UNTRACKED.v4, destination: HOST.v4 };
  const error = (source: string, type: number): Payload =>
    icmp(type, 0, quoted(packet({ ...ends, source }, udp(1, 2))));
  return [
    frame('forged loopback source → public port', false, '127.0.0.77', udp(2001, 500)),
    frame('forged loopback destination → public port', false, v4(1), udp(2002, 500), { to: '127.0.0.1' }),
    frame('SYN-ACK out of the blue → public port', false, v4(2), tcp(2003, 22, SYN_ACK, 1)),
    frame('DHCP answer', true, v4(3), udp(67, 68)),
    frame('IGMP query', true, v4(4), raw(PROTOCOL.igmp, Buffer.from('1164ee9b00000000', 'hex')), {
      to: '224.0.0.1',
      mac: groupMac(addressBytes('224.0.0.1')),
      hopLimit: 1,
    }),
    frame('ICMP timestamp request of a stranger', false, v4(5), icmp(13, 0, Buffer.alloc(16))),
    frame('ICMP error about no connection', false, v4(6), error(v4(6), 3)),
    ...[3, 11, 12].map((type) =>
      frame(`ICMP error ${type} about an untracked connection`, true, UNTRACKED.v4, error(UNTRACKED.v4, type)),
    ),
  ];
}

function framesV6(frame: FrameMaker): RuleCell[] {
  const ends = { source: UNTRACKED.v6, destination: HOST.v6 };
  const error = (source: string, type: number, code: number): Payload =>
    icmp6(type, code, quoted(packet({ ...ends, source }, udp(1, 2))));
  const onLink = (type: number, n: number): RuleCell =>
    frame(`ICMPv6 ${type} from the same link`, true, v6(n), icmp6(type, 0, Buffer.alloc(28)), { hopLimit: 255 });
  return [
    frame('SYN-ACK out of the blue → public port', false, v6(2), tcp(2003, 22, SYN_ACK, 1)),
    frame('DHCPv6 answer', true, 'fe80::103', udp(547, 546)),
    frame('ICMPv6 node information query of a stranger', false, v6(5), icmp6(139, 0, Buffer.alloc(12))),
    frame('ICMPv6 error about no connection', false, v6(6), error(v6(6), 1, 0)),
    ...(
      [
        [1, 0],
        [2, 0],
        [3, 0],
        [4, 1],
        [4, 2],
      ] as const
    ).map(([type, code]) =>
      frame(
        `ICMPv6 error ${type}/${code} about an untracked connection`,
        true,
        UNTRACKED.v6,
        error(UNTRACKED.v6, type, code),
      ),
    ),
    ...[133, 134, 135, 136, 141, 142, 148, 149].map((type, i) => onLink(type, 20 + i)),
    ...[133, 135, 136].map((type, i) =>
      frame(`ICMPv6 ${type} that a router passed on`, false, v6(40 + i), icmp6(type, 0, Buffer.alloc(28)), {
        hopLimit: 254,
      }),
    ),
    ...[130, 131, 132, 143].map((type, i) =>
      frame(`multicast listener discovery ${type}`, true, `fe80::${110 + i}`, icmp6(type, 0, Buffer.alloc(20)), {
        hopLimit: 1,
      }),
    ),
    frame('answer to a ping of everyone', true, v6(50), icmp6(129, 0, Buffer.alloc(12))),
  ];
}

/** An ICMP error's body: four bytes, and the packet that it is about. */
const quoted = (about: Buffer): Buffer => Buffer.concat([Buffer.alloc(4), about]);

/** nft prints addresses in their short form. */
export const shortened = (address: string): string =>
  address.includes(':') ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;

/** Broadcasts of a guest: the other guests get them, the host's services don't. */
function guestCells({ guests }: RuleWorld, version: IpVersion, make: CellMaker): RuleCell[] {
  return (['vm', 'lan'] as const).flatMap((kind, i) => {
    const [speaker, listener] = kind === 'vm' ? [guests.vm1, guests.vm2] : [guests.lan1, guests.lan2];
    const wire = { enter: speaker.enter, device: 'eth0' };
    const source = addressOf(speaker, version) ?? '';
    const to = version === 4 ? BROADCAST_MAC : groupMac(addressBytes('ff02::1'));
    const ends = { source, destination: version === 4 ? `${BRIDGES[kind].v4}.255` : 'ff02::1' };
    const payload = udp(2100 + i, 7002);
    const sent = { to, packet: packet(ends, payload) };
    return [
      make(`broadcast on ${BRIDGES[kind].name} → the other guest`, true, {
        kind: 'datagram',
        wire,
        sent: [sent],
        listener: listener.agent,
        port: 7002,
        source,
      }),
      make(`broadcast on ${BRIDGES[kind].name} → host`, false, {
        kind: 'frame',
        wire,
        sent: [{ to, packet: packet(ends, udp(2110 + i, 7000)) }],
        key: arrivalKey(source, PROTOCOL.udp, 2110 + i),
        at: 'local',
      }),
    ];
  });
}

/** Containers are on the inside: what they send to everyone on their bridge reaches the host, too. */
function containerBroadcast({ containers, enterFront }: RuleWorld, version: IpVersion, make: CellMaker): RuleCell {
  const source = addressOf(containers.front, version) ?? '';
  const to = version === 4 ? BROADCAST_MAC : groupMac(addressBytes('ff02::1'));
  const ends = { source, destination: version === 4 ? '172.17.255.255' : 'ff02::1' };
  return make('broadcast of a container → host', true, {
    kind: 'frame',
    wire: { enter: enterFront, device: 'eth0' },
    sent: [{ to, packet: packet(ends, udp(2120, 7000)) }],
    key: arrivalKey(source, PROTOCOL.udp, 2120),
    at: 'local',
  });
}
