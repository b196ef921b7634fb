import type { Address } from '../../net/address.ts';
import { addressBits, type Family } from '../../net/family.ts';
import type { PrefixSet } from '../../net/prefix-set.ts';

/** Some addresses of one family, by their places in a list: each stands for all that rules treat as they treat it. */
export class Grid {
  readonly family: Family;
  readonly addresses: readonly Address[];
  readonly #values: readonly bigint[];
  /** The places by ascending value: in this order they are bits, so that neighbours are neighbours. */
  readonly order: readonly number[];
  /** Rules ask for the same sets for every destination. */
  readonly #known = new WeakMap<PrefixSet, Points>();

  constructor(family: Family, addresses: readonly Address[]) {
    this.family = family;
    this.addresses = addresses;
    const all = addresses.map(({ value }, at) => ({ value, at })).toSorted((a, b) => (a.value < b.value ? -1 : 1));
    this.#values = all.map(({ value }) => value);
    this.order = all.map(({ at }) => at);
  }

  /** Those that are in the set. */
  in(set: PrefixSet): Points {
    const known = this.#known.get(set);
    if (known) return known;
    const points = new Points(this, this.#bitsOf(set));
    this.#known.set(set, points);
    return points;
  }

  /**
   * For each place a text: equal where the addresses are in the same sets of points. Of each set 64 bits that look random
   * are toggled, so nothing has to be as long as there are sets.
   */
  signatures(sets: readonly Points[]): readonly string[] {
    const [high, low] = [new Int32Array(this.addresses.length), new Int32Array(this.addresses.length)];
    sets.forEach((set, index) => {
      const [one, two] = [mixed(2 * index + 1), mixed(2 * index + 2)];
      for (const at of set.places()) {
        high[at] = (high[at] ?? 0) ^ one;
        low[at] = (low[at] ?? 0) ^ two;
      }
    });
    return this.addresses.map((_, at) => `${high[at]} ${low[at]}`);
  }

  #bitsOf(set: PrefixSet): bigint {
    if (set.size > this.#values.length) return this.#bitsOfLong(set);
    let bits = 0n;
    for (const { family, value, length } of set.prefixes()) {
      const first = this.#countBelow(value);
      const end = this.#countBelow(value + (1n << BigInt(addressBits(family) - length)));
      if (first < end) bits |= ((1n << BigInt(end - first)) - 1n) << BigInt(first);
    }
    return bits;
  }

  #bitsOfLong(set: PrefixSet): bigint {
    const { family } = this;
    const digits = this.#values.map((value) => (set.has({ family, value }) ? '1' : '0'));
    return BigInt(`0b${digits.toReversed().join('') || '0'}`);
  }

  #countBelow(value: bigint): number {
    let [low, high] = [0, this.#values.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#values[middle] ?? 0n) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Some addresses of a grid, one bit each: what rules do to thousands of sources at once is one operation. */
export class Points {
  readonly #grid: Grid;
  readonly bits: bigint;

  constructor(grid: Grid, bits: bigint) {
    this.#grid = grid;
    this.bits = bits;
  }

  get family(): Family {
    return this.#grid.family;
  }

  /** The same for the same points of a grid. */
  get key(): string {
    return this.bits.toString(16);
  }

  get isEmpty(): boolean {
    return this.bits === 0n;
  }

  within(set: PrefixSet): Points {
    return this.and(this.#grid.in(set));
  }

  without(set: PrefixSet): Points {
    return new Points(this.#grid, this.bits & ~this.#grid.in(set).bits);
  }

  and({ bits }: Points): Points {
    return new Points(this.#grid, this.bits & bits);
  }

  or({ bits }: Points): Points {
    return new Points(this.#grid, this.bits | bits);
  }

  /** Their places in the grid. */
  *places(): Generator<number> {
    const digits = this.bits.toString(2);
    for (let at = digits.lastIndexOf('1'); at >= 0; at = at === 0 ? -1 : digits.lastIndexOf('1', at - 1))
      yield this.#grid.order[digits.length - 1 - at] ?? 0;
  }

  addresses(): Address[] {
    return [...this.places()].flatMap((at) => this.#grid.addresses[at] ?? []);
  }
}

/** 32 bits of a number that look random: the finaliser of MurmurHash3. */
function mixed(number: number): number {
  let bits = Math.imul(number, 0x9e37_79b1);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return bits ^ (bits >>> 16);
}
