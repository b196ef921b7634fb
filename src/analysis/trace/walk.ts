import type { Condition, FilterChain, FilterRule, FilterTable, RuleAction } from '../../ruleset/netfilter.ts';
import { isBlind } from './blind.ts';
import { isElsewhere, splitBy } from './conditions.ts';
import { rewrites } from './effect.ts';
import { Points } from './grid.ts';
import type { Machine } from './machine.ts';
import { rulesFor } from './rule-index.ts';
import { type Step, toldOf } from './step.ts';
import { changed, type Flow, merged, onTheWay, type Packet, type RuleRef } from './packet.ts';
import { allOf, inside, outside, type Split, together } from './parts.ts';

export interface Ended extends Flow {
  readonly verdict: 'drop' | 'reject';
  readonly at: RuleRef;
}

/** What is written down on the way. */
export interface Notes {
  readonly machine: Machine;
  readonly ended: Ended[];
  readonly step: ((step: Step) => void) | undefined;
  /** See `merged`. */
  readonly ways: number;
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
    return merged(place.accepted, notes.ways);
  }
  return merged([...place.accepted, ...left], notes.ways);
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
    here = merged(
      afters.flatMap(({ next }) => next),
      place.notes.ways,
    );
    back.push(...afters.flatMap((after) => after.back));
  }
  return merged([...here, ...back], place.notes.ways);
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
  const deeper = { ...place, depth: place.depth + 1 };
  const { sources } = flow;
  const left =
    sources instanceof Points && place.notes.ways === 0 && isBlind(place.table, chain)
      ? walkBlind(deeper, chain, { ...flow, sources })
      : walkChain(deeper, chain, [flow]);
  return action.kind === 'jump' ? { next: left, back: [] } : { next: [], back: left };
}

/** What a chain made of some sources. */
interface Made {
  readonly left: readonly Flow[];
  readonly accepted: readonly Flow[];
  readonly ended: readonly Ended[];
}

const made = new WeakMap<FilterChain, Map<string, Made>>();

/** The same for every destination, so it is worked out once. */
function walkBlind(place: Place, chain: FilterChain, flow: Flow & { readonly sources: Points }): readonly Flow[] {
  const of = made.get(chain) ?? new Map<string, Made>();
  made.set(chain, of);
  const key = `${onTheWay(flow.packet)} ${flow.sources.key}`;
  const found = of.get(key) ?? madeOf(place, chain, flow);
  of.set(key, found);
  place.accepted.push(...found.accepted.map((each) => ({ ...each, packet: flow.packet })));
  place.notes.ended.push(...found.ended.map((each) => ({ ...each, packet: flow.packet })));
  return found.left.map((each) => ({ ...each, packet: flow.packet }));
}

function madeOf(place: Place, chain: FilterChain, flow: Flow): Made {
  const [accepted, ended]: [Flow[], Ended[]] = [[], []];
  const left = walkChain({ ...place, accepted, notes: { ...place.notes, ended } }, chain, [flow]);
  // Of many rules that drop, which one it was is nobody's question.
  const [first] = ended;
  const sources = ended
    .map((each) => each.sources)
    .reduce((all, each) => together(all, each), first?.sources ?? flow.sources);
  return { left, accepted: merged(accepted, 0), ended: first ? [{ ...first, sources }] : [] };
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
