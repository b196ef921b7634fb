import type { Address } from '../../net/address.ts';
import { addressBits } from '../../net/family.ts';
import { PrefixSet } from '../../net/prefix-set.ts';
import { difference, intersection } from './parts.ts';

/** Addresses in few words: those of `base` that are in each of the long sets, or aren't, as `inside` says of it. */
export interface Area {
  readonly base: PrefixSet;
  readonly inside: readonly boolean[];
  /** One of them. */
  readonly one: Address;
}

/**
 * Parts of the address space that long sets cut up further. To work a part out takes a pass over a set of a million
 * prefixes, and rules can be asked about one address of it instead.
 */
export class Areas {
  readonly #sets: readonly PrefixSet[];
  readonly all: readonly Area[];

  constructor(parts: readonly PrefixSet[], sets: readonly PrefixSet[]) {
    this.#sets = sets;
    this.all = parts.flatMap((base) => this.#cut(base, []));
  }

  /** Set by set, so that what is empty already isn't cut any more. */
  #cut(base: PrefixSet, inside: readonly boolean[]): Area[] {
    const one = this.#firstOf(base, inside);
    if (one === undefined) return [];
    if (inside.length === this.#sets.length) return [{ base, inside, one: { family: base.family, value: one } }];
    return [true, false].flatMap((isIn) => this.#cut(base, [...inside, isIn]));
  }

  #firstOf(base: PrefixSet, inside: readonly boolean[]): bigint | undefined {
    for (const { family, value, length } of base.prefixes()) {
      const end = value + (1n << BigInt(addressBits(family) - length));
      for (let [at, next] = [value, value]; at < end; at = next) {
        next = this.#notBefore(at, inside);
        if (next === at) return at;
      }
    }
    return undefined;
  }

  /** An address that isn't above the first one from `at` on that is in the sets and not in them as `inside` says. */
  #notBefore(at: bigint, inside: readonly boolean[]): bigint {
    return inside.reduce((least, isIn, index) => {
      const set = this.#sets[index];
      if (!set) return least;
      const next = isIn ? set.firstFrom(at) : set.firstBeyond(at);
      return next > least ? next : least;
    }, at);
  }

  /** All addresses of some of them. */
  together(areas: readonly Area[]): PrefixSet {
    const alike = new Map<string, Area[]>();
    for (const area of areas) {
      const key = area.inside.join();
      alike.set(key, [...(alike.get(key) ?? []), area]);
    }
    return joined([...alike.values()].map((each) => this.#workedOut(joined(each.map(({ base }) => base)), each[0])));
  }

  #workedOut(base: PrefixSet, like: Area | undefined): PrefixSet {
    return this.#sets.reduce((left, set, at) => (like?.inside[at] ? intersection : difference)(left, set), base);
  }
}

/** All of several sets, the shortest first: a long one is copied as seldom as can be. */
function joined(sets: readonly PrefixSet[]): PrefixSet {
  const left = sets.toSorted((a, b) => b.size - a.size);
  for (;;) {
    const [one, two] = [left.pop(), left.pop()];
    if (!one) throw new RangeError('there is no set to be joined');
    if (!two) return one;
    const both = one.union(two);
    const at = left.findLastIndex(({ size }) => size >= both.size);
    left.splice(at + 1, 0, both);
  }
}
