import type { Prefix } from '../../net/prefix.ts';
import { PrefixSet } from '../../net/prefix-set.ts';
import type {
  Condition,
  FilterChain,
  FilterRule,
  FilterTable,
  PacketChange,
  RuleAction,
} from '../../ruleset/netfilter.ts';
import { isElsewhere, splitBy } from './conditions.ts';
import { effectOf, rewrites } from './effect.ts';
import type { Machine } from './machine.ts';
import { rulesFor } from './rule-index.ts';
import { type Membership, membershipsOf } from './membership.ts';
import { type Flow, merged, type Packet, type RuleRef } from './packet.ts';
import { allOf, inside, outside, type Split } from './parts.ts';

/** A rule that was asked, and for which of the sources it matched. */
export interface Step extends RuleRef {
  readonly matched: boolean | 'unknown';
  /** Where it didn't match in any case: the first of its conditions that failed or isn't known. */
  readonly because: string | undefined;
  /** What it did to the packet, in words. */
  readonly effect: string | undefined;
  /** The entries of the sets it asks in which the packet is. */
  readonly entries?: readonly Membership[];
}

export interface Ended extends Flow {
  readonly verdict: 'drop' | 'reject';
  readonly at: RuleRef;
}

/** What is written down on the way. */
export interface Notes {
  readonly machine: Machine;
  readonly ended: Ended[];
  readonly step: ((step: Step) => void) | undefined;
}

interface Place {
  readonly notes: Notes;
  readonly table: FilterTable;
  /** Whom this base chain accepted: they go on to the next one. */
  readonly accepted: Flow[];
  readonly depth: number;
}

/** Where flows are after a rule: at the next one, or back where the chain was called. */
interface After {
  readonly next: readonly Flow[];
  readonly back: readonly Flow[];
}

/** The kernel allows no deeper nesting. */
const DEEPEST = 64;

/** Sends flows through a base chain; gives those that it lets through. */
export function walkBase(
  notes: Notes,
  table: FilterTable,
  chain: FilterChain,
  flows: readonly Flow[],
): readonly Flow[] {
  const place: Place = { notes, table, accepted: [], depth: 0 };
  const left = walkChain(place, chain, flows);
  const policy: RuleRef = { table: table.name, chain: chain.name, rule: 0, text: `policy ${chain.base?.policy}` };
  if (left.length > 0 && chain.base?.policy === 'drop') {
    notes.step?.({ ...policy, matched: true, because: undefined, effect: 'dropped' });
    notes.ended.push(...left.map((flow): Ended => ({ ...flow, verdict: 'drop', at: policy })));
    return merged(place.accepted);
  }
  return merged([...place.accepted, ...left]);
}

function walkChain(place: Place, chain: FilterChain, flows: readonly Flow[]): readonly Flow[] {
  let here = flows;
  const back: Flow[] = [];
  for (const at of askedRules(place, chain, here)) {
    const rule = chain.rules[at];
    if (here.length === 0 || !rule) break;
    if (place.notes.step === undefined && here.every(({ packet }) => isElsewhere(rule.conditions, packet))) continue;
    const ref: RuleRef = { table: place.table.name, chain: chain.name, rule: at + 1, text: rule.text };
    const afters = here.map((flow) => applyRule(place, rule, ref, flow));
    here = merged(afters.flatMap(({ next }) => next));
    back.push(...afters.flatMap((after) => after.back));
  }
  return merged([...here, ...back]);
}

/** The places of the rules that have to be asked: all where each step is written down. */
function askedRules({ notes }: Place, chain: FilterChain, [first, ...others]: readonly Flow[]): Iterable<number> {
  const sameTarget = others.every(({ packet }) => packet.destination.value === first?.packet.destination.value);
  return notes.step || !first || !sameTarget ? chain.rules.keys() : rulesFor(chain, first.packet.destination);
}

function applyRule(place: Place, rule: FilterRule, ref: RuleRef, flow: Flow): After {
  const { notes } = place;
  const { may, must } = allOf(splitsOf(rule, flow.packet, notes.machine));
  const hit = inside(flow.sources, may);
  const missed = hit === undefined ? flow.sources : outside(flow.sources, must);
  if (notes.step) notes.step({ ...ref, ...toldOf(rule, flow, hit !== undefined, missed !== undefined, notes.machine) });
  const miss = missed === undefined ? [] : [{ ...flow, sources: missed }];
  if (hit === undefined) return { next: miss, back: [] };
  const packet = (rule.also ?? []).reduce(changed, flow.packet);
  const { next, back } = act(place, rule.action, ref, { ...flow, packet, sources: hit }, isTelling(rule));
  return { next: [...next, ...miss], back };
}

/** What asks about sources comes last: it costs most, and mostly something else fails. */
function* splitsOf({ conditions }: FilterRule, packet: Packet, machine: Machine): Generator<Split> {
  for (const condition of conditions) if (!isCostly(condition)) yield splitBy(condition, packet, machine);
  for (const condition of conditions) if (isCostly(condition)) yield splitBy(condition, packet, machine);
}

const isCostly = ({ kind }: Condition): boolean => kind === 'address' || kind === 'set';

/** One source: what was asked, what it said. */
function toldOf(
  rule: FilterRule,
  { packet, sources }: Flow,
  hit: boolean,
  missed: boolean,
  machine: Machine,
): Pick<Step, 'matched' | 'because' | 'effect' | 'entries'> {
  const [source] = sources.prefixes();
  const entries = source ? membershipsOf(rule.conditions, packet, source, machine.netfilter.sets) : [];
  const told = entries.length > 0 ? { entries } : {};
  if (hit && !missed) {
    const action = source ? chosen(rule.action, packet, source, machine) : rule.action;
    return { ...told, matched: true, because: undefined, effect: effectOf(action, packet, machine, source) };
  }
  const failed = rule.conditions.find((condition) => {
    const { may, must } = splitBy(condition, packet, machine);
    return hit ? outside(sources, must) !== undefined : inside(sources, may) === undefined;
  });
  return { ...told, matched: hit ? 'unknown' : false, because: failed?.text, effect: undefined };
}

/** Of a map, what it gives for the packet. */
function chosen(action: RuleAction, packet: Packet, source: Prefix, machine: Machine): RuleAction {
  if (action.kind !== 'choose') return action;
  const only = PrefixSet.of(source.family, [source]);
  return (
    action.cases.find(({ when }) => inside(only, splitBy(when, packet, machine).must) !== undefined)?.action ?? action
  );
}

/** Whether coming back by this rule says who is let through, or only that it wasn't about them. */
const isTelling = ({ conditions }: FilterRule): boolean =>
  conditions.some(({ kind }) => kind === 'set' || kind === 'address' || kind === 'port');

function act(place: Place, action: RuleAction, ref: RuleRef, flow: Flow, telling = false): After {
  const { notes, accepted } = place;
  const end = (verdict: Ended['verdict']): After => {
    notes.ended.push({ ...flow, verdict, at: ref });
    return NOWHERE;
  };
  const accept = (packet: Packet, by = flow.by): After => {
    accepted.push({ ...flow, packet, by });
    return NOWHERE;
  };
  switch (action.kind) {
    case 'accept':
      return accept(flow.packet, [...flow.by, ref]);
    case 'drop':
    case 'reject':
      return end(action.kind);
    case 'return':
      return { next: [], back: [telling ? { ...flow, by: [...flow.by, ref] } : flow] };
    case 'continue':
      return { next: [flow], back: [] };
    case 'jump':
    case 'goto':
      return enter(place, action, flow);
    case 'mark':
    case 'notrack':
      return { next: [{ ...flow, packet: changed(flow.packet, action) }], back: [] };
    case 'snat':
    case 'masquerade':
      return accept({ ...flow.packet, translated: true });
    case 'dnat':
    case 'redirect': {
      const { packets, isAll } = rewrites(flow.packet, action, notes.machine);
      if (!isAll) notes.ended.push({ ...flow, verdict: 'drop', at: ref });
      for (const packet of packets) accept(packet);
      return NOWHERE;
    }
    case 'choose':
      return choose(place, action.cases, ref, flow);
    case 'open':
      notes.ended.push({ ...flow, verdict: 'drop', at: ref });
      accept(flow.packet);
      return { next: [flow], back: [] };
  }
}

const NOWHERE: After = { next: [], back: [] };

function enter(place: Place, action: { kind: 'jump' | 'goto'; chain: string }, flow: Flow): After {
  const chain = place.table.chains.get(action.chain);
  if (chain === undefined || place.depth > DEEPEST) return { next: [flow], back: [] };
  const left = walkChain({ ...place, depth: place.depth + 1 }, chain, [flow]);
  return action.kind === 'jump' ? { next: left, back: [] } : { next: [], back: left };
}

function choose(
  place: Place,
  cases: Extract<RuleAction, { kind: 'choose' }>['cases'],
  ref: RuleRef,
  flow: Flow,
): After {
  const afters: After[] = [];
  let left: Flow | undefined = flow;
  for (const { when, action } of cases) {
    if (left === undefined) break;
    const { may, must } = splitBy(when, left.packet, place.notes.machine);
    const hit = inside(left.sources, may);
    if (hit) afters.push(act(place, action, ref, { ...left, sources: hit }));
    const missed = outside(left.sources, must);
    left = missed && { ...left, sources: missed };
  }
  return {
    next: [...afters.flatMap(({ next }) => next), ...(left ? [left] : [])],
    back: afters.flatMap(({ back }) => back),
  };
}

function changed(packet: Packet, change: PacketChange): Packet {
  if (change.kind === 'notrack') return { ...packet, state: 'untracked' };
  const name = change.of === 'packet' ? 'mark' : 'connectionMark';
  const { value, unknown } = packet[name];
  const mark =
    change.value === undefined
      ? { value, unknown: (unknown | change.mask) >>> 0 }
      : { value: ((value & ~change.mask) ^ change.value) >>> 0, unknown: (unknown & ~change.mask) >>> 0 };
  return { ...packet, [name]: mark };
}
