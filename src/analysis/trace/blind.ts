import type { Condition, FilterChain, FilterRule, FilterTable, SetKeyPart } from '../../ruleset/netfilter.ts';

const ACTIONS: ReadonlySet<string> = new Set(['accept', 'drop', 'reject', 'return', 'continue', 'jump', 'goto']);
const TELLING: ReadonlySet<Condition['kind']> = new Set(['address-type', 'original', 'nat']);
const TELLING_FIELDS: ReadonlySet<SetKeyPart> = new Set(['dst', 'dst-mac', 'other'] as const);

const known = new WeakMap<FilterChain, boolean>();

/**
 * Whether neither the chain nor any that it calls asks where a packet goes, or changes it: what they do to some sources
 * they then do for every destination. Lists of known hosts are of this kind, and they are the longest chains that there are.
 */
export function isBlind(table: FilterTable, chain: FilterChain): boolean {
  const found = known.get(chain);
  if (found !== undefined) return found;
  // What leads back to itself is not looked into any further.
  known.set(chain, false);
  const isIt = chain.rules.every((rule) => isBlindRule(table, rule));
  known.set(chain, isIt);
  return isIt;
}

function isBlindRule(table: FilterTable, { conditions, action, also = [] }: FilterRule): boolean {
  if (also.length > 0 || !ACTIONS.has(action.kind) || conditions.some(tells)) return false;
  const called = 'chain' in action ? table.chains.get(action.chain) : undefined;
  return called === undefined || isBlind(table, called);
}

function tells(condition: Condition): boolean {
  if (condition.kind === 'any') return condition.of.some(tells);
  if (condition.kind === 'address') return condition.end === 'dst';
  if (condition.kind === 'set') return condition.fields.some((field) => TELLING_FIELDS.has(field));
  return TELLING.has(condition.kind);
}
