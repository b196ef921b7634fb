import type { Snapshot } from '../lab/snapshot.ts';

/** Names, as a person knows them, of what a snapshot holds. */
const NAMES: Readonly<Record<keyof Snapshot, string>> = {
  iptables: 'iptables-save',
  ip6tables: 'ip6tables-save',
  legacy: 'iptables-legacy-save',
  ipset: 'ipset save',
  nft: 'nft list ruleset',
  sysctl: 'sysctls',
};

/** How the kernel's state compares: `reordered` has the same lines, but not in the same places. */
export interface Comparison {
  readonly name: string;
  readonly result: 'same' | 'reordered' | 'different';
  /** The first lines that only one of the two has. */
  readonly lines: readonly string[];
}

const SHOWN = 6;

/**
 * Compares two snapshots. Docker was restarted between them, and puts the rules of its containers in the order in
 * which they happen to start: that alone isn't a difference.
 */
export function compare(before: Snapshot, after: Snapshot): Comparison[] {
  return (Object.keys(NAMES) as (keyof Snapshot)[]).map((key) => {
    const [one, other] = [before[key].split('\n'), after[key].split('\n')];
    const lines = [...without(one, other, '-'), ...without(other, one, '+')];
    const result = before[key] === after[key] ? 'same' : lines.length === 0 ? 'reordered' : 'different';
    return { name: NAMES[key], result, lines: lines.slice(0, SHOWN) };
  });
}

/** The lines of one list that the other lacks; a line that is there twice has to be there twice. */
function without(lines: readonly string[], others: readonly string[], sign: string): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines
    .filter((line) => {
      const count = left.get(line) ?? 0;
      left.set(line, count - 1);
      return count <= 0;
    })
    .map((line) => `${sign} ${line}`);
}
