import type { Address } from '../../net/address.ts';
import { PROTOCOLS } from '../../net/protocol-names.ts';
import type { FilterChain, FilterHook, FilterTable, TrackState } from '../../ruleset/netfilter.ts';
import { type Machine, typeOf, wayTo } from './machine.ts';
import { ANY_LINK, type Flow, type Packet } from './packet.ts';
import type { Sources } from './parts.ts';
import type { Step } from './step.ts';
import { type Ended, type Notes, walkBase } from './walk.ts';

/** What is asked: packets to one address and port, from any of the sources. */
export interface Question {
  readonly sources: Sources;
  readonly destination: Address;
  /** The number of the IP header. */
  readonly protocol: number;
  readonly ports: { readonly source: number; readonly destination: number } | undefined;
  /** The link that they come in by. */
  readonly in: string;
  readonly state: TrackState;
}

export interface Way {
  readonly passed: readonly Flow[];
  readonly ended: readonly Ended[];
}

/** More than any firewall has that people wrote, so that each port is told by its own rule. */
const WAYS = 64;

const NO_MARK = { value: 0, unknown: 0 };
const SYN = 2;
const ACK = 16;

export function packetOf({ destination, protocol, ports, state, in: link }: Question): Packet {
  const isPing = protocol === 1 || protocol === 58;
  return {
    family: destination.family,
    destination,
    protocol,
    ports,
    icmp: isPing ? { type: protocol === 1 ? 8 : 128, code: 0 } : undefined,
    flags: protocol === PROTOCOLS.get('tcp') ? (state === 'new' ? SYN : ACK) : undefined,
    state,
    direction: 'original',
    in: link,
    out: undefined,
    mark: NO_MARK,
    connectionMark: state === 'new' ? NO_MARK : { value: 0, unknown: 0xffff_ffff },
    dnat: false,
    original: { destination, port: ports?.destination },
    translated: false,
  };
}

/** The whole way of packets that come to the machine: before routing, then to it or through it. */
export function follow(machine: Machine, question: Question, step?: (step: Step) => void): Way {
  const first: Flow = { packet: packetOf(question), sources: question.sources, by: [] };
  return followFlow(machine, first, ['prerouting'], step);
}

/** The way of what the machine itself sends to somebody else. */
export function followOwn(machine: Machine, question: Question, step?: (step: Step) => void): Way {
  const out = wayTo(machine, question.destination);
  const packet = { ...packetOf(question), in: undefined, out };
  return followFlow(machine, { packet, sources: question.sources, by: [] }, ['output'], step);
}

/** Packets at one hook alone, by links that nobody knows. */
export function atHookAlone(
  machine: Machine,
  { hook, ...question }: Omit<Question, 'in' | 'state'> & { readonly hook: 'forward' | 'input' },
): Way {
  const notes: Notes = { machine, ended: [], step: undefined, ways: 0 };
  const packet = packetOf({ ...question, in: ANY_LINK, state: 'new' });
  const out = hook === 'forward' ? ANY_LINK : undefined;
  const passed = atHook(notes, hook, [{ packet: { ...packet, out }, sources: question.sources, by: [] }]);
  return { passed, ended: notes.ended };
}

/** The way of an answer: sent by the machine itself, or through it. */
export function followAnswer(machine: Machine, flow: Flow, step?: (step: Step) => void): Way {
  return followFlow(machine, flow, [flow.packet.in === undefined ? 'output' : 'prerouting'], step);
}

function followFlow(
  machine: Machine,
  first: Flow,
  [hook]: readonly [FilterHook],
  step: ((step: Step) => void) | undefined,
): Way {
  const notes: Notes = { machine, ended: [], step, ways: WAYS };
  const arrived = atHook(notes, hook, [first]);
  const passed = arrived.flatMap((flow) => onward(notes, hook, untranslated(flow)));
  return { passed, ended: notes.ended };
}

function onward(notes: Notes, hook: FilterHook, flow: Flow): readonly Flow[] {
  const { destination } = flow.packet;
  if (hook === 'output') {
    const out = wayTo(notes.machine, destination) ?? flow.packet.out;
    return atHook(notes, 'postrouting', [{ ...flow, packet: { ...flow.packet, out } }]);
  }
  if (typeOf(notes.machine, destination) !== 'unicast') return atHook(notes, 'input', [flow]);
  const out = wayTo(notes.machine, destination);
  if (out === undefined) {
    const at = { table: 'routing', chain: 'forward', rule: 0, text: 'no route to the destination' };
    notes.ended.push({ ...flow, verdict: 'drop', at });
    return [];
  }
  const forwarded = atHook(notes, 'forward', [{ ...flow, packet: { ...flow.packet, out } }]);
  return forwarded.flatMap((each) => {
    const leaving = { ...each.packet, in: undefined };
    return atHook(notes, 'postrouting', [untranslated({ ...each, packet: leaving })]);
  });
}

const untranslated = (flow: Flow): Flow => ({ ...flow, packet: { ...flow.packet, translated: false } });

/** Before conntrack has seen a packet, it is what conntrack will never know. */
const CONNTRACK = -200;

function atHook(notes: Notes, hook: FilterHook, flows: readonly Flow[]): readonly Flow[] {
  let here = flows;
  for (const [table, chain] of chainsAt(notes.machine, hook, flows[0]?.packet.family ?? 4)) {
    if (here.length === 0) break;
    here = atChain(notes, table, chain, here);
  }
  return here;
}

function atChain(notes: Notes, table: FilterTable, chain: FilterChain, flows: readonly Flow[]): readonly Flow[] {
  const { base } = chain;
  const early = (base?.priority ?? 0) < CONNTRACK;
  // Only the first packet of a connection is looked up for NAT, and only until one rule decides.
  const isAsked = ({ packet }: Flow): boolean => base?.type !== 'nat' || (packet.state === 'new' && !packet.translated);
  const asked = flows.filter(isAsked);
  const rest = flows.filter((flow) => !isAsked(flow));
  if (asked.length === 0) return flows;
  if (!early) return [...walkBase(notes, table, chain, asked), ...rest];
  return asked.flatMap((flow) => {
    const { state } = flow.packet;
    const unseen: Flow = { ...flow, packet: { ...flow.packet, state: state === 'untracked' ? state : 'invalid' } };
    return walkBase(notes, table, chain, [unseen]).map((passed) =>
      passed.packet.state === 'invalid' ? { ...passed, packet: { ...passed.packet, state } } : passed,
    );
  });
}

type Chains = readonly (readonly [FilterTable, FilterChain])[];
const known = new WeakMap<Machine['netfilter'], Map<string, Chains>>();

/** The base chains at a hook in their order; found once, for there may be thousands of other ones. */
function chainsAt({ netfilter }: Machine, hook: FilterHook, family: 4 | 6): Chains {
  const places = known.get(netfilter) ?? new Map<string, Chains>();
  known.set(netfilter, places);
  const place = `${hook} ${family}`;
  const found = places.get(place) ?? baseChains(netfilter, hook, family);
  places.set(place, found);
  return found;
}

const baseChains = ({ tables }: Machine['netfilter'], hook: FilterHook, family: 4 | 6): Chains =>
  tables
    .filter(({ families }) => families.includes(family))
    .flatMap((table) => [...table.chains.values()].map((chain): [FilterTable, FilterChain] => [table, chain]))
    .filter(([, { base }]) => base?.hook === hook)
    .toSorted(([, a], [, b]) => (a.base?.priority ?? 0) - (b.base?.priority ?? 0));
