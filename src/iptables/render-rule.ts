import type { Family } from '../net/family.ts';
import { formatPrefix } from '../net/prefix.ts';
import type { Action, Match, Rule } from '../ruleset/match.ts';
import { CT_STATES, protocolSpellings } from './names.ts';
import { quoteWord } from './tokens.ts';

/** iptables-save prints these five before all other matches, in this order. */
const HEAD_ORDER = ['s', 'd', 'i', 'o', 'p'] as const;
type Head = (typeof HEAD_ORDER)[number];
type Piece = { readonly head: Head; readonly text: string } | { readonly text: string };

/** One rule, without `-A CHAIN`, exactly as iptables-save would print it: equal rules are equal texts. */
export function renderRule(rule: Rule, family: Family): string {
  const pieces = rule.match.flatMap((match) => renderMatch(match, family));
  const head = HEAD_ORDER.flatMap((key) => pieces.filter((piece) => 'head' in piece && piece.head === key));
  const tail = pieces.filter((piece) => !('head' in piece));
  const comment = rule.comment === undefined ? [] : [`-m comment --comment ${quoteWord(rule.comment)}`];
  return [...[...head, ...tail].map((piece) => piece.text), ...comment, renderAction(rule.action)].join(' ');
}

const linkPattern = (link: string): string => (link.endsWith('*') ? `${link.slice(0, -1)}+` : link);

/** An address is printed with its length, as iptables-save does. */
const withLength = (match: Match & { kind: 'src' | 'dst' }): string => {
  const text = formatPrefix(match.prefix);
  return text.includes('/') ? text : `${text}/${match.prefix.length}`;
};

function renderMatch(match: Match, family: Family): Piece[] {
  switch (match.kind) {
    case 'in':
    case 'out': {
      const head = match.kind === 'in' ? 'i' : 'o';
      return [{ head, text: `-${head} ${linkPattern(match.link)}` }];
    }
    case 'src':
    case 'dst': {
      const head = match.kind === 'src' ? 's' : 'd';
      return [{ head, text: `-${head} ${withLength(match)}` }];
    }
    case 'protocol':
      return [{ head: 'p', text: `-p ${protocolSpellings(match.protocol, family)[0]}` }];
    case 'elsewhere':
      // IPv6: addrtype counts own addresses as UNICAST too, and an own anycast address is not LOCAL.
      return family === 4
        ? [{ text: '-m addrtype --dst-type UNICAST' }]
        : [{ head: 'd', text: '! -d ff00::/8' }, { text: '-m addrtype ! --dst-type LOCAL,ANYCAST' }];
    case 'group':
      return family === 4 ? [{ text: '-m addrtype ! --dst-type LOCAL' }] : [{ head: 'd', text: '-d ff00::/8' }];
    default:
      return [{ text: renderExtension(match, family) }];
  }
}

type Extension = Exclude<Match, { kind: 'in' | 'out' | 'src' | 'dst' | 'protocol' | 'elsewhere' | 'group' }>;

function renderExtension(match: Extension, family: Family): string {
  switch (match.kind) {
    case 'state': {
      const states = CT_STATES.filter(([state]) => match.states.includes(state)).map(([, name]) => name);
      return `-m conntrack ${match.not ? '! ' : ''}--ctstate ${states.join(',')}`;
    }
    case 'inner-bridge':
      // No match of iptables: only a record of a rule in another backend has these words.
      return '-m inner-bridge';
    case 'dnat':
      return '-m conntrack --ctstate DNAT';
    case 'icmp': {
      const type = match.code === undefined ? `${match.type}` : `${match.type}/${match.code}`;
      return family === 4 ? `-m icmp --icmp-type ${type}` : `-m icmp6 --icmpv6-type ${type}`;
    }
    case 'hop-limit':
      return family === 4 ? `-m ttl --ttl-eq ${match.value}` : `-m hl --hl-eq ${match.value}`;
    case 'udp-ports':
      return `-m udp --sport ${match.source} --dport ${match.destination}`;
    case 'in-set':
      return `-m set ${match.not ? '! ' : ''}--match-set ${match.set} ${match.fields.join(',')}`;
    case 'limit':
      return `-m limit --limit ${match.count}/${match.per === 'second' ? 'sec' : 'min'} --limit-burst ${match.burst}`;
  }
}

function renderAction(action: Action): string {
  switch (action.kind) {
    case 'return':
      return '-j RETURN';
    case 'drop':
      return '-j DROP';
    case 'jump':
      return `-j ${action.chain}`;
    case 'goto':
      return `-g ${action.chain}`;
    case 'log':
      return `-j LOG --log-prefix ${quoteWord(action.prefix)}`;
    case 'note':
      return `-j SET --add-set ${action.set} src,dst`;
    case 'renew':
      return `-j SET --add-set ${action.set} src,dst --exist`;
  }
}
