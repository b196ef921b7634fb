import type { Address } from '../../net/address.ts';
import { mask } from '../../net/prefix.ts';
import { rangePrefixes } from '../../ruleset/address-ranges.ts';
import type { FilterChain, FilterRule } from '../../ruleset/netfilter.ts';

/** Which rules of a chain may be about a destination: a chain of thousands is mostly one rule a destination. */
interface RuleIndex {
  /** Rules that name no single prefix, ascending. */
  readonly always: readonly number[];
  /** The others: by family and length, then by the first address. */
  readonly byPrefix: ReadonlyMap<string, { readonly length: number; readonly at: Map<bigint, number[]> }>;
}

/** Below, asking each rule costs as much. */
const LONG = 32;
const known = new WeakMap<FilterChain, RuleIndex>();

/** The places of the rules of a chain that may be about the destination, ascending; at least those. */
export function rulesFor(chain: FilterChain, destination: Address): Iterable<number> {
  if (chain.rules.length < LONG) return chain.rules.keys();
  const index = known.get(chain) ?? indexOf(chain);
  known.set(chain, index);
  const found = [...index.byPrefix].flatMap(([key, { length, at }]) =>
    key.startsWith(`${destination.family}/`)
      ? (at.get(destination.value & mask(destination.family, length)) ?? [])
      : [],
  );
  return found.length === 0 ? index.always : [...index.always, ...found].toSorted((a, b) => a - b);
}

function indexOf({ rules }: FilterChain): RuleIndex {
  const always: number[] = [];
  const byPrefix = new Map<string, { readonly length: number; readonly at: Map<bigint, number[]> }>();
  rules.forEach((rule, place) => {
    const prefix = onlyPrefix(rule);
    if (!prefix) return void always.push(place);
    const { family, value, length } = prefix;
    const key = `${family}/${length}`;
    const same = byPrefix.get(key) ?? { length, at: new Map<bigint, number[]>() };
    byPrefix.set(key, same);
    same.at.set(value, [...(same.at.get(value) ?? []), place]);
  });
  return { always, byPrefix };
}

/** The one prefix that the rule's destinations are in. */
function onlyPrefix({ conditions }: FilterRule) {
  for (const condition of conditions) {
    if (condition.kind !== 'address' || condition.end !== 'dst' || condition.not === true) continue;
    const [range, ...more] = condition.ranges;
    const [prefix, ...others] = range && more.length === 0 ? rangePrefixes(range) : [];
    if (prefix && others.length === 0) return prefix;
  }
  return undefined;
}
