import type { LiveSet } from '../ipset/save.ts';
import { tableTexts } from '../iptables/change.ts';
import type { OwnTable } from '../iptables/save.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import type { Backend } from '../ruleset/backend.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import type { SetSpec } from '../ruleset/set.ts';
import { nftChain, POINTS } from '../nftables/names.ts';
import type { NftSet } from '../nftables/read-set.ts';
import type { OwnNft } from '../nftables/read-table.ts';
import { partsOf } from '../nftables/set-parts.ts';
import type { LiveState } from './live-state.ts';

/** The state of a kernel in which a ruleset stands. */
export function standing(ruleset: Ruleset, backend: Backend = 'iptables'): LiveState {
  const table = (family: Family): OwnTable => {
    const { chains, hooks } = tableTexts(ruleset[family]);
    return { family, exists: true, chains, hooks: hooks.map((hook) => ({ ...hook, position: 1 })), dropped: 0 };
  };
  const sets = FAMILIES.flatMap((family) => ruleset[family].sets).map((set) => [set.name, liveSet(set)] as const);
  const state: LiveState = { backend, tables: { 4: table(4), 6: table(6) }, sets: new Map(sets) };
  return backend === 'nftables' ? { ...state, nft: standingNft(state, ruleset) } : state;
}

const liveSet = (set: SetSpec): LiveSet => (set.kind === 'denied' ? { ...set, empty: true } : set);

/** What nft would say of it, as far as a change of it asks. */
function standingNft({ tables }: LiveState, ruleset: Ruleset): OwnNft {
  const sets = FAMILIES.flatMap((family) => ruleset[family].sets);
  const named = sets.flatMap(partsOf).map(({ name }): [string, NftSet] => [name, { ...NO_SET, name }]);
  const chains = FAMILIES.flatMap((family) =>
    [...tables[family].chains.keys()].map((chain) => nftChain(chain, family)),
  );
  const points = POINTS.filter((point) =>
    FAMILIES.some((family) => tables[family].hooks.some((hook) => hook.point === point)),
  );
  const asked = new Set(sets.map(({ name }) => name));
  return { exists: true, tables, sets: new Map(named), chains: [...chains, ...points], misplaced: [], asked };
}

const NO_SET: NftSet = { name: '', type: null, flags: [], elements: undefined };
