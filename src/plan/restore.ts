import { type LiveSet, sameSet } from '../ipset/save.ts';
import { diffTexts, type TableTexts } from '../iptables/change.ts';
import type { OwnTable } from '../iptables/save.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import type { SetSpec } from '../ruleset/set.ts';
import { SCRATCH_SET } from '../ruleset/ownership.ts';
import type { LiveState, OtherTable } from './live-state.ts';
import { doesSomething, dropSets, type Step, tableStep } from './step.ts';

/**
 * The way back: what turns the state that stands now into an earlier one, each family in one stroke. Sets first; but what
 * only the newer rules ask stays as it is until they are gone.
 */
export function restoreSteps(before: LiveState, now: LiveState): Step[] {
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
