import type { FilterTable } from './netfilter.ts';

/**
 * The tables of nftables without those that iptables' nft variant keeps there: who asked both tools has them twice, and
 * iptables tells more of them. Only what has the same chains with as many rules is taken for a copy.
 */
export const withoutCopies = (nftables: readonly FilterTable[], iptables: readonly FilterTable[]): FilterTable[] => {
  const known = new Set(
    iptables.flatMap((table) => table.families.map((family) => shapeOf(table, `${FAMILY[family]} ${table.name}`))),
  );
  return nftables.filter((table) => !known.has(shapeOf(table, table.name)));
};

const FAMILY = { 4: 'ip', 6: 'ip6' } as const;

/** A chain without rules that accepts may not be there at all. */
const shapeOf = ({ chains }: FilterTable, name: string): string => {
  const used = [...chains.values()].filter(({ base, rules }) => rules.length > 0 || base?.policy !== 'accept');
  return JSON.stringify([
    name,
    ...used.map((chain) => [chain.name, chain.base?.policy ?? '-', chain.rules.length]).toSorted(),
  ]);
};
