import type { TableChange } from '../iptables/change.ts';
import type { Variant } from '../iptables/names.ts';
import type { NftChange, NftPreparation } from '../nftables/change.ts';
import type { SetSpec } from '../ruleset/set.ts';

/**
 * One step of a change. Between any two steps every packet is judged as before or as after, never by a mixture:
 * a single set changes by a swap; where more than that changes, everything new is made beside the old, and one
 * transaction of the family's rules switches over.
 */
export type Step =
  | { readonly kind: 'make-sets'; readonly make: readonly SetSpec[]; readonly replace: readonly SetSpec[] }
  | { readonly kind: 'change-table'; readonly change: TableChange }
  | { readonly kind: 'drop-sets'; readonly names: readonly string[] }
  | { readonly kind: 'prepare-nft'; readonly prepare: NftPreparation }
  | { readonly kind: 'change-nft'; readonly change: NftChange }
  | { readonly kind: 'drop-nft-sets'; readonly names: readonly string[] }
  | { readonly kind: 'remove-nft' };

/** What only tidies up: nothing asks any more for what goes. */
export const isTidying = ({ kind }: Step): boolean =>
  kind === 'drop-sets' || kind === 'drop-nft-sets' || kind === 'remove-nft';

export const tableStep = (change: TableChange | undefined, variant?: Variant): Step[] =>
  change ? [{ kind: 'change-table', change: variant ? { ...change, variant } : change }] : [];

export const dropSets = (names: readonly string[]): Step => ({ kind: 'drop-sets', names });

export function doesSomething(step: Step): boolean {
  if (step.kind === 'drop-sets') return step.names.length > 0;
  return step.kind !== 'make-sets' || step.make.length + step.replace.length > 0;
}
