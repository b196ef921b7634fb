import type { Family } from '../../src/net/family.ts';
import { PrefixColumns } from '../../src/net/prefix-columns.ts';
import { PrefixSet } from '../../src/net/prefix-set.ts';

/**
 * So many single addresses, and as many networks. Those of IPv4 are all over the address space; those of IPv6 have their
 * first 32 bits in common, as one provider's have.
 */
export function longList(family: Family, size: number): PrefixSet {
  const columns = new PrefixColumns(family, 2 * size);
  const step = Math.floor(2 ** 31 / size);
  for (let n = 0; n < 2 * size; n++) {
    const single = n % 2 === 0;
    const start = single ? n * step : n * step - ((n * step) % 4);
    if (family === 4) columns.push(Uint32Array.of(start), 0, single ? 32 : 30);
    else columns.push(Uint32Array.of(0x2001_0db8, start, 0, single ? 7 : 0), 0, single ? 128 : 64);
  }
  return PrefixSet.fromColumns(columns);
}
