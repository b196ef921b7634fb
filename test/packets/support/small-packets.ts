import * as fc from 'fast-check';
import { formatAddress } from '../../../src/net/address.ts';
import type { Family } from '../../../src/net/family.ts';
import { addressOf } from '../../support/small-world.ts';
import { arrivalKey } from './arrivals.ts';
import { PROTOCOL, type Payload, addressBytes, icmp, icmp6, packet, raw, tcp, udp, words } from './frames.ts';
import { shortened } from './rule-frames.ts';
import { type Aimed, HOST_MAC, LINK_NAMES, type LinkName } from './small-host.ts';
import { groupMac } from './wire.ts';

/** Packets for test/packets/support/small-host.ts from the addresses that policies of test/support/small-world.ts are about. */
interface Drawn {
  readonly family: Family;
  readonly link: LinkName;
  /** 0 to 7: an address of the small world; else someone else. */
  readonly from: number | 'stranger' | 'inside' | 'loopback';
  readonly to: keyof typeof PLACES;
  readonly what: 'tcp' | 'udp' | 'echo' | 'icmp' | 'neighbour' | 'esp' | 'invalid' | 'dhcp';
  readonly port: number;
}

const PLACES = {
  host: { 4: '192.0.2.1', 6: '2001:db8::1' },
  'the gateway of a network': { 4: '172.17.0.1', 6: 'fd00:17::1' },
  loopback: { 4: '127.0.0.1', 6: '::1' },
  everyone: { 4: '224.0.0.1', 6: 'ff02::1' },
  outside: { 4: '192.0.2.99', 6: '2001:db8::99' },
  container: { 4: '172.17.0.2', 6: 'fd00:17::2' },
  'container on br-*': { 4: '172.28.0.2', 6: 'fd00:28::2' },
  guest: { 4: '192.168.123.9', 6: 'fd00:123::9' },
  'behind wg0': { 4: '10.77.0.9', 6: 'fd00:77::9' },
  'behind wg9': { 4: '10.79.0.9', 6: 'fd00:79::9' },
  'behind another link': { 4: '10.99.0.9', 6: 'fd00:99::9' },
} as const;

const SOURCES = {
  stranger: { 4: '198.51.100.77', 6: '2001:db8:77::1' },
  /** A private address, as containers have one. */
  inside: { 4: '172.17.0.3', 6: 'fd00:17::3' },
  loopback: { 4: '127.0.0.9', 6: '::1' },
} as const;

const drawnArb: fc.Arbitrary<Drawn> = fc.record({
  family: fc.constantFrom<Family>(4, 6),
  link: fc.oneof(fc.constant('eth0' as const), fc.constantFrom(...LINK_NAMES)),
  from: fc.oneof(
    { weight: 6, arbitrary: fc.nat(7) },
    { weight: 2, arbitrary: fc.constantFrom('stranger' as const, 'inside' as const) },
    { weight: 1, arbitrary: fc.constant('loopback' as const) },
  ),
  to: fc.oneof(fc.constant('host' as const), fc.constantFrom(...(Object.keys(PLACES) as (keyof typeof PLACES)[]))),
  what: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom('tcp' as const, 'udp' as const) },
    { weight: 1, arbitrary: fc.constantFrom('echo', 'icmp', 'neighbour', 'esp', 'invalid', 'dhcp') },
  ),
  port: fc.constantFrom(21, 22, 23, 79, 80, 81, 443, 7999, 8000, 8001, 8002),
});

export interface Named extends Aimed {
  readonly name: string;
}

/** So many packets, no two of which arrive under the same key. */
export const packetsArb = (count: number): fc.Arbitrary<Named[]> =>
  fc.array(drawnArb, { minLength: count, maxLength: count }).map((all) => {
    const named = all.map((drawn, index) => aim(drawn, 10_000 + index));
    return named.filter(({ key }, index) => named.findIndex((other) => other.key === key) === index);
  });

function aim(drawn: Drawn, number: number): Named {
  const { family, link, from, to, what, port } = drawn;
  const source = typeof from === 'number' ? formatAddress(addressOf(family, from)) : SOURCES[from][family];
  const destination = PLACES[to][family];
  const payload = payloadOf(drawn, number);
  return {
    name: `v${family} ${link}: ${source} → ${to}, ${what} ${port}`,
    link,
    to: to === 'everyone' ? groupMac(addressBytes(destination)) : HOST_MAC,
    packet: packet({ source, destination }, payload, what === 'neighbour' ? 255 - (port % 2) : 64),
    key: arrivalKey(shortened(source), payload.protocol, payload.bytes.readUInt16BE(0)),
  };
}

function payloadOf({ family, what, port }: Drawn, number: number): Payload {
  const control = (type4: number, type6: number): Payload => (family === 4 ? icmp(type4, 0) : icmp6(type6, 0));
  switch (what) {
    case 'tcp':
      return tcp(number, port, 2);
    case 'udp':
      return udp(number, port);
    case 'echo':
      return control(8, 128);
    case 'icmp':
      return control(port % 2 ? 13 : 5, port % 2 ? 139 : 137);
    case 'neighbour':
      return control(9, 135);
    case 'esp':
      return raw(PROTOCOL.esp, words(number, port, 0, 1, 2, 3));
    case 'invalid':
      // SYN and FIN together: no connection begins or goes on like that.
      return tcp(number, port, 3);
    case 'dhcp':
      return family === 4 ? udp(67, 68) : udp(547, 546);
  }
}
