import { FAMILIES, type Family } from '../net/family.ts';
import type { Action, Match, Rule } from '../ruleset/match.ts';
import {
  CHAIN_PREFIX,
  cutSetName,
  deniedSetName,
  latelySetName,
  type SlotRole,
  slotSetName,
  type Slots,
} from '../ruleset/ownership.ts';
import type { Chain, FamilyRules, Hook, Ruleset } from '../ruleset/ruleset.ts';
import type { SetSpec } from '../ruleset/set.ts';
import { neededIcmp, notMisjudged, setUpOfHosts } from './icmp.ts';
import { type AllowSets, allowSets, listSet } from './content-sets.ts';
import { LOOPBACK } from './loopback.ts';
import type { Policy } from './policy.ts';
import type { Zones } from './zones.ts';

/** The chains, in the order in which a packet can meet them. */
export const CHAINS = {
  /** What arrives: is it meant for this machine, and from which side does it come? */
  arriving: `${CHAIN_PREFIX}PRE`,
  /** What is to be forwarded: is it meant for something behind this machine? */
  passing: `${CHAIN_PREFIX}FWD`,
  /** From outside to this machine: addresses and ports decide. */
  host: `${CHAIN_PREFIX}HOST`,
  /** Where addresses alone decide: from outside to something behind this machine, and ICMP that is no need. */
  behind: `${CHAIN_PREFIX}BEHIND`,
  /** ICMP that a network can't do without. */
  icmp: `${CHAIN_PREFIX}ICMP`,
  /** Broadcasts that reach this machine over an outer bridge; only where there is one. */
  groups: `${CHAIN_PREFIX}GROUP`,
  /** What this machine sends of its own accord: nothing to connections that were cut. */
  leaving: `${CHAIN_PREFIX}OUT`,
  /** The end of the way: remembered, logged if asked, dropped. */
  deny: `${CHAIN_PREFIX}DENY`,
} as const;

const LOG_PREFIX = 'seawall denied: ';

/** The rules for a policy, while no connection has been cut. */
export const compile = (policy: Policy): Ruleset => ({
  4: compileFamily(policy, 4, {}),
  6: compileFamily(policy, 6, {}),
});

/** `slots`: under which of their two names the sets are used. */
export function compileFamily(policy: Policy, family: Family, slots: Slots): FamilyRules {
  const names = (role: SlotRole): string => slotSetName(role, family, slots[role] ?? 'a');
  const lists = {
    trusted: listSet(policy.trustedLists[family]),
    block: listSet(policy.blockLists[family]),
  };
  const allow = policy.allow.flatMap((rule) => allowSets(rule, family));
  // A look-up costs a new connection more than any other rule, so where nobody is blocked there is none.
  const blocked = policy.block[family].size > 0 ? names('block') : undefined;
  const sources: SourceSets = {
    blocked,
    trusted: names('trusted'),
    trustedList: lists.trusted?.name,
    blockList: lists.block?.name,
    publicPorts: { tcp: names('public-tcp'), udp: names('public-udp') },
  };
  return {
    family,
    sets: distinct([
      { kind: 'net', name: names('trusted'), family, members: policy.trusted[family] },
      ...(blocked === undefined
        ? []
        : [{ kind: 'net' as const, name: blocked, family, members: policy.block[family] }]),
      { kind: 'port', name: names('public-tcp'), family, ports: policy.public.tcp },
      { kind: 'port', name: names('public-udp'), family, ports: policy.public.udp },
      ...Object.values(lists).filter((set) => set !== undefined),
      ...allow.flatMap(({ source, ports }) => [source, ports.set]),
      { kind: 'denied', name: deniedSetName(family), family },
      { kind: 'denied', name: latelySetName(family), family },
      { kind: 'denied', name: cutSetName(family), family },
    ]),
    chains: [
      { name: CHAINS.arriving, rules: arrivingRules(policy, family) },
      { name: CHAINS.passing, rules: passingRules(policy, family) },
      { name: CHAINS.host, rules: hostRules(sources, allow, family) },
      { name: CHAINS.behind, rules: [...trustRules(sources), rule([], { kind: 'goto', chain: CHAINS.deny })] },
      { name: CHAINS.icmp, rules: icmpRules(family) },
      { name: CHAINS.deny, rules: denyRules(policy.log, family) },
      { name: CHAINS.leaving, rules: [cutRule(family)] },
      ...groupChain(policy.zones),
    ] satisfies Chain[],
    hooks: hooks(policy.zones),
  };
}

/** Sets by their role in the rules. */
interface SourceSets {
  readonly blocked: string | undefined;
  readonly trusted: string;
  readonly trustedList: string | undefined;
  readonly blockList: string | undefined;
  readonly publicPorts: Readonly<Record<'tcp' | 'udp', string>>;
}

const rule = (match: readonly Match[], action: Action, comment?: string): Rule =>
  comment === undefined ? { match, action } : { match, action, comment };

const RETURN: Action = { kind: 'return' };
const DROP: Action = { kind: 'drop' };
const INVALID: Match = { kind: 'state', states: ['invalid'] };
const NOT_ESTABLISHED: Match = { kind: 'state', states: ['related', 'established'], not: true };

const from = (set: string): Match => ({ kind: 'in-set', set, fields: ['src'] });
const port = (set: string): Match => ({ kind: 'in-set', set, fields: ['dst'] });

/** Packets of established connections don't even enter a chain: for them the firewall is this one test. */
function hooks(zones: Zones): Hook[] {
  const match = [NOT_ESTABLISHED];
  const own: Hook[] = [
    { point: 'prerouting', match, chain: CHAINS.arriving },
    { point: 'forward', match, chain: CHAINS.passing },
  ];
  const groups: Match[] = [NOT_ESTABLISHED, { kind: 'group' }];
  return zones.bridges.length === 0 ? own : [...own, { point: 'input', match: groups, chain: CHAINS.groups }];
}

/** Stands from the first cut connection on, not before: what this machine sends would pay for it at every packet. */
export const CUT_HOOK: Hook = { point: 'output', match: [NOT_ESTABLISHED], chain: CHAINS.leaving };

/** Broadcasts of internal interfaces pass, as everything from there does. */
function groupChain({ bridges }: Zones): Chain[] {
  const rules = bridges.map((link) => rule([{ kind: 'in', link }], { kind: 'goto', chain: CHAINS.host }));
  return rules.length === 0 ? [] : [{ name: CHAINS.groups, rules }];
}

/** A bridge of Docker's that was made since, under a name of its own. Those that are known not to be its come before. */
const INNER_BRIDGE = rule([{ kind: 'inner-bridge' }], RETURN);

function arrivingRules({ zones, innerBridges }: Policy, family: Family): Rule[] {
  const toHost: Action = { kind: 'goto', chain: CHAINS.host };
  return [
    rule([{ kind: 'elsewhere' }], RETURN),
    rule([{ kind: 'in', link: 'lo' }], RETURN),
    // Packets with a loopback address can't come from outside, whatever route_localnet says.
    rule([{ kind: 'src', prefix: LOOPBACK[family] }], DROP),
    rule([{ kind: 'dst', prefix: LOOPBACK[family] }], DROP),
    // Broadcasts on a bridge are for the machines on it too: the own copy is judged on its way in.
    ...zones.bridges.map((link) => rule([{ kind: 'in', link }, { kind: 'group' }], RETURN)),
    ...zones.except.map((link) => rule([{ kind: 'in', link }], toHost)),
    ...zones.internal.map((link) => rule([{ kind: 'in', link }], RETURN)),
    ...(innerBridges ? [INNER_BRIDGE] : []),
    rule([], toHost),
  ];
}

/**
 * A server that goes on sending would make its cut connection a tracked one again, opened from inside this time, and the
 * client's answers would be established.
 */
const cutRule = (family: Family): Rule =>
  rule([{ kind: 'in-set', set: cutSetName(family), fields: ['dst', 'src'] }], DROP);

function passingRules({ zones, innerBridges }: Policy, family: Family): Rule[] {
  const toBehind: Action = { kind: 'goto', chain: CHAINS.behind };
  return [
    // Judged when it arrived, by the port that the client dialled.
    rule([{ kind: 'dnat' }], RETURN),
    cutRule(family),
    ...zones.outer.map((link) => rule([{ kind: 'out', link }], RETURN)),
    ...zones.except.map((link) => rule([{ kind: 'in', link }], toBehind)),
    ...zones.internal.map((link) => rule([{ kind: 'in', link }], RETURN)),
    ...(innerBridges ? [INNER_BRIDGE] : []),
    rule([], toBehind),
  ];
}

function hostRules(sources: SourceSets, allow: readonly AllowSets[], family: Family): Rule[] {
  return [
    // Not a jump: what returns from there is through, and not to be judged by its source after all.
    rule([{ kind: 'protocol', protocol: 'icmp' }], { kind: 'goto', chain: CHAINS.icmp }),
    rule([INVALID], DROP),
    ...setUpOfHosts(family),
    ...trustRules(sources),
    ...(sources.blockList === undefined ? [] : [rule([from(sources.blockList)], DROP)]),
    ...allow.map(({ source, ports, note }) =>
      rule([{ kind: 'protocol', protocol: ports.protocol }, from(source.name), port(ports.set.name)], RETURN, note),
    ),
    rule([{ kind: 'protocol', protocol: 'tcp' }, port(sources.publicPorts.tcp)], RETURN),
    rule([{ kind: 'protocol', protocol: 'udp' }, port(sources.publicPorts.udp)], RETURN),
    rule([], { kind: 'goto', chain: CHAINS.deny }),
  ];
}

/** What a network needs is let pass; the rest of ICMP is for those who may reach everything. */
function icmpRules(family: Family): Rule[] {
  const toBehind: Action = { kind: 'goto', chain: CHAINS.behind };
  return [...notMisjudged(family), rule([INVALID], DROP), ...neededIcmp(family), rule([], toBehind)];
}

/** Blocked beats trusted, everywhere. */
function trustRules(sources: SourceSets): Rule[] {
  return [
    ...(sources.blocked === undefined ? [] : [rule([from(sources.blocked)], DROP)]),
    rule([from(sources.trusted)], RETURN),
    ...(sources.trustedList === undefined ? [] : [rule([from(sources.trustedList)], RETURN)]),
  ];
}

function denyRules(log: Policy['log'], family: Family): Rule[] {
  const set = deniedSetName(family);
  const limit: Match = { kind: 'limit', count: 10, per: 'minute', burst: 20 };
  return [
    // Looked up before it is added: a flood costs a lookup a packet, and its entry counts how often.
    rule([{ kind: 'in-set', set, fields: ['src', 'dst'], not: true }], { kind: 'note', set }),
    rule([], { kind: 'renew', set: latelySetName(family) }),
    ...(log === 'limited' ? [rule([limit], { kind: 'log', prefix: LOG_PREFIX })] : []),
    rule([], DROP),
  ];
}

const distinct = (sets: readonly SetSpec[]): SetSpec[] => [...new Map(sets.map((set) => [set.name, set])).values()];

/** Every set of both IP versions. */
export const allSets = (ruleset: Ruleset): SetSpec[] => FAMILIES.flatMap((family) => ruleset[family].sets);
