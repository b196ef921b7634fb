import { nftComment } from '../nftables/render-rule.ts';
import type { Rule } from '../ruleset/match.ts';
import type { FamilyRules } from '../ruleset/ruleset.ts';

/** Rules as iptables can carry them: it can't tell a bridge by its kind, so there only its name counts. */
export const forIptables = (rules: FamilyRules): FamilyRules =>
  mapRules(rules, (all) => all.filter(({ match }) => !match.some(({ kind }) => kind === 'inner-bridge')));

/** Rules as nftables can carry them: its comments are shorter, and without quotation marks. */
export const forNft = (rules: FamilyRules): FamilyRules =>
  mapRules(rules, (all) =>
    all.map((rule) => (rule.comment === undefined ? rule : { ...rule, comment: nftComment(rule.comment) })),
  );

const mapRules = (rules: FamilyRules, map: (all: readonly Rule[]) => readonly Rule[]): FamilyRules => ({
  ...rules,
  chains: rules.chains.map((chain) => ({ ...chain, rules: map(chain.rules) })),
});
