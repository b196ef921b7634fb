import type { Family } from '../../net/family.ts';
import type { ChainBase, Counters, FilterChain, FilterRule, FilterTable } from '../../ruleset/netfilter.ts';
import { baseOf } from './built-in.ts';
import { RuleReader } from './rule.ts';

/**
 * Reads all tables out of the output of iptables-save or ip6tables-save, with counters or without. Never throws: a rule
 * that isn't understood is `open` in the part that isn't, a line that is no rule is kept in `unread`.
 */
export function parseIptables(text: string, family: Family): FilterTable[] {
  const tables: SavedLines[] = [];
  for (const line of text.split('\n')) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    if (trimmed.startsWith('*')) tables.push(new SavedLines(trimmed.slice(1)));
    else tables.at(-1)?.take(trimmed);
  }
  return tables.map((table) => table.read(family));
}

interface SavedChain {
  readonly policy: string;
  readonly counters: Counters | undefined;
  readonly rules: { readonly text: string; readonly counters: Counters | undefined }[];
}

const NO_CHAIN: Omit<SavedChain, 'rules'> = { policy: '-', counters: undefined };

/** The lines of one table: its rules can be read only when all its chains are known. */
class SavedLines {
  readonly #name: string;
  readonly #chains = new Map<string, SavedChain>();
  readonly #unread: string[] = [];
  #committed = false;

  constructor(name: string) {
    this.#name = name;
  }

  take(line: string): void {
    if (line === 'COMMIT') this.#committed = true;
    else if (line.startsWith(':')) this.#takeChain(line);
    else this.#takeRule(line);
  }

  #takeChain(line: string): void {
    const [, name, policy = '-', packets, bytes] = /^:(\S+)\s+(\S+)(?:\s+\[(\d+):(\d+)\])?$/.exec(line) ?? [];
    if (name === undefined) this.#unread.push(line);
    else this.#chains.set(name, { policy, counters: countersOf(packets, bytes), rules: [] });
  }

  #takeRule(line: string): void {
    const [, packets, bytes, name, text = ''] =
      /^(?:\[(\d+):(\d+)\]\s+)?(?:-A|--append)\s+(\S+)(?:\s+(.*))?$/.exec(line) ?? [];
    if (name === undefined) {
      this.#unread.push(line);
      return;
    }
    const chain = this.#chains.get(name) ?? { ...NO_CHAIN, rules: [] };
    this.#chains.set(name, chain);
    chain.rules.push({ text, counters: countersOf(packets, bytes) });
  }

  read(family: Family): FilterTable {
    const reader = new RuleReader(family, new Set(this.#chains.keys()));
    const chains = new Map<string, FilterChain>();
    for (const [name, { policy, counters, rules }] of this.#chains) {
      const read = rules.map((rule): FilterRule => reader.read(rule.text, rule.counters));
      chains.set(name, chainOf(name, baseOf(this.#name, name, policy), read, counters));
    }
    const unread = this.#committed ? this.#unread : [...this.#unread, '(no COMMIT)'];
    const table = { tool: 'iptables', name: this.#name, families: [family], chains } as const;
    return unread.length === 0 ? table : { ...table, unread };
  }
}

const countersOf = (packets: string | undefined, bytes: string | undefined): Counters | undefined =>
  packets === undefined ? undefined : { packets: Number(packets), bytes: Number(bytes) };

const chainOf = (
  name: string,
  base: ChainBase | undefined,
  rules: readonly FilterRule[],
  counters: Counters | undefined,
): FilterChain => ({ name, ...(base ? { base } : {}), rules, ...(counters ? { counters } : {}) });
