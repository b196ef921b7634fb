import type { Family } from '../../net/family.ts';
import type { Condition } from '../../ruleset/condition.ts';
import type { Option } from './rule-words.ts';

/** `Omit` that keeps the members of a union apart. */
type Bare<T> = T extends unknown ? Omit<T, 'text' | 'not'> : never;

/** A condition without what its place in the rule adds: its text, and whether it is turned round. */
export type Plain = Bare<Condition>;

/** Reads an option's values; undefined for what it doesn't understand, which then may match and may not. */
export type OptionReader = (values: readonly string[], family: Family) => Plain | undefined;

/** Reads the options of one match. `text`: all of it, with `-m`. */
export type MatchReader = (options: readonly Option[], family: Family, text: string) => readonly Condition[];

/** Takes the plain one over, which nobody else may have: copying it costs more than reading it. */
export function conditionOf(plain: Plain, text: string, not: boolean): Condition {
  const added = plain as Plain & { text?: string; not?: true };
  added.text = text;
  if (not) added.not = true;
  return added as Condition;
}

/** Of a match in which each option is a condition by itself. An option that isn't listed is `open`. */
export const byOption =
  (readers: Readonly<Record<string, OptionReader>>): MatchReader =>
  (options, family) =>
    options.map(({ name, values, not, text }) => {
      const plain = readers[name]?.(values, family);
      return plain === undefined ? openCondition(text) : conditionOf(plain, text, not);
    });

/** Turned round it is the same: it may hold and may not. */
export const openCondition = (text: string): Condition => ({ kind: 'open', what: text, text });
