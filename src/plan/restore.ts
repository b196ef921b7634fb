import { type LiveSet, sameSet } from '../ipset/save.ts';
import { diffTexts, type TableTexts } from '../iptables/change.ts';
import type { OwnTable } from '../iptables/save.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import type { SetSpec } from '../ruleset/set.ts';
import { SCRATCH_SET } from '../ruleset/ownership.ts';
import type { Backend } from '../ruleset/backend.ts';
import { isHooked, type LiveState, type OtherTable } from './live-state.ts';
import { nftRemoval, nftSteps } from './nft-steps.ts';
import { doesSomething, dropSets, type Step, tableStep } from './step.ts';

/**
 * The way back: what turns the state that stands now into an earlier one, by whichever backends it stood. What stood then
 * comes first, and what didn't goes when that stands.
 */
export function restoreSteps(before: LiveState, now: LiveState): Step[] {
  const order = (['iptables', 'nftables'] as const).toSorted(
    (a, b) => Number(stoodBy(b, before)) - Number(stoodBy(a, before)),
  );
  return order.flatMap((backend) => {
    const [then, here] = [by(backend, before), by(backend, now)];
    return backend === 'nftables' ? nftBack(then, here) : iptablesBack(then, here);
  });
}

/** The part of a state that stands by that backend; an empty one where that wasn't looked at. */
function by(backend: Backend, live: LiveState): LiveState {
  if ((live.backend ?? 'iptables') === backend) return live;
  return live.rival ?? { backend, tables: { 4: emptyTable(4), 6: emptyTable(6) }, sets: new Map() };
}

const stoodBy = (backend: Backend, live: LiveState): boolean => {
  const { tables, sets } = by(backend, live);
  return sets.size > 0 || FAMILIES.some((family) => isHooked(tables[family]));
};

function nftBack(before: LiveState, now: LiveState): Step[] {
  if (!before.nft?.exists) return nftRemoval(now);
  const sets = [...before.sets].flatMap(([name, set]) => specOf(name, set) ?? []);
  const kept = new Set([...before.sets].flatMap(([name, set]) => (specOf(name, set) ? [] : [name])));
  return nftSteps({ tables: { 4: textsOf(before.tables[4]), 6: textsOf(before.tables[6]) }, sets, kept }, now);
}

/** By iptables: each family in one stroke. Sets first; but what only the newer rules ask stays as it is until they are gone. */
function iptablesBack(before: LiveState, now: LiveState): Step[] {
  const wanted = [...before.sets].flatMap(([name, set]) => (name === SCRATCH_SET ? [] : (specOf(name, set) ?? [])));
  const differing = wanted.filter((spec) => !sameSet(spec, now.sets.get(spec.name)));
  const make = differing.filter(({ name }) => !now.sets.has(name));
  const replace = differing.filter(({ name }) => now.sets.has(name));
  const surplus = [...now.sets.keys()].filter((name) => name !== SCRATCH_SET && !before.sets.has(name));
  const steps: Step[] = [
    // What failed half-way may have left it behind, and everything below needs the name.
    dropSets([SCRATCH_SET].filter((name) => now.sets.has(name))),
    { kind: 'make-sets', make, replace: replace.filter(({ name }) => isAsked(name, before)) },
    ...FAMILIES.flatMap((family) => tableStep(diffTexts(textsOf(before.tables[family]), now.tables[family]))),
    ...otherSteps(before.others ?? [], now.others ?? []),
    { kind: 'make-sets', make: [], replace: replace.filter(({ name }) => !isAsked(name, before)) },
    dropSets(surplus),
  ];
  return steps.filter(doesSomething);
}

/** The same for the other variant of iptables. */
function otherSteps(before: readonly OtherTable[], now: readonly OtherTable[]): Step[] {
  const keys = new Map(
    [...before, ...now].map(({ variant, table: { family } }) => [variant + family, { variant, family }]),
  );
  return [...keys.values()].flatMap(({ variant, family }) => {
    const find = (all: readonly OtherTable[]): OwnTable =>
      all.find((each) => each.variant === variant && each.table.family === family)?.table ?? emptyTable(family);
    return tableStep(diffTexts(textsOf(find(before)), find(now)), variant);
  });
}

const emptyTable = (family: Family): OwnTable => ({ family, exists: false, chains: new Map(), hooks: [], dropped: 0 });

const isAsked = (set: string, { tables }: LiveState): boolean =>
  FAMILIES.some((family) => [...tables[family].chains.values()].flat().some((rule) => rule.includes(` ${set} `)));

/** A hook that stood twice, or behind others, comes back once and in front: that is never less than it was. */
function textsOf({ family, chains, hooks }: OwnTable): TableTexts {
  const first = new Map(hooks.toReversed().map((hook) => [hook.point, hook]));
  return { family, chains, hooks: [...first.values()] };
}

/** Undefined for what can't be made again: sets whose entries weren't read, and those that were never ours. */
export function specOf(name: string, set: LiveSet): SetSpec | undefined {
  switch (set.kind) {
    case 'net':
      return { kind: 'net', name, family: set.family, members: set.members };
    case 'port':
      // The kernel keeps numbers; whose they are is said by the rule that asks.
      return { kind: 'port', name, family: 4, ports: set.ports };
    case 'denied':
      return { kind: 'denied', name, family: set.family };
    case 'unread':
    case 'strange':
      return undefined;
  }
}
