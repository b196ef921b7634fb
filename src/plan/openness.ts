import { FAMILIES } from '../net/family.ts';
import { formatPortRange } from '../net/port.ts';
import { CHAINS } from '../policy/compile.ts';
import type { Rule } from '../ruleset/match.ts';
import { slotSetName } from '../ruleset/ownership.ts';
import type { FamilyRules, Ruleset } from '../ruleset/ruleset.ts';

/** How open a ruleset is, counted. */
export interface Openness {
  /** Prefixes that reach everything; those of a list and those beside it are counted each. */
  readonly trusted: number;
  readonly public: readonly string[];
}

export function opennessOf(ruleset: Ruleset): Openness {
  const families = FAMILIES.map((family) => ruleset[family]);
  return {
    trusted: families.reduce((sum, rules) => sum + trustedIn(rules), 0),
    public: [...new Set(families.flatMap(publicIn))],
  };
}

function trustedIn({ chains, sets }: FamilyRules): number {
  const rules = chains.find(({ name }) => name === CHAINS.behind)?.rules ?? [];
  const names = new Set(rules.filter(({ action }) => action.kind === 'return').flatMap(setOf));
  return sets.reduce((sum, set) => sum + (set.kind === 'net' && names.has(set.name) ? set.members.size : 0), 0);
}

const setOf = ({ match }: Rule): string[] => match.flatMap((each) => (each.kind === 'in-set' ? [each.set] : []));

const publicIn = ({ family, sets }: FamilyRules): string[] =>
  (['tcp', 'udp'] as const).flatMap((protocol) => {
    const names = (['a', 'b'] as const).map((slot) => slotSetName(`public-${protocol}`, family, slot));
    const set = sets.find(({ name }) => names.includes(name));
    return set?.kind === 'port' ? set.ports.ranges().map((range) => formatPortRange({ ...range, protocol })) : [];
  });
