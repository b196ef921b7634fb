import type { Family } from '../net/family.ts';
import type { HookPoint } from '../ruleset/ruleset.ts';
import type { OwnTable, SavedHook } from '../ruleset/own-table.ts';
import { CHAIN_PREFIX, ownsChain } from '../ruleset/ownership.ts';
import { BUILT_IN, TABLE } from './names.ts';
import { parseRule } from './parse-rule.ts';
import { renderRule } from './render-rule.ts';
import { splitWords } from './tokens.ts';

export type { OwnTable, SavedHook } from '../ruleset/own-table.ts';

/** A table as iptables-save prints it: every chain, with its rules as text without `-A CHAIN`. */
export interface SavedTable {
  readonly exists: boolean;
  readonly chains: ReadonlyMap<string, SavedChain>;
}

export interface SavedChain {
  /** Of a built-in chain, else undefined. */
  readonly policy: string | undefined;
  readonly rules: readonly string[];
  /** Packets that matched each rule; 0 where iptables-save wasn't asked for counters. */
  readonly packets: readonly number[];
}

/** How many rules before a hook are kept: to be named, not to be compared. */
const KEPT_BEFORE = 3;

/** Reads the mangle table out of the output of iptables-save (of that table alone, or of all). */
export function parseSave(text: string): SavedTable {
  const chains = new Map<string, { policy: string | undefined; rules: string[]; packets: number[] }>();
  let inside = false;
  let exists = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) inside = line.trim() === `*${TABLE}`;
    if (!inside) continue;
    exists = true;
    const [, name, policy] = /^:(\S+) (\S+)/.exec(line) ?? [];
    if (name !== undefined) chains.set(name, { policy: policy === '-' ? undefined : policy, rules: [], packets: [] });
    const [, packets, chain = '', rule = ''] = /^(?:\[(\d+):\d+\] )?-A (\S+) (.*)$/.exec(line) ?? [];
    chains.get(chain)?.rules.push(rule);
    chains.get(chain)?.packets.push(Number(packets ?? 0));
  }
  return { exists, chains };
}

/** Picks out what is Seawall's, by name alone. */
export function ownPart(table: SavedTable, family: Family): OwnTable {
  const own = [...table.chains].filter(([name]) => ownsChain(name));
  const chains = new Map(own.map(([name, chain]) => [name, chain.rules.map((rule) => canonical(rule, family))]));
  const hooks = (Object.keys(BUILT_IN) as HookPoint[]).flatMap((point) => {
    const rules = table.chains.get(BUILT_IN[point])?.rules ?? [];
    return rules.flatMap((rule, index) =>
      jumpsToOwnChain(rule) ? [hookAt(point, rules, index, canonical(rule, family))] : [],
    );
  });
  const dropped = own.flatMap(([, { rules, packets }]) =>
    packets.filter((_, index) => rules[index]?.endsWith('-j DROP')),
  );
  return { family, exists: table.exists, chains, hooks, dropped: dropped.reduce((sum, count) => sum + count, 0) };
}

function hookAt(point: HookPoint, rules: readonly string[], index: number, text: string): SavedHook {
  const hook = { point, position: index + 1, text };
  return index === 0 ? hook : { ...hook, behind: rules.slice(0, Math.min(index, KEPT_BEFORE)) };
}

/** A rule that isn't ours stays as it was printed, and so differs from every one of ours. */
function canonical(text: string, family: Family): string {
  const rule = parseRule(text, family);
  return rule ? renderRule(rule, family) : text;
}

function jumpsToOwnChain(rule: string): boolean {
  if (!rule.includes(CHAIN_PREFIX)) return false;
  const words = splitWords(rule);
  return words.some((word, at) => (word === '-j' || word === '-g') && ownsChain(words[at + 1] ?? ''));
}
