import type { Family } from '../../net/family.ts';
import type { Prefix } from '../../net/prefix.ts';
import { isEveryone, PrefixSet } from '../../net/prefix-set.ts';
import { addressBits } from '../../net/family.ts';
import { spansWithin } from '../../net/prefix-spans.ts';
import { Points } from './grid.ts';
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

const EVERYONE = { 4: wholeOf(4), 6: wholeOf(6) };
export const everyone = (family: Family): PrefixSet => EVERYONE[family];

function wholeOf(family: Family): PrefixSet {
  return PrefixSet.of(family, [{ family, value: 0n, length: 0 }]);
}

/** The addresses that both have; as cheap as the shorter of them, but for splitting. */
export function intersection(a: PrefixSet, b: PrefixSet): PrefixSet {
  if (isEveryone(a)) return b;
  if (isEveryone(b)) return a;
  const [few, many] = a.size <= b.size ? [a, b] : [b, a];
  return shared(few, many);
}

const shared = remembered((few, many) =>
  few.family === 4 ? few.combine(many, spansWithin) : PrefixSet.of(few.family, common(few, many)),
);
/** The addresses of the first that are not in the second. */
export const difference = remembered(subtract);
/** The addresses of either. */
export const union = remembered((a, b) => a.union(b));

/** The same sets are asked about for every port and destination: each pair is worked out once. */
function remembered(work: (a: PrefixSet, b: PrefixSet) => PrefixSet): (a: PrefixSet, b: PrefixSet) => PrefixSet {
  const known = new WeakMap<PrefixSet, WeakMap<PrefixSet, PrefixSet>>();
  return (a, b) => {
    const found = known.get(a)?.get(b);
    if (found) return found;
    const made = work(a, b);
    const of = known.get(a) ?? new WeakMap<PrefixSet, PrefixSet>();
    known.set(a, of.set(b, made));
    return made;
  };
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

/** Whose packets go a way: addresses, or some that stand for others. */
export type Sources = PrefixSet | Points;

/** The sources of the part; undefined where there are none. */
export function inside(sources: Sources, part: Part): Sources | undefined {
  if (part === true) return sources;
  if (part === false) return undefined;
  return sources instanceof Points ? unlessNone(sources.within(part)) : unlessEmpty(intersection(sources, part));
}

export function outside(sources: Sources, part: Part): Sources | undefined {
  if (part === false) return sources;
  if (part === true) return undefined;
  return sources instanceof Points ? unlessNone(sources.without(part)) : unlessEmpty(difference(sources, part));
}

/** Throws a TypeError where one is points and the other is not: nothing asks about both. */
export function together(a: Sources, b: Sources): Sources {
  if (a instanceof Points && b instanceof Points) return a.or(b);
  if (a instanceof PrefixSet && b instanceof PrefixSet) return union(a, b);
  throw new TypeError('points and all addresses have no union');
}

export function addressesOf(sources: Sources): PrefixSet {
  if (sources instanceof PrefixSet) return sources;
  const { family } = sources;
  return PrefixSet.of(
    family,
    sources.addresses().map((each) => ({ ...each, length: addressBits(family) })),
  );
}

const unlessNone = (points: Points): Points | undefined => (points.isEmpty ? undefined : points);
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
  return b === false ? a : union(a, b);
}

const rest = (part: Part, family: Family): Part =>
  typeof part === 'boolean' ? !part : (unlessEmpty(difference(everyone(family), part)) ?? false);

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
