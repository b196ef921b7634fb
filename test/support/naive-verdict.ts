import { mask as prefixMask, prefixContains } from '../../src/net/prefix.ts';
import type { Address } from '../../src/net/address.ts';
import type { Family } from '../../src/net/family.ts';
import {
  lookedUp,
  setKey,
  type AddressRange,
  type Condition,
  type FilterChain,
  type FilterHook,
  type FilterSet,
  type FilterTable,
  type Netfilter,
  type NumberRange,
  type RuleAction,
  type SetKey,
  type SetKeyPart,
  type TrackState,
} from '../../src/ruleset/netfilter.ts';

/** One packet, with all that a rule can ask of it. */
export interface Probe {
  readonly family: Family;
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: number;
  /** Of TCP, UDP and their like. */
  readonly ports?: { readonly source: number; readonly destination: number };
  readonly icmp?: { readonly type: number; readonly code: number };
  readonly flags?: number;
  readonly state: TrackState;
  readonly in: string;
}

/** The machine that it comes to. */
export interface Surroundings {
  /** Of the routing table; `link`: seen from there, where another link's own address is none. */
  readonly typeOf: (address: Address, link?: string) => string;
  /** Where it leaves; undefined: it stays here. */
  readonly wayOut: (destination: Address) => string | undefined;
}

export type Outcome = 'pass' | 'drop';

/** A packet on its way, with what rules have done to it. */
interface Underway extends Probe {
  readonly out: string | undefined;
  readonly mark: number;
  readonly dnat: boolean;
  readonly original: Pick<Probe, 'source' | 'destination' | 'ports'>;
}

/** True, false, or nobody knows. */
type Truth = boolean | 'open';

/**
 * What may become of a packet at prerouting and then at input or forward: read rule by rule, packet by packet, in the
 * plainest way there is. It knows nothing of sets of packets, so it can't be wrong in the way of what does.
 */
export class NaiveMachine {
  readonly #netfilter: Netfilter;
  readonly #around: Surroundings;

  constructor(netfilter: Netfilter, around: Surroundings) {
    this.#netfilter = netfilter;
    this.#around = around;
  }

  outcomes(probe: Probe): ReadonlySet<Outcome> {
    const { source, destination, ports } = probe;
    const first: Underway = {
      ...probe,
      out: undefined,
      mark: 0,
      dnat: false,
      original: { source, destination, ...(ports ? { ports } : {}) },
    };
    const arrived = this.#hook('prerouting', [first]);
    const outcomes = new Set<Outcome>(arrived.dropped ? ['drop'] : []);
    for (const packet of arrived.passed) {
      const out = this.#around.wayOut(packet.destination);
      const judged = this.#hook(out === undefined ? 'input' : 'forward', [{ ...packet, out }]);
      if (judged.dropped) outcomes.add('drop');
      if (judged.passed.length > 0) outcomes.add('pass');
    }
    return outcomes;
  }

  #hook(hook: FilterHook, packets: readonly Underway[]): { passed: readonly Underway[]; dropped: boolean } {
    let passed = packets;
    let dropped = false;
    for (const [table, chain] of this.#chainsAt(hook, packets[0]?.family ?? 4)) {
      const ends = passed.flatMap((packet) => this.#base(table, chain, packet));
      dropped ||= ends.some(({ end }) => end === 'drop');
      passed = ends.filter(({ end }) => end !== 'drop').map(({ packet }) => packet);
    }
    return { passed, dropped };
  }

  #chainsAt(hook: FilterHook, family: Family): [FilterTable, FilterChain][] {
    return this.#netfilter.tables
      .filter(({ families }) => families.includes(family))
      .flatMap((table) => [...table.chains.values()].map((chain): [FilterTable, FilterChain] => [table, chain]))
      .filter(([, { base }]) => base?.hook === hook)
      .toSorted(([, a], [, b]) => (a.base?.priority ?? 0) - (b.base?.priority ?? 0));
  }

  #base(table: FilterTable, chain: FilterChain, packet: Underway): readonly Way[] {
    const tracking = chain.base?.priority ?? 0;
    // Before conntrack has seen a packet, it is what conntrack will never know.
    if (tracking < CONNTRACK && packet.state !== 'untracked' && packet.state !== 'invalid')
      return this.#base(table, chain, { ...packet, state: 'invalid' }).map((way) => ({
        ...way,
        packet: way.packet.state === 'invalid' ? { ...way.packet, state: packet.state } : way.packet,
      }));
    // Only what has a connection, and is the first of it, is looked up for NAT.
    if (chain.base?.type === 'nat' && packet.state !== 'new') return [{ end: 'accept', packet }];
    return this.#walk(table, chain, packet, 0).map((way) =>
      way.end === 'next' ? { end: chain.base?.policy ?? 'accept', packet: way.packet } : way,
    );
  }

  #walk(table: FilterTable, chain: FilterChain, packet: Underway, from: number): readonly Way[] {
    const rule = chain.rules[from];
    if (rule === undefined) return [{ end: 'next', packet }];
    const truth = all(rule.conditions.map((condition) => this.#truth(condition, packet)));
    const onward = (after: Underway): readonly Way[] => this.#walk(table, chain, after, from + 1);
    const missed = truth === true ? [] : onward(packet);
    if (truth === false) return missed;
    const changed = (rule.also ?? []).reduce<Underway>((now, change) => changedBy(change, now), packet);
    return [...this.#act(table, rule.action, changed, onward), ...missed];
  }

  #act(
    table: FilterTable,
    action: RuleAction,
    packet: Underway,
    onward: (packet: Underway) => readonly Way[],
  ): readonly Way[] {
    switch (action.kind) {
      case 'accept':
      case 'drop':
        return [{ end: action.kind, packet }];
      case 'reject':
        return [{ end: 'drop', packet }];
      case 'return':
        return [{ end: 'next', packet }];
      case 'continue':
        return onward(packet);
      case 'jump':
      case 'goto': {
        const chain = table.chains.get(action.chain);
        if (chain === undefined) throw new Error(`no chain ${action.chain}`);
        const ways = this.#walk(table, chain, packet, 0);
        return action.kind === 'goto' ? ways : ways.flatMap((way) => (way.end === 'next' ? onward(way.packet) : [way]));
      }
      case 'mark':
      case 'notrack':
        return onward(changedBy(action, packet));
      case 'dnat':
        return [{ end: 'accept', packet: rewritten(action, packet) }];
      case 'choose':
        return this.#choose(table, action.cases, packet, onward);
      default:
        throw new Error(`nothing here does ${action.kind}`);
    }
  }

  #choose(
    table: FilterTable,
    cases: Extract<RuleAction, { kind: 'choose' }>['cases'],
    packet: Underway,
    onward: (packet: Underway) => readonly Way[],
  ): readonly Way[] {
    for (const { when, action } of cases) {
      const truth = this.#truth(when, packet);
      if (truth === 'open') throw new Error(`open: ${when.text}`);
      if (truth) return this.#act(table, action, packet, onward);
    }
    return onward(packet);
  }

  #truth(condition: Condition, packet: Underway): Truth {
    const truth = this.#plainTruth(condition, packet);
    return condition.not === true && truth !== 'open' ? !truth : truth;
  }

  #plainTruth(condition: Condition, packet: Underway): Truth {
    switch (condition.kind) {
      case 'family':
        return packet.family === condition.family;
      case 'link':
        return condition.names.some((name) => matchesLink(name, packet[condition.side]));
      case 'address':
        return inRanges(condition.ranges, addressAt(condition.end, packet));
      case 'address-type':
        return condition.types.includes(
          this.#around.typeOf(addressAt(condition.end, packet), condition.onLink && packet[condition.onLink]),
        );
      case 'protocol':
        return condition.protocols.some((range) => within(range, packet.protocol));
      case 'port':
        return portsAt(condition.end, packet).some((port) => condition.ranges.some((range) => within(range, port)));
      case 'icmp':
        return condition.types.some(
          ({ type, code }) =>
            packet.icmp !== undefined &&
            within(type, packet.icmp.type) &&
            (code === undefined || within(code, packet.icmp.code)),
        );
      case 'tcp-flags':
        return packet.flags !== undefined && (packet.flags & condition.mask) === condition.flags;
      case 'state':
        return condition.states.includes(packet.state);
      case 'nat':
        return (condition.dnat ?? false) === packet.dnat && condition.snat !== true;
      case 'original':
        return originalTruth(condition, packet);
      case 'direction':
        return condition.direction === 'original';
      case 'mark':
        return ((condition.of === 'packet' ? packet.mark : 0) & condition.mask) >>> 0 === condition.value;
      case 'fragment':
        return false;
      case 'set':
        return this.#inSet(condition.set, condition.fields, packet, condition.mask);
      case 'any':
        return any(condition.of.map((each) => this.#truth(each, packet)));
      case 'open':
        return 'open';
    }
  }

  #inSet(key: string, fields: readonly SetKeyPart[], packet: Underway, mask?: number): Truth {
    const set = this.#netfilter.sets.get(key);
    if (set === undefined || !set.families.includes(packet.family)) return false;
    if (set.content.kind === 'list')
      return any(set.content.sets.map((name) => this.#inSet(setKey('iptables', '', name), fields, packet)));
    const parts = lookedUp(fields, set.parts);
    return parts === undefined ? false : inContent(set, parts, packet, mask);
  }
}

const CONNTRACK = -200;

interface Way {
  /** `next`: it fell off the chain's end, or was sent back. */
  readonly end: 'accept' | 'drop' | 'next';
  readonly packet: Underway;
}

const all = (truths: readonly Truth[]): Truth => (truths.includes(false) ? false : !truths.includes('open') || 'open');
const any = (truths: readonly Truth[]): Truth =>
  truths.includes(true) ? true : truths.includes('open') ? 'open' : false;

const within = ({ first, last }: NumberRange, value: number): boolean => first <= value && value <= last;

const inRanges = (ranges: readonly AddressRange[], { family, value }: Address): boolean =>
  ranges.some(({ first, last }) => first.family === family && first.value <= value && value <= last.value);

const addressAt = (end: 'src' | 'dst', packet: Pick<Probe, 'source' | 'destination'>): Address =>
  end === 'src' ? packet.source : packet.destination;

const portsAt = (end: 'src' | 'dst' | 'either', { ports }: Pick<Probe, 'ports'>): number[] => {
  if (ports === undefined) return [];
  if (end === 'either') return [ports.source, ports.destination];
  return [end === 'src' ? ports.source : ports.destination];
};

const matchesLink = (name: string, link: string | undefined): boolean =>
  name === '*' || (name.endsWith('*') ? link?.startsWith(name.slice(0, -1)) === true : link === name);

function originalTruth(condition: Extract<Condition, { kind: 'original' }>, packet: Underway): boolean {
  if (packet.state === 'invalid' || packet.state === 'untracked') return false;
  const { end, ranges, ports } = condition;
  return (
    (ranges === undefined || inRanges(ranges, addressAt(end, packet.original))) &&
    (ports === undefined || portsAt(end, packet.original).some((port) => ports.some((range) => within(range, port))))
  );
}

function changedBy(action: RuleAction, packet: Underway): Underway {
  if (action.kind === 'notrack') return { ...packet, state: 'untracked' };
  if (action.kind !== 'mark' || action.of !== 'packet') return packet;
  if (action.value === undefined) throw new Error('an unknown mark');
  return { ...packet, mark: ((packet.mark & ~action.mask) ^ action.value) >>> 0 };
}

function rewritten(
  { addresses, ports }: Extract<RuleAction, { kind: 'dnat' | 'redirect' }>,
  packet: Underway,
): Underway {
  const destination = addresses?.first ?? packet.destination;
  const port = ports?.first ?? packet.ports?.destination;
  const changed = { ...packet, destination };
  if (packet.ports && port !== undefined) changed.ports = { ...packet.ports, destination: port };
  const dnat = destination.value !== packet.destination.value || port !== packet.ports?.destination;
  return { ...changed, dnat: packet.dnat || dnat };
}

function inContent({ content }: FilterSet, parts: readonly SetKeyPart[], packet: Underway, mask?: number): Truth {
  const [part] = parts;
  switch (content.kind) {
    case 'addresses': {
      const address = addressAt(part === 'dst' ? 'dst' : 'src', packet);
      const kept = mask === undefined ? address.value : address.value & prefixMask(address.family, mask);
      return [...content.members.prefixes()].some((prefix) => prefixContains(prefix, { ...address, value: kept }));
    }
    case 'ports': {
      const ports = portsAt(part === 'dst-port' ? 'dst' : 'src', packet);
      return ports.some((port) => content.ranges.some((range) => within(range, port)));
    }
    case 'tuples':
      return any(
        content.entries.map(({ keys }) => all(keys.map((key, at) => fits(key, parts[at] ?? 'other', packet)))),
      );
    default:
      return 'open';
  }
}

function fits(key: SetKey, part: SetKeyPart, packet: Underway): Truth {
  switch (key.kind) {
    case 'addresses':
      return inRanges([key.range], addressAt(part === 'dst' ? 'dst' : 'src', packet));
    case 'numbers': {
      if (part === 'protocol') return within(key.range, packet.protocol);
      if (part === 'mark') return within(key.range, packet.mark);
      return portsAt(part === 'dst-port' ? 'dst' : 'src', packet).some((port) => within(key.range, port));
    }
    case 'service': {
      if (key.protocol !== packet.protocol) return false;
      const icmp = packet.icmp && packet.icmp.type * 256 + packet.icmp.code;
      const [port = icmp ?? 0] = portsAt(part === 'dst-service' ? 'dst' : 'src', packet);
      return within(key.ports, port);
    }
    case 'link':
      return matchesLink(key.name, part === 'in' ? packet.in : packet.out);
    case 'open':
      return 'open';
  }
}
