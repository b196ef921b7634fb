import type { Family } from '../net/family.ts';
import type { Prefix } from '../net/prefix.ts';

/** Addresses that never leave a machine (RFC 1122, 3.2.1.3; RFC 4291, 2.5.3). */
export const LOOPBACK: Readonly<Record<Family, Prefix>> = {
  4: { family: 4, value: 127n << 24n, length: 8 },
  6: { family: 6, value: 1n, length: 128 },
};
