import type { Address } from '../net/address.ts';
import type { Family } from '../net/family.ts';
import type { Protocol } from '../net/port.ts';
import { prefixContains } from '../net/prefix.ts';
import type { Match, Rule } from '../ruleset/match.ts';
import type { SetSpec } from '../ruleset/set.ts';
import type { LiveSet } from '../ipset/save.ts';

/** A connection as its first packet shows it. */
export interface Opening {
  readonly family: Family;
  readonly protocol: Protocol;
  readonly source: Address;
  readonly destination: Address;
  readonly sourcePort: number;
  readonly port: number;
}

/** `unknown`: a set's content isn't at hand. */
export type Judgement = 'pass' | 'drop' | 'unknown';

export interface RulesAndSets {
  readonly rules: (chain: string) => readonly (Rule | undefined)[];
  readonly set: (name: string) => SetSpec | LiveSet | undefined;
}

/**
 * Walks a chain for a new connection, as the kernel would. Only what own chains hold has to be understood; a rule that
 * isn't ours makes the answer unknown.
 */
export const judge = (ruleset: RulesAndSets, chain: string, opening: Opening): Judgement =>
  walk(ruleset, chain, opening) ?? 'pass';

/** More than there are chains: whoever gets so deep walks in a circle, which the kernel has none of. */
const DEEPEST = 64;

/** Undefined where the packet comes back from the chain to whoever sent it there. */
function walk(ruleset: RulesAndSets, chain: string, opening: Opening, depth = 0): Judgement | undefined {
  if (depth > DEEPEST) return 'unknown';
  for (const rule of ruleset.rules(chain)) {
    const matched = rule ? matchesAll(rule.match, opening, ruleset.set) : 'unknown';
    if (!rule || matched === 'unknown') return 'unknown';
    if (!matched) continue;
    const { action } = rule;
    if (action.kind === 'return') return undefined;
    if (action.kind === 'drop') return 'drop';
    if (action.kind === 'goto') return walk(ruleset, action.chain, opening, depth + 1);
    const verdict = action.kind === 'jump' ? walk(ruleset, action.chain, opening, depth + 1) : undefined;
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}

type Sets = RulesAndSets['set'];

function matchesAll(matches: readonly Match[], opening: Opening, set: Sets): boolean | 'unknown' {
  const results = matches.map((match) => matchesOne(match, opening, set));
  if (results.includes(false)) return false;
  return results.includes('unknown') ? 'unknown' : true;
}

function matchesOne(match: Match, opening: Opening, set: Sets): boolean | 'unknown' {
  switch (match.kind) {
    case 'protocol':
      return match.protocol === opening.protocol;
    case 'src':
      return prefixContains(match.prefix, opening.source);
    case 'dst':
      return prefixContains(match.prefix, opening.destination);
    case 'udp-ports':
      return opening.sourcePort === match.source && opening.port === match.destination;
    case 'in-set': {
      // `denied` sets are only noted in; what they hold changes no verdict.
      const found = match.fields.length > 1 ? false : contains(set(match.set), match.fields[0] === 'src', opening);
      return found === 'unknown' ? found : found !== (match.not ?? false);
    }
    // A limit lets pass only what it measures; nobody's connection should live on that.
    case 'limit':
    case 'state':
    case 'icmp':
    case 'hop-limit':
    case 'dnat':
    case 'elsewhere':
    case 'group':
    case 'inner-bridge':
    case 'in':
    case 'out':
      return false;
  }
}

function contains(set: SetSpec | LiveSet | undefined, bySource: boolean, opening: Opening): boolean | 'unknown' {
  if (set?.kind === 'net') return set.members.has(bySource ? opening.source : opening.destination);
  if (set?.kind === 'port') return set.ports.has(bySource ? opening.sourcePort : opening.port);
  return 'unknown';
}
