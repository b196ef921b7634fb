import {
  type Ends,
  type Extension,
  type Payload,
  fragmentHeader,
  packet,
  pieces,
  raw,
  sealed,
  udp,
  v4,
  v6,
} from './frames.ts';
import type { IpVersion } from './cells.ts';

/** A way to write one datagram that a filter may read differently from the one who receives it. */
export interface Form {
  readonly name: string;
  readonly version: IpVersion;
  /** False where the kernel itself takes the datagram for rubbish; it still must not get through to the wrong one. */
  readonly delivered: boolean;
  readonly packets: (ends: Ends, port: number, serial: number) => readonly Buffer[];
}

const DATA = Buffer.alloc(64, 'x');
const datagram = (ends: Ends, port: number, serial: number): Payload =>
  sealed(ends, udp(10_000 + (serial % 50_000), port, DATA));

/** Fragments of an IPv4 datagram: UDP's header is 8 bytes long. */
function cutV4(ends: Ends, payload: Payload, id: number, ...lengths: readonly number[]): Buffer[] {
  return pieces(payload.bytes, ...lengths).map(({ offset, bytes, last }) =>
    v4(ends, raw(payload.protocol, bytes), { id, fragmentOffset: offset, moreFragments: !last }),
  );
}

/** `first`: headers in front of UDP's that are cut into pieces together with it. */
function cutV6(ends: Ends, payload: Payload, id: number, ...lengths: readonly number[]): Buffer[] {
  return pieces(payload.bytes, ...lengths).map(({ offset, bytes, last }) =>
    v6(ends, raw(payload.protocol, bytes), 64, [fragmentHeader(id, offset, !last)]),
  );
}

const V4: readonly Omit<Form, 'version'>[] = [
  { name: 'plain', delivered: true, packets: (ends, port, n) => [packet(ends, datagram(ends, port, n))] },
  {
    name: 'in two fragments',
    delivered: true,
    packets: (ends, port, n) => cutV4(ends, datagram(ends, port, n), n, 24),
  },
  {
    name: 'with nothing but the ports in the first fragment',
    delivered: true,
    packets: (ends, port, n) => cutV4(ends, datagram(ends, port, n), n, 8),
  },
  {
    name: 'in fragments, the last one first',
    delivered: true,
    packets: (ends, port, n) => cutV4(ends, datagram(ends, port, n), n, 8, 16).toReversed(),
  },
  {
    name: 'in fragments that overlap, the second with other ports',
    delivered: false,
    packets: (ends, port, n) => {
      const [innocent, meant] = [datagram(ends, 500, n), datagram(ends, port, n)];
      const [first] = cutV4(ends, innocent, n, 24);
      const over = v4(ends, raw(17, meant.bytes), { id: n, fragmentOffset: 0 });
      return first === undefined ? [] : [first, over];
    },
  },
  {
    name: 'with a record route option',
    delivered: true,
    packets: (ends, port, n) => {
      const options = Buffer.from([1, 7, 7, 4, 0, 0, 0, 0]);
      return [v4(ends, datagram(ends, port, n), { id: n, options })];
    },
  },
  {
    name: 'without a UDP checksum',
    delivered: true,
    packets: (ends, port, n) => {
      const { protocol, bytes } = datagram(ends, port, n);
      bytes.writeUInt16BE(0, 6);
      return [v4(ends, raw(protocol, bytes), { id: n })];
    },
  },
];

/** Options that mean nothing (PadN), for hop-by-hop and destination options. */
const PADDING = Buffer.from([0, 0, 1, 4, 0, 0, 0, 0]);
const HOP_BY_HOP: Extension = [0, PADDING];
const DESTINATION: Extension = [60, PADDING];
const routing = (type: number, left: number, body: Buffer): Extension => [
  43,
  Buffer.concat([Buffer.from([0, body.length >> 3, type, left, 0, 0, 0, 0]), body]),
];
const AUTHENTICATION: Extension = [51, Buffer.from([0, 1, 0, 0, 0, 0, 0, 9])];

const extended = (name: string, delivered: boolean, ...headers: readonly Extension[]): Omit<Form, 'version'> => ({
  name,
  delivered,
  packets: (ends, port, n) => [v6(ends, udp(10_000 + (n % 50_000), port, DATA), 64, headers)],
});

const V6: readonly Omit<Form, 'version'>[] = [
  {
    name: 'plain',
    delivered: true,
    packets: (ends, port, n) => [packet(ends, udp(10_000 + (n % 50_000), port, DATA))],
  },
  extended('behind a hop-by-hop header', true, HOP_BY_HOP),
  extended('behind destination options', true, DESTINATION),
  extended('behind many destination options', true, ...Array.from({ length: 20 }, () => DESTINATION)),
  extended(
    'behind hop-by-hop, destination options and a fragment header',
    false,
    HOP_BY_HOP,
    DESTINATION,
    fragmentHeader(7, 0, false),
  ),
  extended('as an atomic fragment', true, fragmentHeader(8, 0, false)),
  extended('behind a type 0 routing header that is through', true, routing(0, 0, Buffer.alloc(16))),
  extended('behind a type 0 routing header with a way to go', false, routing(0, 1, Buffer.alloc(16))),
  extended('behind a segment routing header', false, routing(4, 1, Buffer.alloc(16))),
  extended('behind an authentication header', false, AUTHENTICATION),
  {
    name: 'in two fragments',
    delivered: true,
    packets: (ends, port, n) => cutV6(ends, datagram(ends, port, n), n, 24),
  },
  {
    // RFC 7112: the kernel takes no first fragment that doesn't hold all headers.
    name: 'with its ports in the second fragment',
    delivered: false,
    packets: (ends, port, n) => {
      const { bytes } = datagram(ends, port, n);
      const chained = Buffer.concat([Buffer.from([17]), PADDING.subarray(1), bytes]);
      return cutV6(ends, raw(60, chained), n, 8);
    },
  },
  {
    name: 'in fragments that overlap, the second with other ports',
    delivered: false,
    packets: (ends, port, n) => {
      const [innocent, meant] = [datagram(ends, 500, n), datagram(ends, port, n)];
      const [first] = cutV6(ends, innocent, n, 24);
      const over = v6(ends, raw(17, meant.bytes), 64, [fragmentHeader(n, 0, false)]);
      const tail = v6(ends, raw(17, meant.bytes.subarray(8)), 64, [fragmentHeader(n, 8, false)]);
      return first === undefined ? [] : [first, tail, over];
    },
  },
];

export const FORMS: readonly Form[] = [
  ...V4.map((form): Form => ({ ...form, version: 4 })),
  ...V6.map((form): Form => ({ ...form, version: 6 })),
];
