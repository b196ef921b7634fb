import { formatAddress } from '../../src/net/address.ts';
import type {
  AddressRange,
  Condition,
  FilterRule,
  NumberRange,
  PacketChange,
  RuleAction,
} from '../../src/ruleset/netfilter.ts';

/** A rule of the model in a few words, so that a test can say what it expects of a text: `tcp dst-port 22 → accept`. */
export const shownRule = ({ conditions, also = [], action }: FilterRule): string =>
  [...conditions.map(shownCondition), '→', ...also.map(shownChange), shownAction(action)].join(' ');

export const shownCondition = (condition: Condition): string => `${condition.not ? '!' : ''}${plain(condition)}`;

const range = ({ first, last }: NumberRange): string => (first === last ? `${first}` : `${first}-${last}`);
const addresses = ({ first, last }: AddressRange): string =>
  first.value === last.value ? formatAddress(first) : `${formatAddress(first)}-${formatAddress(last)}`;
const hex = (value: number): string => `0x${value.toString(16)}`;

function plain(condition: Condition): string {
  switch (condition.kind) {
    case 'family':
      return `ipv${condition.family}`;
    case 'link':
      return `${condition.side}(${condition.names.join()})`;
    case 'address':
      return `${condition.end}(${condition.ranges.map(addresses).join()})`;
    case 'address-type':
      return `${condition.end}-type(${condition.types.join()}${condition.onLink ? ` on ${condition.onLink}` : ''})`;
    case 'protocol':
      return `protocol(${condition.protocols.map(range).join()})`;
    case 'port':
      return `${condition.end}-port(${condition.ranges.map(range).join()})`;
    case 'icmp':
      return `icmp(${condition.types.map(({ type, code }) => range(type) + (code ? `/${range(code)}` : '')).join()})`;
    case 'tcp-flags':
      return `flags(${condition.flags} of ${condition.mask})`;
    case 'state':
      return `state(${condition.states.join()})`;
    case 'nat':
      return [condition.dnat ? 'dnat' : '', condition.snat ? 'snat' : ''].join('');
    case 'original':
      return `original-${condition.end}(${[...(condition.ranges ?? []).map(addresses), ...(condition.ports ?? []).map((port) => `:${range(port)}`)].join()})`;
    case 'direction':
      return condition.direction;
    case 'mark':
      return `${condition.of}-mark(${hex(condition.value)}/${hex(condition.mask)})`;
    case 'fragment':
      return 'fragment';
    case 'set':
      return `set(${condition.set} ${condition.fields.join()}${condition.mask === undefined ? '' : `/${condition.mask}`})`;
    case 'any':
      return `any[${condition.of.map(shownCondition).join(' | ')}]`;
    case 'open':
      return `open<${condition.what}>`;
  }
}

const shownChange = (change: PacketChange): string =>
  change.kind === 'notrack'
    ? 'notrack'
    : `${change.of}-mark:=${change.value === undefined ? '?' : hex(change.value)}/${hex(change.mask)}`;

export function shownAction(action: RuleAction): string {
  switch (action.kind) {
    case 'reject':
      return `reject ${action.with}`;
    case 'jump':
    case 'goto':
      return `${action.kind} ${action.chain}`;
    case 'dnat':
    case 'redirect':
      return `${action.kind} ${action.addresses ? addresses(action.addresses) : ''}${action.ports ? `:${range(action.ports)}` : ''}`;
    case 'snat':
    case 'masquerade':
      return `${action.kind}${action.addresses ? ` ${addresses(action.addresses)}` : ''}`;
    case 'mark':
    case 'notrack':
      return shownChange(action);
    case 'choose':
      return `choose{${action.cases.map(({ when, action: then }) => `${shownCondition(when)}: ${shownAction(then)}`).join('; ')}}`;
    case 'open':
      return `open<${action.what}>${action.rewrites ? ' rewrites' : ''}`;
    default:
      return action.kind;
  }
}
