import { HOST } from '../../../lab/addresses.ts';
import { type IpVersion, IP_VERSIONS, addressOf } from './cells.ts';
import { addressBytes, packet, udp } from './frames.ts';
import { FORMS } from './odd-forms.ts';
import { BRIDGES } from './rule-world.ts';
import { BROADCAST_MAC, type Sent, groupMac } from './wire.ts';

/** Datagrams from the outer link to a UDP port of the host, and whether they may get there. */
export interface OddCase {
  readonly name: string;
  readonly version: IpVersion;
  readonly source: string;
  readonly port: number;
  /** `serial` makes connections of different runs differ. */
  readonly sent: (hostMac: string, serial: number) => readonly Sent[];
  /** Without Seawall; undefined where that depends on the kernel. */
  readonly bare: boolean | undefined;
  readonly applied: boolean | undefined;
}

/** `v4`: a program that listens on 0.0.0.0 only; multicast of IPv4 reaches no socket of IPv6. */
export const PORT = { host: 7000, v4: 7005, public: 500, vxlan: 4789 } as const;

/** A source of its own for every case, by which its datagrams are recognised. */
let last = 0;
const stranger = (version: IpVersion): string => {
  last++;
  return version === 4
    ? `198.51.${last < 130 ? '100' : '101'}.${100 + (last % 130)}`
    : `2001:db8:51::f:${(1000 + last).toString()}`;
};
const friend = (version: IpVersion): string => {
  last++;
  return version === 4 ? `198.18.65.${last}` : `2001:db8:b00::${1000 + last}`;
};
const linkLocal = (): string => {
  last++;
  return `fe80::${1000 + last}`;
};

const WHO = [
  ['untrusted', stranger, PORT.host, false],
  ['untrusted', stranger, PORT.public, true],
  ['trusted', friend, PORT.host, true],
] as const;

/** Every way to write a datagram, from everybody to everything. */
const formCases = (): OddCase[] =>
  FORMS.flatMap(({ name, version, delivered, packets }) =>
    WHO.map(([who, address, port, passes]) => {
      const source = address(version);
      const ends = { source, destination: addressOf(HOST, version) ?? '' };
      return {
        name: `${who} → ${port}/udp, ${name}`,
        version,
        source,
        port,
        sent: (to, serial) => packets(ends, port, serial).map((each) => ({ to, packet: each })),
        bare: delivered ? true : undefined,
        applied: delivered || !passes ? passes : undefined,
      };
    }),
  );

interface Way {
  readonly name: string;
  readonly destination: string;
  readonly source: (version: IpVersion) => string;
  readonly port?: number;
  readonly bare: boolean | undefined;
  readonly applied: boolean;
}

const ways = (): Way[] => [
  ...BROADCASTS.flatMap((destination) => {
    const port = destination.includes(':') ? PORT.host : PORT.v4;
    return [
      { name: `untrusted → ${destination}`, destination, source: stranger, port, bare: true, applied: false },
      { name: `trusted → ${destination}`, destination, source: friend, port, bare: true, applied: true },
    ];
  }),
  ...BROADCASTS.filter((destination) => destination !== '224.0.0.1').map((destination) => ({
    name: `untrusted → ${destination}, public port`,
    destination,
    source: stranger,
    port: PORT.public,
    bare: true,
    applied: true,
  })),
  ...DOCKER_BROADCASTS.map((destination) => ({
    name: `untrusted → ${destination}, of a Docker network`,
    destination,
    source: stranger,
    port: PORT.v4,
    bare: true,
    applied: false,
  })),
  {
    name: 'someone without an address yet → 255.255.255.255',
    destination: '255.255.255.255',
    source: () => '0.0.0.0',
    port: PORT.v4,
    bare: true,
    applied: false,
  },
  { name: 'link-local → ff02::1', destination: 'ff02::1', source: linkLocal, bare: true, applied: false },
  ...ANYCASTS.flatMap(([destination, bare]) => [
    { name: `untrusted → subnet-router anycast ${destination}`, destination, source: stranger, bare, applied: false },
    { name: `link-local → subnet-router anycast ${destination}`, destination, source: linkLocal, bare, applied: false },
  ]),
  { name: 'trusted → subnet-router anycast', destination: '2001:db8:51::', source: friend, bare: true, applied: true },
  ...OTHER_ADDRESSES.map((destination) => ({
    name: `untrusted → the host's other address ${destination}`,
    destination,
    source: stranger,
    bare: true,
    applied: false,
  })),
  { name: 'link-local → host', destination: HOST.v6, source: linkLocal, bare: true, applied: false },
  {
    name: 'link-local → host, public port',
    destination: HOST.v6,
    source: linkLocal,
    port: PORT.public,
    bare: true,
    applied: true,
  },
  ...LOOPBACK.flatMap(([name, source, destination, bare]) =>
    [PORT.host, PORT.public].map((port) => ({
      name: `${name}, ${port}/udp`,
      destination,
      source: () => source(port),
      port,
      bare,
      applied: false,
    })),
  ),
  ...IP_VERSIONS.flatMap((version) => [
    {
      name: 'untrusted VXLAN',
      destination: addressOf(HOST, version) ?? '',
      source: stranger,
      port: PORT.vxlan,
      bare: true,
      applied: false,
    },
    {
      name: 'trusted VXLAN',
      destination: addressOf(HOST, version) ?? '',
      source: friend,
      port: PORT.vxlan,
      bare: true,
      applied: true,
    },
  ]),
];

const BROADCASTS = ['255.255.255.255', '198.51.100.255', '224.0.0.1', 'ff02::1', 'ff02::2'];
const DOCKER_BROADCASTS = ['172.17.255.255', '172.28.255.255'];
/** The last ones are of links where Docker's containers and the guests are. */
const ANYCASTS = [
  ['2001:db8:51::', true],
  ['fe80::', true],
  ['2001:db8:d0c:b::', true],
  [`${BRIDGES.vm.v6}::`, true],
] as const;
const OTHER_ADDRESSES = ['172.17.0.1', '172.28.0.1', `${BRIDGES.vm.v4}.1`, '2001:db8:d0c:b::1', `${BRIDGES.vm.v6}::1`];
/** With route_localnet on the link, so that in IPv4 the kernel lets them in. */
const LOOPBACK = [
  ['forged source 127/8', (port: number) => `127.0.1.${port % 200}`, HOST.v4, true],
  ['forged destination 127.0.0.1', () => stranger(4), '127.0.0.1', true],
  ['forged destination 127.1.2.3', () => stranger(4), '127.1.2.3', true],
  ['forged source ::1', () => '::1', HOST.v6, undefined],
  ['forged destination ::1', () => stranger(6), '::1', undefined],
] as const;

const macFor = (destination: string, hostMac: string): string => {
  if (destination.startsWith('ff')) return groupMac(addressBytes(destination));
  if (destination.startsWith('224.')) return groupMac(addressBytes(destination));
  return BROADCASTS.includes(destination) ? BROADCAST_MAC : hostMac;
};

const wayCases = (): OddCase[] =>
  ways().map(({ name, destination, source: from, port = PORT.host, bare, applied }) => {
    const version = destination.includes(':') ? 6 : 4;
    const source = from(version);
    return {
      name,
      version,
      source,
      port,
      sent: (hostMac, serial) => [
        {
          to: macFor(destination, hostMac),
          packet: packet({ source, destination }, udp(10_000 + (serial % 50_000), port)),
        },
      ],
      bare,
      applied,
    };
  });

export const ODD_CASES: readonly OddCase[] = [...formCases(), ...wayCases()];
