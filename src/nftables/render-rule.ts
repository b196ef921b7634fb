import { formatAddress } from '../net/address.ts';
import type { Family } from '../net/family.ts';
import { formatPrefix, mask } from '../net/prefix.ts';
import type { Action, ConnState, Match, Rule, RuleProtocol } from '../ruleset/match.ts';
import { IP, nftChain } from './names.ts';
import type { SetPart } from './set-parts.ts';

/** The sets in the kernel that a set is kept in. */
export type PartsOf = (set: string) => readonly SetPart[];

/**
 * A rule in nft's words: one line, or one for each part of a set that is kept in several. Their order is that of the
 * conditions, as the kernel keeps it.
 */
export function renderNftRule(rule: Rule, family: Family, parts: PartsOf): string[] {
  if (isNote(rule)) return [renderAction(rule.action, family)];
  const alternatives = rule.match.map((match) => renderMatch(match, rule, family, parts)).filter(isSaid);
  const tail = [renderAction(rule.action, family), ...commentText(rule)];
  return combine(alternatives).map((words) => [...words, ...tail].join(' '));
}

const isSaid = (alternatives: readonly string[]): boolean => alternatives.length > 0;

/** Every way to take one alternative of each. */
const combine = (alternatives: readonly (readonly string[])[]): string[][] =>
  alternatives.reduce<string[][]>((all, next) => all.flatMap((words) => next.map((word) => [...words, word])), [[]]);

/** Whether the rule notes whoever isn't noted yet: to nftables that is one step. */
function isNote({ match, action }: Rule): boolean {
  const [lookup, ...rest] = match;
  const isAbsent = rest.length === 0 && lookup?.kind === 'in-set' && lookup.not === true;
  return action.kind === 'note' && isAbsent && lookup.set === action.set;
}

/** Of other protocols there is nothing to be remembered. */
const WITH_PORTS = 'meta l4proto { tcp, udp }';

/** What is looked up in a set of addresses and ports. */
const endpoint = (address: 'src' | 'dst', port: 'src' | 'dst', family: Family): string =>
  `${IP[family]} ${address === 'src' ? 'saddr' : 'daddr'} . meta l4proto . th ${port === 'src' ? 'sport' : 'dport'}`;

const STATE: Readonly<Record<ConnState, string>> = {
  established: 'established',
  related: 'related',
  invalid: 'invalid',
};

const L4PROTO: Readonly<Record<RuleProtocol, string>> = { tcp: 'tcp', udp: 'udp', icmp: 'icmp', igmp: 'igmp' };
const l4proto = (protocol: RuleProtocol, family: Family): string =>
  protocol === 'icmp' && family === 6 ? 'ipv6-icmp' : L4PROTO[protocol];

/** The alternatives of one condition; none where another one says the same. */
function renderMatch(match: Match, rule: Rule, family: Family, parts: PartsOf): string[] {
  const ip = IP[family];
  switch (match.kind) {
    case 'state':
      return [`ct state ${match.states.map((state) => STATE[state]).join(',')}`];
    case 'dnat':
      return ['ct status dnat'];
    case 'elsewhere':
      return family === 4 ? ['fib daddr type unicast'] : ['ip6 daddr != ff00::/8 fib daddr type != { local, anycast }'];
    case 'group':
      return family === 4 ? ['fib daddr type != local'] : ['ip6 daddr ff00::/8'];
    case 'in':
      return [`iifname "${match.link}"`];
    case 'inner-bridge':
      return [`meta iifkind "bridge" ${ip} saddr { ${PRIVATE[family].join(', ')} } fib saddr . iif oif exists`];
    case 'out':
      return [`oifname "${match.link}"`];
    case 'src':
      return [`${ip} saddr ${formatPrefix(match.prefix)}`];
    case 'dst':
      return [`${ip} daddr ${formatPrefix(match.prefix)}`];
    case 'protocol':
      return impliesProtocol(rule) ? [] : [`meta l4proto ${l4proto(match.protocol, family)}`];
    case 'icmp': {
      const word = family === 4 ? 'icmp' : 'icmpv6';
      return [`${word} type ${match.type}${match.code === undefined ? '' : ` ${word} code ${match.code}`}`];
    }
    case 'hop-limit':
      return [family === 4 ? `ip ttl ${match.value}` : `ip6 hoplimit ${match.value}`];
    case 'udp-ports':
      return [`udp sport ${match.source} udp dport ${match.destination}`];
    case 'in-set':
      return renderLookup(match, rule, family, parts);
    case 'limit':
      return [`limit rate ${match.count}/${match.per} burst ${match.burst} packets`];
  }
}

/** RFC 1918, section 3; RFC 4193, section 3.1, and what is of the link itself. In the order in which nft prints them. */
export const PRIVATE: Readonly<Record<Family, readonly string[]>> = {
  4: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  6: ['fc00::/7', 'fe80::/10'],
};

/** nft says the protocol once: with the port, the type, or alone. */
const impliesProtocol = ({ match }: Rule): boolean =>
  match.some((each) => each.kind === 'icmp' || each.kind === 'udp-ports' || isPortLookup(each));

/** Whether numbers of ports are looked up: the sets of ports are known by their names. */
export const isPortLookup = (match: Match): boolean =>
  match.kind === 'in-set' && match.fields.length === 1 && /^seawall-(public-(tcp|udp)|ports)[46]/.test(match.set);

function renderLookup(match: Match & { kind: 'in-set' }, rule: Rule, family: Family, parts: PartsOf): string[] {
  const [first = 'src', second] = match.fields;
  if (second !== undefined) return [`${endpoint(first, second, family)} @${match.set}`];
  if (isPortLookup(match)) {
    const protocol = rule.match.find(({ kind }) => kind === 'protocol');
    const word = protocol?.kind === 'protocol' ? protocol.protocol : 'th';
    return [`${word} ${first === 'src' ? 'sport' : 'dport'} @${match.set}`];
  }
  const address = `${IP[family]} ${first === 'src' ? 'saddr' : 'daddr'}`;
  return parts(match.set).map(({ name, length, within }) => {
    const guard = within ? `${address} ${formatPrefix(within)} ` : '';
    return `${guard}${address}${maskText(length, family)} @${name}`;
  });
}

const maskText = (length: number | undefined, family: Family): string =>
  length === undefined || length === (family === 4 ? 32 : 128)
    ? ''
    : ` & ${formatAddress({ family, value: mask(family, length) })}`;

function renderAction(action: Action, family: Family): string {
  switch (action.kind) {
    case 'return':
      return 'return';
    case 'drop':
      return 'counter drop';
    case 'jump':
    case 'goto':
      return `${action.kind} ${nftChain(action.chain, family)}`;
    case 'log':
      return `log prefix "${action.prefix}"`;
    case 'note':
      return `${WITH_PORTS} add @${action.set} { ${endpoint('src', 'dst', family)} counter }`;
    case 'renew':
      return `${WITH_PORTS} update @${action.set} { ${endpoint('src', 'dst', family)} }`;
  }
}

const commentText = ({ comment }: Rule): string[] =>
  comment === undefined ? [] : [`comment "${nftComment(comment)}"`];

/** nft has no way to write a quotation mark inside of quotes, and takes 128 bytes at most. */
export const nftComment = (comment: string): string => comment.replaceAll('"', "'").slice(0, 128);
