/**
 * Packets by hand: what no socket would send. IPv4 (RFC 791), IPv6 with extension headers (RFC 8200), UDP, TCP,
 * ICMP and ICMPv6, with right checksums unless told otherwise.
 */
export const PROTOCOL = { icmp: 1, igmp: 2, tcp: 6, udp: 17, gre: 47, esp: 50, icmp6: 58, sctp: 132 } as const;

/** What is behind an IP header: its protocol number and its bytes. */
export interface Payload {
  readonly protocol: number;
  readonly bytes: Buffer;
  /** Offset of a checksum that covers the addresses too; undefined if there is none. */
  readonly checksumAt?: number;
}

export interface Ends {
  readonly source: string;
  readonly destination: string;
}

export interface V4Options {
  /** Default 64. */
  readonly ttl?: number;
  readonly id?: number;
  /** In bytes; a multiple of 8. */
  readonly fragmentOffset?: number;
  readonly moreFragments?: boolean;
  /** Options between header and payload; a multiple of 4 bytes. */
  readonly options?: Buffer;
}

export const udp = (sourcePort: number, port: number, data: Buffer = Buffer.from('probe')): Payload => ({
  protocol: PROTOCOL.udp,
  bytes: Buffer.concat([words(sourcePort, port, 8 + data.length, 0), data]),
  checksumAt: 6,
});

/** `flags`: bits of RFC 9293, 3.1: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32. */
export const tcp = (sourcePort: number, port: number, flags: number, ack = 0): Payload => {
  const bytes = Buffer.alloc(20);
  words(sourcePort, port).copy(bytes);
  bytes.writeUInt32BE(0x1000, 4);
  bytes.writeUInt32BE(ack, 8);
  bytes.writeUInt8(5 << 4, 12);
  bytes.writeUInt8(flags, 13);
  bytes.writeUInt16BE(64_240, 14);
  return { protocol: PROTOCOL.tcp, bytes, checksumAt: 16 };
};

export const icmp = (type: number, code = 0, body: Buffer = Buffer.alloc(4)): Payload => {
  const bytes = Buffer.concat([Buffer.from([type, code, 0, 0]), body]);
  bytes.writeUInt16BE(checksum(bytes), 2);
  return { protocol: PROTOCOL.icmp, bytes };
};

export const icmp6 = (type: number, code = 0, body: Buffer = Buffer.alloc(4)): Payload => ({
  protocol: PROTOCOL.icmp6,
  bytes: Buffer.concat([Buffer.from([type, code, 0, 0]), body]),
  checksumAt: 2,
});

export const raw = (protocol: number, bytes: Buffer): Payload => ({ protocol, bytes });

/** An IP packet of the family that the addresses are of. `hopLimit` is IPv4's TTL too. */
export function packet(ends: Ends, payload: Payload, hopLimit = 64): Buffer {
  return ends.source.includes(':') ? v6(ends, payload, hopLimit) : v4(ends, sealed(ends, payload), { ttl: hopLimit });
}

/** An IPv4 packet around bytes that are final. */
export function v4({ source, destination }: Ends, { protocol, bytes }: Payload, options: V4Options = {}): Buffer {
  const extra = options.options ?? Buffer.alloc(0);
  const header = Buffer.concat([Buffer.alloc(20), extra]);
  header.writeUInt8(0x40 | (header.length >> 2), 0);
  header.writeUInt16BE(header.length + bytes.length, 2);
  header.writeUInt16BE(options.id ?? 1, 4);
  header.writeUInt16BE((options.moreFragments ? 0x2000 : 0) | ((options.fragmentOffset ?? 0) >> 3), 6);
  header.writeUInt8(options.ttl ?? 64, 8);
  header.writeUInt8(protocol, 9);
  addressBytes(source).copy(header, 12);
  addressBytes(destination).copy(header, 16);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, bytes]);
}

/** Headers between IPv6 and the payload, each with its number; the "next header" fields are filled in here. */
export type Extension = readonly [number: number, header: Buffer];

export function v6(ends: Ends, payload: Payload, hopLimit = 64, extensions: readonly Extension[] = []): Buffer {
  const numbers = [...extensions.map(([number]) => number), payload.protocol];
  const chain = extensions.map(([, header], i) => withNext(header, numbers[i + 1] ?? 59));
  const body = Buffer.concat([...chain, sealed(ends, payload).bytes]);
  const header = Buffer.alloc(40);
  header.writeUInt32BE(0x6000_0000, 0);
  header.writeUInt16BE(body.length, 4);
  header.writeUInt8(numbers[0] ?? 59, 6);
  header.writeUInt8(hopLimit, 7);
  addressBytes(ends.source).copy(header, 8);
  addressBytes(ends.destination).copy(header, 24);
  return Buffer.concat([header, body]);
}

function withNext(header: Buffer, next: number): Buffer {
  const copy = Buffer.from(header);
  copy.writeUInt8(next, 0);
  return copy;
}

/** The payload with its checksum over the pseudo header (RFC 9293, 3.1; RFC 8200, 8.1). */
export function sealed({ source, destination }: Ends, payload: Payload): Payload {
  const { protocol, bytes, checksumAt } = payload;
  if (checksumAt === undefined) return payload;
  const copy = Buffer.from(bytes);
  copy.writeUInt16BE(0, checksumAt);
  const pseudo = [addressBytes(source), addressBytes(destination), words(0, protocol, 0, copy.length)];
  copy.writeUInt16BE(checksum(Buffer.concat([...pseudo, copy])) || 0xffff, checksumAt);
  return { protocol, bytes: copy };
}

/** Cuts bytes into pieces; all but the last have to be a multiple of 8 long. */
export function pieces(
  bytes: Buffer,
  ...lengths: readonly number[]
): { offset: number; bytes: Buffer; last: boolean }[] {
  const ends = [...lengths.map((_, i) => lengths.slice(0, i + 1).reduce((sum, n) => sum + n, 0)), bytes.length];
  return ends.map((end, i) => {
    const offset = ends[i - 1] ?? 0;
    return { offset, bytes: bytes.subarray(offset, end), last: i === ends.length - 1 };
  });
}

/** IPv6's fragment header (RFC 8200, 4.5); the kind of the first header behind it is filled in by `v6`. */
export const fragmentHeader = (id: number, offset: number, more: boolean): Extension => {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(offset | (more ? 1 : 0), 2);
  header.writeUInt32BE(id, 4);
  return [44, header];
};

/** RFC 1071. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  values.forEach((value, i) => bytes.writeUInt16BE(value & 0xffff, 2 * i));
  return bytes;
}

/** 4 or 16 bytes of an address without a zone. */
export function addressBytes(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail = ''] = address.split('::');
  const [first, last] = [head, tail].map((part) => part.split(':').filter((word) => word !== ''));
  const zeros = Array.from({ length: 8 - (first?.length ?? 0) - (last?.length ?? 0) }, () => '0');
  return words(...[...(first ?? []), ...zeros, ...(last ?? [])].map((word) => Number.parseInt(word, 16)));
}
