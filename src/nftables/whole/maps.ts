import type { Condition } from '../../ruleset/condition.ts';
import { setKey, type RuleAction } from '../../ruleset/netfilter.ts';
import { needsOf } from './fields.ts';
import { plainItem } from './items.ts';
import { listOf, onlyKey, type Json, type JsonObject } from './json.ts';
import { fieldsOf, keyCondition, setName, type Place } from './match.ts';
import type { Chosen } from './nat.ts';
import { openCondition, withText } from './plain.ts';
import { printValue } from './print-values.ts';
import { verdictOf } from './verdicts.ts';

type Pair = readonly [key: Json, value: Json];

/** The maps of a ruleset, by `setKey`, and the choices that rules make by them. */
export class Maps {
  readonly #pairs = new Map<string, readonly Pair[]>();

  add(key: string, elements: readonly Json[]): void {
    this.#pairs.set(key, [...(this.#pairs.get(key) ?? []), ...pairsOf(elements)]);
  }

  /** `key vmap { … }` */
  choose(vmap: JsonObject, place: Place, text: string): Chosen {
    return this.chooseBy(vmap, place, text, (value) => {
      const [kind, inner] = onlyKey(value) ?? [''];
      return verdictOf(kind, inner) ?? { kind: 'open', what: printValue(value) };
    });
  }

  chooseBy({ key, data }: JsonObject, place: Place, text: string, use: (value: Json) => RuleAction): Chosen {
    const pairs = this.#pairsOf(data, place);
    if (pairs === undefined) return { needs: [], action: { kind: 'open', what: text, rewrites: true } };
    const fields = fieldsOf(key);
    const cases = catchAllLast(pairs).map(([item, value]) => ({
      when: caseCondition(keyCondition(fields, plainItem(item), place), `${printValue(key)} ${printValue(item)}`),
      action: use(value),
    }));
    return { needs: fields.flatMap((field) => needsOf(field, text)), action: { kind: 'choose', cases } };
  }

  #pairsOf(data: Json, { table }: Place): readonly Pair[] | undefined {
    const name = setName(data);
    if (name !== undefined) return this.#pairs.get(setKey('nftables', table, name));
    const [kind, inner] = onlyKey(data) ?? [''];
    return kind === 'set' ? pairsOf(listOf(inner)) : undefined;
  }
}

const pairsOf = (elements: readonly Json[]): Pair[] =>
  elements.map((element): Pair => (Array.isArray(element) ? [element[0], element[1]] : [element, undefined]));

/** It stands for all that no other element is. */
const catchAllLast = (pairs: readonly Pair[]): readonly Pair[] => [
  ...pairs.filter(([key]) => plainItem(key) !== '*'),
  ...pairs.filter(([key]) => plainItem(key) === '*'),
];

const caseCondition = (plain: ReturnType<typeof keyCondition>, text: string): Condition =>
  plain === undefined ? openCondition(text) : withText(plain, text);
