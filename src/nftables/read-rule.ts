import type { Family } from '../net/family.ts';
import type { Action, Rule } from '../ruleset/match.ts';
import { type Json, keyOf, sameJson } from './json.ts';
import { ownChainOf } from './names.ts';
import { endpointJson, eq, meta, type Reading, setOf, takeMatch } from './read-match.ts';

/** A rule that Seawall could have written, and the part of a set that it asks, where that is kept in several. */
export interface ReadRule {
  readonly rule: Rule;
  readonly part: string | undefined;
}

/**
 * Reads a rule as `nft -n -j` prints it. Undefined for one that, however small the difference, is none of ours.
 */
export function readNftRule(expr: readonly Json[], comment: string | undefined, family: Family): ReadRule | undefined {
  const reading: Reading = { family, match: [], part: undefined };
  const said = expr.filter((each) => keyOf(each) !== 'counter');
  const remembering = readRemembering(said, family);
  if (remembering) return { rule: remembering, part: undefined };
  const action = readAction(said.at(-1), family);
  if (!action) return undefined;
  const conditions = said.slice(0, -1);
  while (conditions.length > 0) {
    const taken = takeMatch(conditions, reading);
    if (taken === 0) return undefined;
    conditions.splice(0, taken);
  }
  const { match, part } = reading;
  return { rule: comment === undefined ? { match, action } : { match, action, comment }, part };
}

function readAction(statement: Json | undefined, family: Family): Action | undefined {
  const key = keyOf(statement ?? null);
  if (key === 'return' || key === 'drop') return { kind: key };
  const value = (statement as Record<string, Record<string, Json>> | undefined)?.[key ?? ''];
  if (key === 'log' && sameJson(Object.keys(value ?? {}), ['prefix']) && typeof value?.['prefix'] === 'string')
    return { kind: 'log', prefix: value['prefix'] };
  if (key !== 'jump' && key !== 'goto') return undefined;
  const own = typeof value?.['target'] === 'string' ? ownChainOf(value['target']) : undefined;
  return own?.family === family ? { kind: key, chain: own.chain } : undefined;
}

/** What notes whoever isn't noted yet, or renews the note. (What it counts by, nft doesn't print.) */
function readRemembering(said: readonly Json[], family: Family): Rule | undefined {
  const [protocols, statement, ...rest] = said;
  const both = sameJson(protocols, eq(meta('l4proto'), { set: [6, 17] }));
  if (!both || rest.length > 0 || keyOf(statement ?? null) !== 'set') return undefined;
  const { op, elem, set, ...more } = (statement as { set: Record<string, Json> }).set;
  const name = setOf(set ?? null);
  const plain = Object.keys(more).every((key) => key === 'stmt');
  if (!plain || name === undefined || !sameJson(elem, endpointJson('src', 'dst', family))) return undefined;
  if (op === 'update') return { match: [], action: { kind: 'renew', set: name } };
  return op === 'add' ? noteRule(name) : undefined;
}

const noteRule = (set: string): Rule => ({
  match: [{ kind: 'in-set', set, fields: ['src', 'dst'], not: true }],
  action: { kind: 'note', set },
});
