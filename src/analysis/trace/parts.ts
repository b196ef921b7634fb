import type { Family } from '../../net/family.ts';
import type { Prefix } from '../../net/prefix.ts';
import { isEveryone, PrefixSet } from '../../net/prefix-set.ts';
import { addressBits } from '../../net/family.ts';
import { subtract } from '../../net/subtract.ts';

/** For which sources something holds: for all, for none, or for these. */
export type Part = boolean | PrefixSet;

/** For which sources a condition may hold, and for which it holds in any case. */
export interface Split {
  readonly may: Part;
  readonly must: Part;
}

export const HOLDS: Split = { may: true, must: true };
export const FAILS: Split = { may: false, must: false };
export const OPEN: Split = { may: true, must: false };

export const exactly = (part: Part): Split =>
  part === true ? HOLDS : part === false ? FAILS : { may: part, must: part };

export const everyone = (family: Family): PrefixSet => PrefixSet.of(family, [{ family, value: 0n, length: 0 }]);

/** The addresses that both have; as cheap as the shorter of them, but for splitting. */
export function intersection(a: PrefixSet, b: PrefixSet): PrefixSet {
  if (isEveryone(a)) return b;
  if (isEveryone(b)) return a;
  const [few, many] = a.size <= b.size ? [a, b] : [b, a];
  return PrefixSet.of(few.family, common(few, many));
}

function* common(few: PrefixSet, many: PrefixSet): Generator<Prefix> {
  for (const prefix of few.prefixes()) yield* within(prefix, many);
}

function* within(prefix: Prefix, many: PrefixSet): Generator<Prefix> {
  if (many.covers(prefix)) yield prefix;
  else if (many.overlaps(prefix)) {
    const length = prefix.length + 1;
    const upper = 1n << BigInt(addressBits(prefix.family) - length);
    yield* within({ ...prefix, length }, many);
    yield* within({ ...prefix, value: prefix.value | upper, length }, many);
  }
}

/** The sources of the part; undefined where there are none. */
export function inside(sources: PrefixSet, part: Part): PrefixSet | undefined {
  if (part === true) return sources;
  return part === false ? undefined : unlessEmpty(intersection(sources, part));
}

export function outside(sources: PrefixSet, part: Part): PrefixSet | undefined {
  if (part === false) return sources;
  return part === true ? undefined : unlessEmpty(subtract(sources, part));
}

const unlessEmpty = (set: PrefixSet): PrefixSet | undefined => (set.size > 0 ? set : undefined);

export function both(a: Part, b: Part): Part {
  if (a === false || b === false) return false;
  if (a === true) return b;
  if (b === true) return a;
  return unlessEmpty(intersection(a, b)) ?? false;
}

export function either(a: Part, b: Part): Part {
  if (a === true || b === true) return true;
  if (a === false) return b;
  return b === false ? a : a.union(b);
}

const rest = (part: Part, family: Family): Part =>
  typeof part === 'boolean' ? !part : (unlessEmpty(subtract(everyone(family), part)) ?? false);

export const negated = ({ may, must }: Split, family: Family): Split => ({
  may: rest(must, family),
  must: rest(may, family),
});

export function allOf(splits: Iterable<Split>): Split {
  let all = HOLDS;
  for (const { may, must } of splits) {
    all = { may: both(all.may, may), must: both(all.must, must) };
    if (all.may === false) return FAILS;
  }
  return all;
}

export const anyOf = (splits: readonly Split[]): Split =>
  splits.reduce((any, { may, must }) => ({ may: either(any.may, may), must: either(any.must, must) }), FAILS);
