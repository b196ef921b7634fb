import { parseAddress, type Address } from '../../net/address.ts';
import { addressBits } from '../../net/family.ts';
import type { Prefix } from '../../net/prefix.ts';

/** More would be no help to whoever wrote the range. */
const MOST_PREFIXES = 8;

/** The prefixes of `FIRST-LAST`, where both are addresses and few prefixes make it up; undefined otherwise. */
export function rangeAsPrefixes(text: string): Prefix[] | undefined {
  const [first = '', last = '', ...more] = text.split(/\s*-\s*/);
  const [from, to] = [
    parseAddress(first),
    parseAddress(/^[0-9]{1,3}$/.test(last) ? first.replace(/[0-9]+$/, last) : last),
  ];
  if (more.length > 0 || !from.ok || !to.ok || from.value.family !== to.value.family) return undefined;
  if (from.value.value > to.value.value) return undefined;
  const prefixes = split(from.value, to.value.value);
  return prefixes.length <= MOST_PREFIXES && prefixes.every(({ length }) => length > 0) ? prefixes : undefined;
}

function split({ family, value }: Address, last: bigint): Prefix[] {
  const prefixes: Prefix[] = [];
  for (let start = value; start <= last && prefixes.length <= MOST_PREFIXES;) {
    let size = 1n;
    let length = addressBits(family);
    for (; length > 0 && start % (size * 2n) === 0n && start + size * 2n - 1n <= last; length--) size *= 2n;
    prefixes.push({ family, value: start, length });
    start += size;
  }
  return prefixes;
}
