import { compactLengths } from '../net/compact.ts';
import { addressBits, type Family } from '../net/family.ts';
import type { Prefix } from '../net/prefix.ts';
import { isEveryone, type PrefixSet } from '../net/prefix-set.ts';
import type { SortedPrefixes } from '../net/sorted-prefixes.ts';
import type { NetSetSpec, SetSpec } from '../ruleset/set.ts';

/**
 * How a set is kept in the kernel. A set of intervals is one look-up in a tree, and exact; but each `nft add element` reads
 * all interval sets back first, and 10^6 entries load for ten times as long. So what is long and never changes is one hash a
 * prefix length: `length` bits of the address are looked up. To list a hash, the kernel begins at its first entry for each
 * buffer that it fills (15 s for 10^6), so one that is very long is several, each `within` a prefix that the address is
 * compared with first.
 */
export interface SetPart {
  readonly name: string;
  readonly length?: number;
  readonly within?: Prefix;
}

/** A hash, and what is in it: prefixes of one length. */
export interface HashPart extends SetPart {
  readonly length: number;
  readonly entries: SortedPrefixes;
}

/** Entries from which on a set that is named by its content is kept as hashes. */
export const LONG = 4096;
/** The most that one hash holds: listing the sixteen of 10^6 takes a quarter of the time that one takes. */
const MOST = 65_536;

const NAMED_BY_CONTENT = /-[0-9a-f]{12}$/;
const PART = /^(seawall-\w+-[0-9a-f]{12})-(\d{1,3})(?:-(\d{1,3})-([0-9a-f]+))?$/;

/** Whether the set is kept as hashes. */
export const isHashed = (set: SetSpec): set is NetSetSpec =>
  set.kind === 'net' && set.members.size >= LONG && NAMED_BY_CONTENT.test(set.name) && !isEveryone(set.members);

/** The sets that a look-up asks. */
export function partsOf(set: SetSpec): readonly (SetPart | HashPart)[] {
  if (!isHashed(set)) return [{ name: set.name }];
  return hashesOf(set.members).map((hash) => ({ ...hash, name: partName(set.name, hash) }));
}

type Hash = Omit<HashPart, 'name'>;
const hashes = new WeakMap<PrefixSet, readonly Hash[]>();

/** The same addresses with few distinct lengths, for each is a rule and a look-up; found once for each set. */
function hashesOf(members: PrefixSet): readonly Hash[] {
  const known = hashes.get(members);
  if (known) return known;
  const compact = compactLengths(members);
  const found = compact
    .lengths()
    .flatMap((length) => [...blocksOf(compact.ofLength(length))].map((block) => ({ ...block, length })));
  hashes.set(members, found);
  return found;
}

/** Parts of at most so many entries, by the first bits of the address. */
function* blocksOf(entries: SortedPrefixes, within?: Prefix): Generator<Omit<Hash, 'length'>> {
  if (entries.size <= MOST) {
    if (entries.size > 0) yield within ? { entries, within } : { entries };
    return;
  }
  const { family, value, length } = within ?? { family: entries.family, value: 0n, length: 0 };
  const bit = 1n << BigInt(addressBits(family) - length - 1);
  for (const half of [value, value + bit]) {
    const prefix = { family, value: half, length: length + 1 };
    yield* blocksOf(entries.startingIn(prefix), prefix);
  }
}

function partName(set: string, { length, within }: Hash): string {
  if (!within) return `${set}-${length}`;
  const bits = within.value >> BigInt(addressBits(within.family) - within.length);
  return `${set}-${length}-${within.length}-${bits.toString(16)}`;
}

/** The set that a set in the kernel is a part of. */
export function wholeOf(name: string, family: Family = 4): { readonly set: string } & Omit<SetPart, 'name'> {
  const [, set, length, depth, bits] = PART.exec(name) ?? [];
  if (set === undefined) return { set: name };
  if (bits === undefined) return { set, length: Number(length) };
  const value = BigInt(`0x${bits}`) << BigInt(addressBits(family) - Number(depth));
  return { set, length: Number(length), within: { family, value, length: Number(depth) } };
}
