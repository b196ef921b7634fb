import { NFT_TABLE, PRIORITY } from './names.ts';
import type { NftChange } from './change.ts';
import { emptyNftSet, fillNftSet, type Filling, makeNftSet } from './render-set.ts';

type Chunk = string | Uint8Array;

/** Where all of it is to go. */
export const removeNftTable = (): string => `add table ${NFT_TABLE}\ndelete table ${NFT_TABLE}\n`;

/** Lines for `nft -f`: one transaction. */
export function* renderNftChange(change: NftChange): Generator<Chunk> {
  yield `add table ${NFT_TABLE}\n`;
  for (const filling of change.make) yield* makeAndFill(filling);
  for (const filling of change.refill) {
    yield emptyNftSet(filling);
    yield* fillNftSet(filling);
  }
  yield chainLines(change);
}

/** Lines that remove sets which no rule asks. */
export const dropNftSets = (names: readonly string[]): string =>
  names.map((name) => `delete set ${NFT_TABLE} ${name}\n`).join('');

export function* makeAndFill(filling: Filling): Generator<Chunk> {
  yield makeNftSet(filling);
  yield* fillNftSet(filling);
}

/** Every chain before the rules that lead to it, and none removed before those are gone. */
function chainLines({ write, bases, removeChains }: NftChange): string {
  return [
    ...write.map(({ chain }) => `add chain ${NFT_TABLE} ${chain}`),
    ...write.map(({ chain }) => `flush chain ${NFT_TABLE} ${chain}`),
    ...write.flatMap(({ chain, rules }) => rules.map((rule) => `add rule ${NFT_TABLE} ${chain} ${rule}`)),
    ...bases.flatMap(baseLines),
    ...removeChains.map((chain) => `flush chain ${NFT_TABLE} ${chain}`),
    ...removeChains.map((chain) => `delete chain ${NFT_TABLE} ${chain}`),
    '',
  ].join('\n');
}

function baseLines({ point, rules, rebuild }: NftChange['bases'][number]): string[] {
  const hook = `{ type filter hook ${point} priority ${PRIORITY}; policy accept; }`;
  return [
    ...(rebuild ? [`flush chain ${NFT_TABLE} ${point}`, `delete chain ${NFT_TABLE} ${point}`] : []),
    `add chain ${NFT_TABLE} ${point} ${hook}`,
    `flush chain ${NFT_TABLE} ${point}`,
    ...rules.map((rule) => `add rule ${NFT_TABLE} ${point} ${rule}`),
  ];
}
