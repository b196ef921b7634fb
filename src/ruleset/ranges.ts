import type { Address } from '../net/address.ts';

/** Both ends included. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

/** Both ends included, of one family. */
export interface AddressRange {
  readonly first: Address;
  readonly last: Address;
}
