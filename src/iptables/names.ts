import type { Family } from '../net/family.ts';
import type { HookPoint } from '../ruleset/ruleset.ts';
import type { ConnState, RuleProtocol } from '../ruleset/match.ts';

/** The table that Docker and other firewalls leave alone; its chains run before any NAT. */
export const TABLE = 'mangle';

/** The two implementations of iptables. Rules of both are in force at once, and each shows only its own. */
export type Variant = 'legacy' | 'nft';

export const VARIANT_NAMES: Readonly<Record<Variant, string>> = {
  legacy: 'legacy iptables',
  nft: 'the nft variant',
};

export const BUILT_IN: Readonly<Record<HookPoint, string>> = {
  prerouting: 'PREROUTING',
  input: 'INPUT',
  forward: 'FORWARD',
  output: 'OUTPUT',
};

/** In the order in which iptables-save prints them. */
export const CT_STATES: readonly (readonly [ConnState, string])[] = [
  ['invalid', 'INVALID'],
  ['related', 'RELATED'],
  ['established', 'ESTABLISHED'],
];

const PROTOCOLS_4: Readonly<Record<RuleProtocol, readonly string[]>> = {
  tcp: ['tcp', '6'],
  udp: ['udp', '17'],
  icmp: ['icmp', '1'],
  igmp: ['igmp', '2'],
};

/** The ways a protocol is spelled (the first is ours): a machine without /etc/protocols prints numbers. */
export const protocolSpellings = (protocol: RuleProtocol, family: Family): readonly string[] =>
  protocol === 'icmp' && family === 6 ? ['ipv6-icmp', 'icmpv6', 'icmp6', '58'] : PROTOCOLS_4[protocol];
