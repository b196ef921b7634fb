import type { Family } from '../net/family.ts';
import { DENIED_SECONDS, type SetSpec } from '../ruleset/set.ts';
import { NFT_TABLE } from './names.ts';
import type { HashPart, SetPart } from './set-parts.ts';

type Chunk = string | Uint8Array;

/** A set as it is kept in the kernel: the whole of it, or some entries of one prefix length. */
export interface Filling {
  readonly set: SetSpec;
  readonly part: SetPart | HashPart;
}

const ADDRESS: Readonly<Record<Family, string>> = { 4: 'ipv4_addr', 6: 'ipv6_addr' };
/** The most that a rule may put into a set. */
const MOST = 65_535;

/** The line that makes the set; it does no harm where the set stands. */
export function makeNftSet({ set, part }: Filling): string {
  return `add set ${NFT_TABLE} ${part.name} { ${headOf(set, part)} }\n`;
}

function headOf(set: SetSpec, part: Filling['part']): string {
  switch (set.kind) {
    case 'net':
      return `type ${ADDRESS[set.family]}; ${'entries' in part ? `size ${part.entries.size}` : 'flags interval'};`;
    case 'port':
      return 'type inet_service; flags interval;';
    case 'denied': {
      const key = `${ADDRESS[set.family]} . inet_proto . inet_service`;
      const flags = isNoted(set.name) ? 'dynamic,timeout' : 'timeout';
      return `type ${key}; size ${MOST}; flags ${flags}; timeout ${DENIED_SECONDS}s;`;
    }
  }
}

/** Whether rules put entries into it. */
const isNoted = (name: string): boolean => /^seawall-(denied|lately)/.test(name);

/** Empties the set: what follows in the same transaction is its new content. */
export const emptyNftSet = ({ part }: Filling): string => `flush set ${NFT_TABLE} ${part.name}\n`;

/** Whoever carries out a long filling in pieces may end one here. */
export const END_OF_ELEMENTS = '}\n';

/** Lines that put in the entries, in pieces that can be carried out one by one. Nothing for what fills by itself. */
export function* fillNftSet({ set, part }: Filling): Generator<Chunk> {
  for (const chunk of entries(set, part)) {
    yield `add element ${NFT_TABLE} ${part.name} {\n`;
    yield chunk;
    yield END_OF_ELEMENTS;
  }
}

function* entries(set: SetSpec, part: Filling['part']): Generator<Chunk> {
  if ('entries' in part) yield* part.entries.addressChunks('', ',');
  else if (set.kind === 'net') yield* set.members.restoreChunks('', ',');
  else if (set.kind === 'port' && set.ports.size > 0) {
    const spans = set.ports.ranges().map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`));
    yield `${spans.join(',\n')}\n`;
  }
}
