import { diffNft, type NftTarget, withoutChains } from '../nftables/change.ts';
import { NO_NFT } from '../nftables/read-table.ts';
import type { LiveState } from './live-state.ts';
import type { Step } from './step.ts';

/** What turns nftables' own table into the wanted one: long sets beside it, then everything in one stroke. */
export function nftSteps(target: NftTarget, { nft = NO_NFT, sets }: LiveState): Step[] {
  const { prepare, change, surplus } = diffNft(target, nft, sets);
  const steps: Step[] = [];
  if (prepare.drop.length + prepare.fill.length > 0) steps.push({ kind: 'prepare-nft', prepare });
  if (change) steps.push({ kind: 'change-nft', change });
  if (surplus.length > 0) steps.push({ kind: 'drop-nft-sets', names: surplus });
  return steps;
}

/** Nothing of Seawall is left in nftables: first the rules, then what they asked. */
export function nftRemoval({ nft = NO_NFT }: LiveState): Step[] {
  const change = withoutChains(nft);
  const rules: Step[] = change ? [{ kind: 'change-nft', change }] : [];
  return nft.exists ? [...rules, { kind: 'remove-nft' }] : [];
}
