import type { Address } from '../../net/address.ts';
import { addressBits } from '../../net/family.ts';
import type { PrefixSet } from '../../net/prefix-set.ts';

/** Some addresses of one family, by their places in a list, to be asked for in sets of any length. */
export class Grid {
  readonly #values: readonly bigint[];
  /** The places by ascending value. */
  readonly #order: readonly number[];

  constructor(addresses: readonly Address[]) {
    const all = addresses.map(({ value }, at) => ({ value, at })).toSorted((a, b) => (a.value < b.value ? -1 : 1));
    this.#values = all.map(({ value }) => value);
    this.#order = all.map(({ at }) => at);
  }

  /** The places of those that are in the set. */
  *placesIn(set: PrefixSet): Generator<number> {
    for (const [first, end] of this.#spans(set)) for (let at = first; at < end; at++) yield this.#order[at] ?? 0;
  }

  /**
   * For each place a text: equal where the addresses are in the same sets. Of each set 64 bits that look random are
   * toggled where it begins and ends, so a sweep tells which sets an address is in without asking each one.
   */
  signatures(sets: readonly PrefixSet[]): readonly string[] {
    const [high, low] = [new Int32Array(this.#order.length + 1), new Int32Array(this.#order.length + 1)];
    sets.forEach((set, index) => {
      const [one, two] = [mixed(2 * index + 1), mixed(2 * index + 2)];
      for (const span of this.#spans(set))
        for (const at of span) {
          high[at] = (high[at] ?? 0) ^ one;
          low[at] = (low[at] ?? 0) ^ two;
        }
    });
    const found: string[] = [];
    let [a, b] = [0, 0];
    this.#order.forEach((place, at) => {
      [a, b] = [a ^ (high[at] ?? 0), b ^ (low[at] ?? 0)];
      found[place] = `${a} ${b}`;
    });
    return found;
  }

  *#spans(set: PrefixSet): Generator<readonly [first: number, end: number]> {
    for (const { family, value, length } of set.prefixes()) {
      const first = this.#countBelow(value);
      const end = this.#countBelow(value + (1n << BigInt(addressBits(family) - length)));
      if (first < end) yield [first, end];
    }
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

/** 32 bits of a number that look random: the finaliser of MurmurHash3. */
function mixed(number: number): number {
  let bits = Math.imul(number, 0x9e37_79b1);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return bits ^ (bits >>> 16);
}
