import { FAMILIES, type Family } from '../../net/family.ts';
import {
  setKey,
  type ChainBase,
  type FilterChain,
  type FilterHook,
  type FilterRule,
  type FilterSet,
  type FilterTable,
  type Netfilter,
} from '../../ruleset/netfilter.ts';
import { AnonymousSets } from './anonymous-sets.ts';
import { isObject, listOf, objectOf, onlyKey, textOf, type Json, type JsonObject } from './json.ts';
import { Maps } from './maps.ts';
import { readRule } from './rule.ts';
import { readSet } from './sets.ts';

export interface NftOptions {
  /** False for `nft -t -j`, which leaves out what sets hold: they may then hold anything. */
  readonly complete?: boolean;
}

/**
 * Reads the output of `nft -j list ruleset`. Never throws: what isn't understood is `open`, and what isn't JSON at all is
 * `unread`. Tables of iptables' nft variant are among those of nftables here (see withoutCopies).
 */
export function parseNft(json: string | Uint8Array, { complete = true }: NftOptions = {}): Netfilter {
  const objects = objectsOf(typeof json === 'string' ? json : new TextDecoder().decode(json));
  if (objects === undefined) return { tables: [], sets: new Map(), unread: ['no JSON of nft'] };
  const reading = new Reading(complete);
  for (const object of objects) reading.collect(object);
  return reading.finish(objects);
}

function objectsOf(text: string): readonly Json[] | undefined {
  try {
    const { nftables } = objectOf(JSON.parse(text));
    return Array.isArray(nftables) ? nftables : undefined;
  } catch {
    return undefined;
  }
}

const TABLE_FAMILIES: ReadonlyMap<string, readonly Family[]> = new Map<string, readonly Family[]>([
  ['ip', [4]],
  ['ip6', [6]],
  ['inet', FAMILIES],
  ['netdev', FAMILIES],
]);

interface Chain {
  readonly object: JsonObject;
  readonly rules: FilterRule[];
}

class Reading {
  readonly #complete: boolean;
  readonly #tables = new Map<string, { object: JsonObject; families: readonly Family[]; chains: Map<string, Chain> }>();
  readonly #aside: string[] = [];
  readonly #sets = new Map<string, FilterSet>();
  readonly #filled = new Set<string>();
  readonly #maps = new Maps();
  readonly #anonymous = new AnonymousSets();

  constructor(complete: boolean) {
    this.#complete = complete;
  }

  /** Everything but rules, which need to know all of it. */
  collect(entry: Json): void {
    const [kind, inner] = onlyKey(entry) ?? [''];
    const object = objectOf(inner);
    if (kind === 'table') this.#collectTable(object);
    if (kind === 'chain') this.#collectChain(object);
    if (kind === 'set') this.#sets.set(keyOf(object), readSet(object, listOf(object['elem']), this.#complete));
    if (kind === 'map' && this.#complete) this.#maps.add(keyOf(object), listOf(object['elem']));
  }

  #collectTable(object: JsonObject): void {
    const name = `${textOf(object['family']) ?? ''} ${textOf(object['name']) ?? ''}`;
    const families = TABLE_FAMILIES.get(textOf(object['family']) ?? '');
    if (families === undefined) this.#aside.push(name);
    // A dormant table is asked by nobody.
    else if (!listOf(object['flags']).includes('dormant'))
      this.#tables.set(name, { object, families, chains: new Map() });
  }

  #collectChain(object: JsonObject): void {
    const name = textOf(object['name']);
    if (name !== undefined) this.#tables.get(tableOf(object))?.chains.set(name, { object, rules: [] });
  }

  finish(objects: readonly Json[]): Netfilter {
    for (const entry of objects) {
      const [kind, inner] = onlyKey(entry) ?? [''];
      if (kind === 'rule' && isObject(inner)) this.#readRule(inner);
    }
    const tables = [...this.#tables].map(([name, { families, chains }]): FilterTable => ({
      tool: 'nftables',
      name,
      families,
      chains: chainsOf(chains),
    }));
    const sets = new Map([...this.#sets, ...this.#anonymous.sets]);
    for (const key of this.#filled) {
      const set = sets.get(key);
      if (set) sets.set(key, { ...set, changing: true });
    }
    return this.#aside.length === 0 ? { tables, sets } : { tables, sets, aside: this.#aside };
  }

  #readRule(rule: JsonObject): void {
    const table = tableOf(rule);
    const chain = this.#tables.get(table)?.chains.get(textOf(rule['chain']) ?? '');
    if (chain === undefined) return;
    chain.rules.push(readRule(rule, { table, anonymous: this.#anonymous }, this.#maps));
    for (const statement of listOf(rule['expr'])) {
      const [kind, inner] = onlyKey(statement) ?? [''];
      if (kind === 'set')
        this.#filled.add(setKey('nftables', table, (textOf(objectOf(inner)['set']) ?? '').replace(/^@/, '')));
    }
  }
}

const tableOf = ({ family, table }: JsonObject): string => `${textOf(family) ?? ''} ${textOf(table) ?? ''}`;

const keyOf = (object: JsonObject): string => setKey('nftables', tableOf(object), textOf(object['name']) ?? '');

const chainsOf = (chains: ReadonlyMap<string, Chain>): ReadonlyMap<string, FilterChain> =>
  new Map(
    [...chains].map(([name, { object, rules }]) => {
      const base = baseOf(object);
      return [name, base ? { name, base, rules } : { name, rules }];
    }),
  );

const HOOKS: readonly FilterHook[] = ['ingress', 'prerouting', 'input', 'forward', 'output', 'postrouting', 'egress'];

function baseOf({ hook, prio, type, policy, dev }: JsonObject): ChainBase | undefined {
  const name = HOOKS.find((each) => each === hook);
  if (name === undefined) return undefined;
  const devices = listOf(dev).flatMap((each) => textOf(each) ?? []);
  return {
    hook: name,
    priority: typeof prio === 'number' ? prio : 0,
    type: type === 'nat' || type === 'route' ? type : 'filter',
    policy: policy === 'drop' ? 'drop' : 'accept',
    ...(devices.length > 0 ? { devices } : {}),
  };
}
