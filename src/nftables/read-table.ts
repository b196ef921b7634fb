import type { LiveSet, LiveSets } from '../ruleset/live-set.ts';
import { renderRule } from '../iptables/render-rule.ts';
import type { OwnTable, SavedHook } from '../ruleset/own-table.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import { parseJson } from '../net/json.ts';
import type { Match } from '../ruleset/match.ts';
import { ownsSet } from '../ruleset/ownership.ts';
import type { HookPoint } from '../ruleset/ruleset.ts';
import { isObject, type Json, matchParts, sameJson } from './json.ts';
import { IP, NFPROTO, NFT_TABLE, ownChainOf, POINTS, PRIORITY } from './names.ts';
import { readNftRule, type ReadRule } from './read-rule.ts';
import type { NftSet } from './read-set.ts';
import { wholeOf } from './set-parts.ts';

/** Seawall's table in nftables, in the words of the other backend: so that states compare whichever of them they are of. */
export interface OwnNft {
  readonly exists: boolean;
  readonly tables: Readonly<Record<Family, OwnTable>>;
  /** As nft says them, by their names in the kernel. */
  readonly sets: ReadonlyMap<string, NftSet>;
  /** Every chain by its name in the kernel. */
  readonly chains: readonly string[];
  /** Base chains that are not hooked in as ours are. */
  readonly misplaced: readonly HookPoint[];
  /** Sets that rules ask, by their names in the ruleset. */
  readonly asked: ReadonlySet<string>;
}

/** What is in the table of a ruleset as `nft -n -j` prints it. Undefined where that makes no sense. */
export function readNftTable(output: string): OwnNft | undefined {
  const answer = parseJson(output) as Json | undefined;
  const parts = isObject(answer) ? answer['nftables'] : undefined;
  if (!Array.isArray(parts)) return undefined;
  const objects = (kind: string): Entry[] =>
    (parts as readonly Json[]).flatMap((part) => {
      const object = isObject(part) ? part[kind] : undefined;
      const table = isObject(object) ? `${String(object['family'])} ${String(object['table'] ?? object['name'])}` : '';
      return isObject(object) && table === NFT_TABLE ? [object] : [];
    });
  const sets = new Map(objects('set').map((set) => [nameOf(set), toSet(set)]));
  const chains = objects('chain').map((chain) => ({ chain, rules: [] as Entry[] }));
  const byName = new Map(chains.map((each) => [nameOf(each.chain), each]));
  for (const rule of objects('rule')) byName.get(String(rule['chain']))?.rules.push(rule);
  const tables = { 4: readFamily(chains, sets, 4), 6: readFamily(chains, sets, 6) };
  return {
    exists: objects('table').length > 0,
    tables,
    sets,
    chains: [...byName.keys()],
    misplaced: POINTS.filter((point) => chains.some(({ chain }) => nameOf(chain) === point && !isSound(chain, point))),
    asked: new Set(chains.flatMap(({ rules }) => rules.flatMap(setsAsked))),
  };
}

export const NO_NFT: OwnNft = {
  exists: false,
  tables: { 4: emptyTable(4), 6: emptyTable(6) },
  sets: new Map(),
  chains: [],
  misplaced: [],
  asked: new Set(),
};

function emptyTable(family: Family): OwnTable {
  return { family, exists: false, chains: new Map(), hooks: [], dropped: 0 };
}

type Entry = Readonly<Record<string, Json>>;
interface ChainEntry {
  readonly chain: Entry;
  readonly rules: readonly Entry[];
}

const nameOf = (entry: Entry): string => String(entry['name']);
const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : []);

const toSet = (set: Entry): NftSet => ({
  name: nameOf(set),
  type: set['type'] ?? null,
  flags: listOf(set['flags']),
  elements: Array.isArray(set['elem']) ? listOf(set['elem']) : undefined,
});

const setsAsked = (rule: Entry): string[] =>
  [...JSON.stringify(rule['expr'] ?? null).matchAll(/"@([^"]+)"/g)].map(([, name = '']) => wholeOf(name).set);

function readFamily(chains: readonly ChainEntry[], sets: ReadonlyMap<string, NftSet>, family: Family): OwnTable {
  const own = chains.flatMap(({ chain, rules }) => {
    const name = ownChainOf(nameOf(chain));
    return name?.family === family && chain['hook'] === undefined ? [[name.chain, rules] as const] : [];
  });
  return {
    family,
    exists: chains.length > 0,
    chains: new Map(own.map(([name, rules]) => [name, ruleTexts(rules, sets, family)])),
    hooks: POINTS.flatMap((point) => readHooks(chains, point, family)),
    dropped: own.flatMap(([, rules]) => rules.map(droppedBy)).reduce((sum, count) => sum + count, 0),
  };
}

function droppedBy(rule: Entry): number {
  const expr = listOf(rule['expr']);
  const counter = expr.flatMap((each) => (isObject(each) && isObject(each['counter']) ? [each['counter']] : []))[0];
  const drops = expr.some((each) => isObject(each) && 'drop' in each);
  return drops && typeof counter?.['packets'] === 'number' ? counter['packets'] : 0;
}

const exprOf = (rule: Entry): readonly Json[] => listOf(rule['expr']);
const commentOf = (rule: Entry): string | undefined =>
  typeof rule['comment'] === 'string' ? rule['comment'] : undefined;

/** The rules in canonical form. Several that ask the parts of one set are one rule, if they ask all of them. */
function ruleTexts(rules: readonly Entry[], sets: ReadonlyMap<string, NftSet>, family: Family): string[] {
  const read = rules.map((rule) => ({ rule, own: readNftRule(exprOf(rule), commentOf(rule), family) }));
  const texts: string[] = [];
  for (let at = 0; at < read.length;) {
    const { rule, own } = read[at] ?? {};
    if (!own) {
      texts.push(JSON.stringify(rule?.['expr'] ?? null));
      at++;
      continue;
    }
    const text = renderRule(own.rule, family);
    const same = countSame(read.slice(at), text, family);
    const parts = read.slice(at, at + same).map((each) => each.own?.part);
    texts.push(own.part === undefined || areAll(own, parts, sets) ? text : `${text} (only ${parts.join(', ')})`);
    at += own.part === undefined ? 1 : same;
  }
  return texts;
}

function countSame(read: readonly { own: ReadRule | undefined }[], text: string, family: Family): number {
  const other = read.findIndex(({ own }) => own?.part === undefined || renderRule(own.rule, family) !== text);
  return other === -1 ? read.length : Math.max(other, 1);
}

/** Whether these are all parts that the set has, each once. */
function areAll(
  { rule }: ReadRule,
  parts: readonly (string | undefined)[],
  sets: ReadonlyMap<string, NftSet>,
): boolean {
  const asked = rule.match.flatMap((match) => (match.kind === 'in-set' ? [match.set] : []));
  const there = [...sets.keys()].filter((name) => {
    const { set, length } = wholeOf(name);
    return length !== undefined && asked.includes(set);
  });
  return there.length === parts.length && there.every((name) => parts.includes(name));
}

const ESTABLISHED: readonly Json[] = [
  { match: { op: 'in', left: { ct: { key: 'state' } }, right: [2, 4] } },
  { return: null },
];
const NOT_ESTABLISHED: Match = { kind: 'state', states: ['related', 'established'], not: true };

/** The jumps of a base chain for one IP version; at the first place if the chain is just as it should be up to there. */
function readHooks(chains: readonly ChainEntry[], point: HookPoint, family: Family): SavedHook[] {
  const base = chains.find(({ chain }) => nameOf(chain) === point);
  if (!base) return [];
  const strange = strangeness(base, point);
  return base.rules.flatMap((rule): SavedHook[] => {
    const text = jumpText(rule, family);
    if (text === undefined) return [];
    return [{ point, text, ...(strange.length === 0 ? { position: 1 } : { position: 2, behind: strange }) }];
  });
}

const isSound = ({ type, hook, prio, policy }: Entry, point: HookPoint): boolean =>
  type === 'filter' && hook === point && prio === PRIORITY && policy === 'accept';

/** What is not ours about a base chain. */
function strangeness({ chain, rules }: ChainEntry, point: HookPoint): string[] {
  const { type, prio, policy } = chain;
  const [first, ...rest] = rules;
  const begins = first !== undefined && sameJson(withoutCounters(exprOf(first)), ESTABLISHED);
  const strangers = (begins ? rest : rules).filter(
    (rule) => !FAMILIES.some((family) => jumpText(rule, family) !== undefined),
  );
  return [
    ...(isSound(chain, point)
      ? []
      : [`the base chain is of type ${String(type)}, priority ${String(prio)}, policy ${String(policy)}`]),
    ...(begins ? [] : ['its first rule is not the test for established connections']),
    ...strangers.map((rule) => `a rule is not ours: ${JSON.stringify(rule['expr'] ?? null)}`),
  ];
}

const withoutCounters = (expr: readonly Json[]): Json[] =>
  expr.filter((each) => !(isObject(each) && 'counter' in each));

/** The canonical text of a base chain's jump: what comes to it is not established. */
function jumpText(rule: Entry, family: Family): string | undefined {
  const conditions = withoutProto(exprOf(rule), family);
  const read = conditions && readNftRule(conditions, commentOf(rule), family);
  if (read?.rule.action.kind !== 'jump') return undefined;
  return renderRule({ ...read.rule, match: [NOT_ESTABLISHED, ...read.rule.match] }, family);
}

/** Without the test for the IP version, which nft leaves out where an address says the same. */
function withoutProto(expr: readonly Json[], family: Family): readonly Json[] | undefined {
  const [proto, ...rest] = expr;
  const parts = matchParts(proto);
  if (sameJson(parts?.left, { meta: { key: 'nfproto' } }))
    return parts?.op === '==' && parts.right === NFPROTO[family] ? rest : undefined;
  return isObject(parts?.left) && sameJson(parts.left, { payload: { protocol: IP[family], field: 'daddr' } })
    ? expr
    : undefined;
}

/** The sets by their names in the ruleset; `read` gives a set that is kept in parts. */
export function setsByName(
  own: OwnNft,
  whole: (set: NftSet) => LiveSet,
  parted: (set: string, parts: readonly NftSet[]) => LiveSet,
): LiveSets {
  const groups = new Map<string, NftSet[]>();
  for (const set of own.sets.values()) {
    const name = wholeOf(set.name).set;
    groups.set(name, [...(groups.get(name) ?? []), set]);
  }
  return new Map(
    [...groups].map(([name, sets]): [string, LiveSet] => {
      const [first] = sets;
      if (!first || !ownsSet(name)) return [name, { kind: 'strange' }];
      return [name, first.name === name && sets.length === 1 ? whole(first) : parted(name, sets)];
    }),
  );
}
