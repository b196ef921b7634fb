import type { Family } from '../net/family.ts';
import type { PortSet } from '../net/port.ts';
import type { PrefixSet } from '../net/prefix-set.ts';

/**
 * A set that rules look things up in.
 *
 * `net`: prefixes. `port`: port numbers. `denied`: addresses and ports that were turned away or cut off. Their entries come
 * and go by themselves, so the content of such a set is nothing that should be compared.
 */
export type SetSpec = NetSetSpec | PortSetSpec | DeniedSetSpec;

export interface NetSetSpec {
  readonly kind: 'net';
  readonly name: string;
  readonly family: Family;
  readonly members: PrefixSet;
}

export interface PortSetSpec {
  readonly kind: 'port';
  readonly name: string;
  readonly family: Family;
  readonly ports: PortSet;
}

export interface DeniedSetSpec {
  readonly kind: 'denied';
  readonly name: string;
  readonly family: Family;
}

/** How long a denied source is remembered, in seconds, and how many are at most: bounded memory in the kernel. */
export const DENIED_SECONDS = 3600;
export const DENIED_MAX = 65_536;

/** How long a server can't take a cut connection up again, in seconds: by then its own time-outs have ended it. */
export const CUT_SECONDS = 86_400;
