import { compactLengths } from '../net/compact.ts';
import { isEveryone } from '../net/prefix-set.ts';
import type { SortedPrefixes } from '../net/sorted-prefixes.ts';
import type { NetSetSpec, SetSpec } from '../ruleset/set.ts';

/**
 * How a set is kept in the kernel. A set of intervals is one look-up in a tree, and exact; but each `nft add element` reads
 * all interval sets back first, and 10^6 entries load for ten times as long. So what is long and never changes is one hash a
 * prefix length: `length` bits of the address are looked up.
 */
export interface SetPart {
  readonly name: string;
  readonly length?: number;
}

/** Entries from which on a set that is named by its content is kept as hashes. */
export const LONG = 4096;

const NAMED_BY_CONTENT = /-[0-9a-f]{12}$/;
const PART = /^(seawall-\w+-[0-9a-f]{12})-(\d{1,3})$/;

/** Whether the set is kept as one hash a prefix length. */
export const isHashed = (set: SetSpec): set is NetSetSpec =>
  set.kind === 'net' && set.members.size >= LONG && NAMED_BY_CONTENT.test(set.name) && !isEveryone(set.members);

/** The entries of a hashed set: the same addresses with few distinct lengths, for each is a rule and a look-up. */
export const hashedEntries = (set: NetSetSpec): SortedPrefixes => compactLengths(set.members);

export const partName = (set: string, length: number): string => `${set}-${length}`;

/** The sets that a look-up asks. */
export function partsOf(set: SetSpec): readonly SetPart[] {
  if (!isHashed(set)) return [{ name: set.name }];
  return hashedEntries(set)
    .lengths()
    .map((length) => ({ name: partName(set.name, length), length }));
}

/** The set that a set in the kernel is a part of. */
export function wholeOf(name: string): { readonly set: string; readonly length?: number } {
  const [, set, length] = PART.exec(name) ?? [];
  return set === undefined ? { set: name } : { set, length: Number(length) };
}
