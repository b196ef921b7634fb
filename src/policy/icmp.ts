import type { Family } from '../net/family.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Match, Rule } from '../ruleset/match.ts';

/** fe80::/10: addresses of the same link. */
const LINK_LOCAL: Prefix = { family: 6, value: 0xfe80n << 112n, length: 10 };
const MULTICAST_4: Prefix = { family: 4, value: 224n << 24n, length: 4 };

const pass = (...match: Match[]): Rule => ({ match, action: { kind: 'return' } });
const type = (number: number, code?: number): Match[] => [
  { kind: 'protocol', protocol: 'icmp' },
  code === undefined ? { kind: 'icmp', type: number } : { kind: 'icmp', type: number, code },
];

/** Echo requests of strangers, per second: enough for monitoring, too little to be of use to an attacker. */
const ECHO_LIMIT: Match = { kind: 'limit', count: 20, per: 'second', burst: 50 };

/**
 * Messages that connection tracking takes for invalid although they are not, so they pass before that test.
 *
 * Neighbour discovery: RFC 4890, 4.4.1; a hop limit of 255 proves that it comes from the same link (RFC 4861, 6.1 and
 * 7.1). Replies to an echo request that went to a multicast group come from an address that nobody asked.
 */
export function notMisjudged(family: Family): Rule[] {
  if (family === 4) return [];
  const onLink: Match = { kind: 'hop-limit', value: 255 };
  return [
    // Router solicitation and advertisement, neighbour solicitation and advertisement; inverse discovery; SEND.
    ...[133, 134, 135, 136, 141, 142, 148, 149].map((number) => pass(...type(number), onLink)),
    // Multicast listener discovery (RFC 4890, 4.4.1: link-local source).
    ...[130, 131, 132, 143].map((number) => pass({ kind: 'src', prefix: LINK_LOCAL }, ...type(number))),
    pass(...type(129)),
  ];
}

/**
 * What every host needs: errors that keep connections alive (path MTU discovery above all), and a measured echo.
 * IPv6: RFC 4890, 4.4.1; IPv4: the same messages under their numbers of RFC 792.
 */
export function neededIcmp(family: Family): Rule[] {
  if (family === 4) return [pass(...type(3)), pass(...type(11)), pass(...type(12)), pass(...type(8), ECHO_LIMIT)];
  const errors = [type(1), type(2), type(3, 0), type(4, 1), type(4, 2)];
  return [...errors.map((match) => pass(...match)), pass(...type(128), ECHO_LIMIT)];
}

/** Answers to the own DHCP client (RFC 2131, 4.1; RFC 8415, 7.2), and multicast queries of routers (RFC 3376, 4). */
export function setUpOfHosts(family: Family): Rule[] {
  const udp: Match = { kind: 'protocol', protocol: 'udp' };
  if (family === 6) {
    const ports: Match = { kind: 'udp-ports', source: 547, destination: 546 };
    return [pass({ kind: 'src', prefix: LINK_LOCAL }, udp, ports)];
  }
  return [
    pass(udp, { kind: 'udp-ports', source: 67, destination: 68 }),
    pass({ kind: 'dst', prefix: MULTICAST_4 }, { kind: 'protocol', protocol: 'igmp' }),
  ];
}
