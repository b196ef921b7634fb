import type { MachineLink } from '../analysis/trace/machine.ts';
import type { Condition } from '../ruleset/condition.ts';
import type { FilterTable, Netfilter } from '../ruleset/netfilter.ts';

/** `meta iifkind "bridge"` of nft; what stands for it in the record of a generation. */
const KIND = /^meta (i|o)ifkind (!= )?"?([\w-]+)"?$/;
const INNER_BRIDGE = '-m inner-bridge';

/**
 * Conditions on the kind of a link as conditions on the names of those that are of it. They stay open where nobody knows the
 * kinds (`ip -j address` without `-d`).
 */
export function withLinkKinds(netfilter: Netfilter, links: readonly MachineLink[]): Netfilter {
  if (!links.some(({ kind }) => kind !== undefined)) return netfilter;
  const named = (kind: string): string[] => links.filter((link) => link.kind === kind).map(({ name }) => name);
  const known = (condition: Condition): Condition => {
    if (condition.kind !== 'open') return condition;
    const { text } = condition;
    if (text === INNER_BRIDGE) return { kind: 'link', side: 'in', names: named('bridge'), text };
    const [, side, not, kind = ''] = KIND.exec(text) ?? [];
    if (side === undefined) return condition;
    const turned = (not !== undefined) !== (condition.not === true);
    return {
      kind: 'link',
      side: side === 'i' ? 'in' : 'out',
      names: named(kind),
      text,
      ...(turned ? { not: true } : {}),
    };
  };
  return { ...netfilter, tables: netfilter.tables.map((table) => mapConditions(table, known)) };
}

function mapConditions(table: FilterTable, map: (condition: Condition) => Condition): FilterTable {
  const chains = [...table.chains].map(
    ([name, chain]) =>
      [
        name,
        { ...chain, rules: chain.rules.map((rule) => ({ ...rule, conditions: rule.conditions.map(map) })) },
      ] as const,
  );
  return { ...table, chains: new Map(chains) };
}
