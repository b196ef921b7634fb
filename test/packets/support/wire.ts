import { must } from '../../../lab/command.ts';

/** Puts packets on a link as they are, behind the back of the sender's kernel. */
export interface Wire {
  /** The words that put a command into the sender's namespace. */
  readonly enter: readonly string[];
  readonly device: string;
}

/** A packet and the Ethernet address that it goes to. */
export interface Sent {
  readonly to: string;
  readonly packet: Buffer;
}

interface Link {
  readonly ifindex: number;
  readonly address: string;
}

// Node has no packet sockets; Perl's base package has, and is on every Debian.
const SEND = String.raw`
my ($index) = @ARGV;
socket(my $socket, 17, 3, 0) or die "packet socket: $!";
while (<STDIN>) {
  chomp;
  my $frame = pack('H*', $_);
  my $to = pack('S a2 i S C C a8', 17, substr($frame, 12, 2), $index, 1, 0, 6, substr($frame, 0, 6));
  send($socket, $frame, 0, $to) or die "send: $!";
}
`;

const hex = (mac: string): string => mac.replaceAll(':', '');

/** Ethernet address of a device. */
export async function macOf(enter: readonly string[], device: string): Promise<string> {
  return (await linkOf({ enter, device })).address;
}

async function linkOf({ enter, device }: Wire): Promise<Link> {
  const [link] = JSON.parse(await must([...enter, 'ip', '-j', 'link', 'show', 'dev', device])) as Link[];
  if (link === undefined) throw new Error(`no ${device}`);
  return link;
}

/** Sends packets in order. `from`: another Ethernet address than the device's own. */
export async function send(wire: Wire, sent: readonly Sent[], from?: string): Promise<void> {
  const { ifindex, address } = await linkOf(wire);
  const lines = sent.map(({ to, packet }) => {
    const type = (packet[0] ?? 0) >> 4 === 6 ? '86dd' : '0800';
    return `${hex(to)}${hex(from ?? address)}${type}${packet.toString('hex')}\n`;
  });
  await must([...wire.enter, 'perl', '-e', SEND, String(ifindex)], { input: lines.join('') });
}

export const BROADCAST_MAC = 'ff:ff:ff:ff:ff:ff';

/** RFC 2464, 7 and RFC 1112, 6.4: the Ethernet address of a multicast group. */
export function groupMac(group: Buffer): string {
  const low = [...group.subarray(-4)];
  const bytes = group.length === 16 ? [0x33, 0x33, ...low] : [0x01, 0x00, 0x5e, (low[1] ?? 0) & 0x7f, ...low.slice(2)];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}
