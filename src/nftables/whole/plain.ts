import type { Condition } from '../../ruleset/condition.ts';

type Bare<T> = T extends unknown ? Omit<T, 'text'> : never;

/** A condition without its text. */
export type Plain = Bare<Condition>;

/** The text goes to the parts as well. */
export const withText = (plain: Plain, text: string): Condition => {
  const condition = { ...plain, text } as Condition;
  return condition.kind === 'any' ? { ...condition, of: condition.of.map((each) => withText(each, text)) } : condition;
};

export const turned = (plain: Plain): Plain => {
  const { not, ...rest } = plain;
  return not === true ? (rest as Plain) : ({ ...plain, not: true } as Plain);
};

/** One of them holds. */
export function anyOf(plains: readonly Plain[]): Plain {
  const [only] = plains;
  if (only && plains.length === 1) return only;
  return { kind: 'any', of: plains.map((plain) => withText(plain, '')) };
}

export const ALWAYS: Plain = { kind: 'any', of: [], not: true };

export const openCondition = (text: string): Condition => ({ kind: 'open', what: text, text });
