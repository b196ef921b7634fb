import { destroySets, makeSet, replaceSet } from '../ipset/create.ts';
import { renderChange, restoreTool } from '../iptables/change.ts';
import { NFT_TABLE } from '../nftables/names.ts';
import { dropNftSets, makeAndFill, removeNftTable, renderNftChange } from '../nftables/render-change.ts';
import type { Step } from './step.ts';

type Chunk = string | Uint8Array;

/** A step as the kernel's own tools take it. */
export interface StepText {
  /** `ipset restore`, `iptables-restore --noflush`, `nft -f -`. */
  readonly tool: string;
  readonly input: () => Iterable<Chunk>;
}

export function stepText(step: Step): StepText {
  switch (step.kind) {
    case 'make-sets':
      return { tool: 'ipset restore', input: () => setLines(step) };
    case 'drop-sets':
      return { tool: 'ipset restore', input: () => destroySets(step.names) };
    case 'change-table':
      return { tool: `${restoreTool(step.change)} --noflush`, input: () => [renderChange(step.change)] };
    case 'prepare-nft':
      return { tool: 'nft -f -', input: () => preparation(step) };
    case 'change-nft':
      return { tool: 'nft -f -', input: () => renderNftChange(step.change) };
    case 'drop-nft-sets':
      return { tool: 'nft -f -', input: () => [dropNftSets(step.names)] };
    case 'remove-nft':
      return { tool: 'nft -f -', input: () => [removeNftTable()] };
  }
}

function* setLines(step: Step & { kind: 'make-sets' }): Generator<Chunk> {
  for (const set of step.make) yield* makeSet(set);
  for (const set of step.replace) yield* replaceSet(set);
}

function* preparation({ prepare }: Step & { kind: 'prepare-nft' }): Generator<Chunk> {
  yield `add table ${NFT_TABLE}\n`;
  yield dropNftSets(prepare.drop);
  for (const filling of prepare.fill) yield* makeAndFill(filling);
}

const decoder = new TextDecoder();

/** The input as one text, to be read. */
export const inputText = ({ input }: StepText): string =>
  [...input()].map((chunk) => (typeof chunk === 'string' ? chunk : decoder.decode(chunk))).join('');
