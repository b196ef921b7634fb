import type { Family } from '../../net/family.ts';
import type { Condition } from '../../ruleset/condition.ts';
import { addrtype, iprange, set } from './match-addresses.ts';
import { connmark, conntrack, mark } from './match-conntrack.ts';
import { icmp, icmp6 } from './match-icmp.ts';
import { multiport, onlyPorts, tcp } from './match-ports.ts';
import { openCondition, type MatchReader } from './match-reading.ts';
import type { Option } from './rule-words.ts';

/** Says nothing about the packet. */
const nothing: MatchReader = () => [];

/** Who is put into a list by a rule matches it, always; all else of `recent` depends on who came before. */
const recent: MatchReader = (options, _family, text) =>
  options.some(({ name, not }) => name === '--set' && !not) ? [] : [openCondition(text)];

/**
 * Matches that are decided. All others are `open`, the known ones too: what they ask (limit, hashlimit, recent, statistic,
 * time, connlimit, quota, string, u32, bpf, owner, physdev, policy, mac, length, ttl, hl, rpfilter, pkttype, rt, frag …) is
 * no part of the packets that are judged here, or changes while they come.
 */
const READERS: Readonly<Record<string, MatchReader>> = {
  tcp,
  udp: onlyPorts,
  udplite: onlyPorts,
  sctp: onlyPorts,
  dccp: onlyPorts,
  multiport,
  icmp,
  icmp6,
  icmpv6: icmp6,
  conntrack,
  state: conntrack,
  mark,
  connmark,
  addrtype,
  iprange,
  set,
  recent,
  comment: nothing,
};

export const isKnownMatch = (name: string): boolean => Object.hasOwn(READERS, name);

/** The conditions of one `-m`. `text`: as it stands in the rule, from `-m` on. */
export function readMatch(
  name: string,
  options: readonly Option[],
  family: Family,
  text: string,
): readonly Condition[] {
  const reader = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
  return reader ? reader(options, family, text) : [openCondition(text)];
}
