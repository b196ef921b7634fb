import { compactLengths } from '../net/compact.ts';
import type { Family } from '../net/family.ts';
import { isEveryone, type PrefixSet } from '../net/prefix-set.ts';
import type { SortedPrefixes } from '../net/sorted-prefixes.ts';
import { DENIED_MAX, DENIED_SECONDS, type SetSpec } from '../ruleset/set.ts';
import { SCRATCH_SET } from '../ruleset/ownership.ts';

type Chunk = string | Uint8Array;

const FAMILY_WORD: Readonly<Record<Family, string>> = { 4: 'inet', 6: 'inet6' };

/** More entries than a set's limit would leave it half filled, so the limit comes from the content. */
const LEAST_LIMIT = 65_536;

/** Lines for `ipset restore` that make the set and fill it, under its own name or another one. */
export function* createSet(spec: SetSpec, name: string = spec.name): Generator<Chunk> {
  switch (spec.kind) {
    case 'net': {
      const members = entriesOf(spec.members);
      yield `create ${name} hash:net family ${FAMILY_WORD[spec.family]} ${sizing(members.size)}\n`;
      yield* members.restoreChunks(`add ${name} `);
      return;
    }
    case 'port': {
      yield `create ${name} bitmap:port range 0-65535\n`;
      for (const { first, last } of spec.ports.ranges()) {
        yield `add ${name} ${first === last ? first : `${first}-${last}`}\n`;
      }
      return;
    }
    case 'denied': {
      const bounds = `timeout ${DENIED_SECONDS} counters forceadd`;
      yield `create ${name} hash:ip,port family ${FAMILY_WORD[spec.family]} hashsize 1024 maxelem ${DENIED_MAX} ${bounds}\n`;
      return;
    }
  }
}

/**
 * What a lookup costs grows with the number of distinct prefix lengths, so they are made few. hash:net has no entry of
 * length 0: where lists add up to everyone, that takes two halves.
 */
const entriesOf = (members: PrefixSet): SortedPrefixes =>
  isEveryone(members) ? members.splitTo([1]) : compactLengths(members);

/** A table that is right from the start needs no rehash while it is filled. */
function sizing(entries: number): string {
  const buckets = 2 ** Math.ceil(Math.log2(Math.max(entries / 2, 1024)));
  return `hashsize ${buckets} maxelem ${Math.max(LEAST_LIMIT, entries)}`;
}

/**
 * Lines that make a new set. It gets its name when it is whole, so that a set that is named by its content is never half
 * of it, wherever a run is killed.
 */
export function* makeSet(spec: SetSpec): Generator<Chunk> {
  yield* createSet(spec, SCRATCH_SET);
  yield `rename ${SCRATCH_SET} ${spec.name}\n`;
}

/** Lines that give an existing set its new content in one step: packets see the old one or the new one, whole. */
export function* replaceSet(spec: SetSpec): Generator<Chunk> {
  yield* createSet(spec, SCRATCH_SET);
  yield `swap ${SCRATCH_SET} ${spec.name}\n`;
  yield `destroy ${SCRATCH_SET}\n`;
}

/** Lines that remove sets that no rule refers to any more. */
export function* destroySets(names: readonly string[]): Generator<Chunk> {
  for (const name of names) yield `destroy ${name}\n`;
}
