import type { Address } from '../net/address.ts';
import { prefixContains } from '../net/prefix.ts';
import type { Protocol } from '../net/port.ts';
import { parseRule } from '../iptables/parse-rule.ts';
import { isHooked, type LiveState } from '../plan/live-state.ts';
import type { OwnTable } from '../iptables/save.ts';
import { CHAINS } from '../policy/compile.ts';
import type { Link } from '../policy/facts.ts';
import type { Zones } from '../policy/zones.ts';
import { matchesAny } from '../policy/zones.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { judge, type Judgement, type Opening, type RulesAndSets } from './evaluate.ts';

/** A connection in the kernel's table: who opened it to whom, before any NAT. */
export interface Flow {
  readonly protocol: Protocol;
  readonly source: Address;
  readonly sourcePort: number;
  readonly destination: Address;
  readonly port: number;
  /** The server's own port behind any NAT: the one that its answers come from. */
  readonly serverPort: number;
  /** The server's own address, where it is another than the one that was dialled. */
  readonly server?: Address;
  /** The kernel takes it for over. That a reset which the server ignored can bring about, so it may well carry on. */
  readonly ended?: true;
}

/** What has to be known of the machine to see which way a flow goes. */
export interface Sides {
  readonly links: readonly Link[];
  readonly zones: Zones;
}

/**
 * The open connections that the new rules deny though the old ones let them be opened: those that lost their right.
 * Connections that this machine or its containers opened are never among them.
 */
export function flowsToCut(flows: readonly Flow[], before: LiveState, after: Ruleset, sides: Sides): Flow[] {
  const judging = judgingState(before);
  const old = liveRules(judging);
  const next = targetRules(after);
  const chainFor = directionOf(sides);
  return flows.filter((flow) => {
    const chain = chainFor(flow);
    if (chain === undefined) return false;
    const { family } = flow.source;
    const opening: Opening = { ...flow, family };
    if (judge(next[family], chain, opening) !== 'drop') return false;
    return !isJudged(judging.tables[family], chain) || judge(old[family], chain, opening) !== 'drop';
  });
}

/** Whether packets came by the chain at all: its own hook stood, whatever the others did. */
const isJudged = ({ hooks }: OwnTable, chain: string): boolean =>
  hooks.some(({ point }) => point === (chain === CHAINS.host ? 'prerouting' : 'forward'));

/** What the rules say to a new connection like this one; `pass` where it is none of their business. */
export function judgeIn(ruleset: Ruleset, flow: Flow, sides: Sides): Judgement {
  const chain = directionOf(sides)(flow);
  const { family } = flow.source;
  return chain === undefined ? 'pass' : judge(targetRules(ruleset)[family], chain, { ...flow, family });
}

/** Whether an address may reach everything under these rules. */
export function isTrusted(ruleset: Ruleset, source: Address): boolean {
  const { family } = source;
  // What lies behind this machine is for the trusted alone, so ports don't come into it.
  const opening: Opening = { family, protocol: 'tcp', source, sourcePort: 0, destination: source, port: 0 };
  return judge(targetRules(ruleset)[family], CHAINS.behind, opening) === 'pass';
}

/** Which chain judged the flow's first packet: to this machine, behind it, or none (its own business). */
export function directionOf({ links, zones }: Sides): (flow: Flow) => string | undefined {
  const own = new Set(links.flatMap(({ addresses }) => addresses.map(key)));
  const internal = links.filter(
    ({ name }) => name !== 'lo' && matchesAny(zones.internal, name) && !zones.except.includes(name),
  );
  const inside = (address: Address): boolean =>
    internal.some(({ subnets }) => subnets.some((subnet) => prefixContains(subnet, address)));
  return ({ source, destination }) => {
    if (own.has(key(source)) || inside(source)) return undefined;
    if (own.has(key(destination))) return CHAINS.host;
    return inside(destination) ? CHAINS.behind : undefined;
  };
}

const key = ({ family, value }: Address): string => `${family}/${value}`;

function targetRules(ruleset: Ruleset): Record<4 | 6, RulesAndSets> {
  const of = (family: 4 | 6): RulesAndSets => {
    const { chains, sets } = ruleset[family];
    const byName = new Map(sets.map((set) => [set.name, set]));
    return {
      rules: (name) => chains.find((chain) => chain.name === name)?.rules ?? [],
      set: (name) => byName.get(name),
    };
  };
  return { 4: of(4), 6: of(6) };
}

/** Where nothing stands by the backend of the plan, it is the other one whose rules let connections in. */
const judgingState = (live: LiveState): LiveState =>
  live.rival && !isHooked(live.tables[4]) && !isHooked(live.tables[6]) ? live.rival : live;

function liveRules(live: LiveState): Record<4 | 6, RulesAndSets> {
  const of = (family: 4 | 6): RulesAndSets => ({
    rules: (name) => (live.tables[family].chains.get(name) ?? []).map((text) => parseRule(text, family)),
    set: (name) => live.sets.get(name),
  });
  return { 4: of(4), 6: of(6) };
}
