import { FAMILIES, type Family } from '../net/family.ts';
import { sameSet } from '../ipset/save.ts';
import { diffTable, removalOf, tableTexts } from '../iptables/change.ts';
import type { SavedHook } from '../iptables/save.ts';
import { compileFamily, CUT_HOOK } from '../policy/compile.ts';
import type { Policy } from '../policy/policy.ts';
import { cutSetName, SCRATCH_SET, type SlotRole, type Slots } from '../ruleset/ownership.ts';
import type { FamilyRules, Ruleset } from '../ruleset/ruleset.ts';
import type { SetSpec } from '../ruleset/set.ts';
import { isHooked, type LiveState, tablesOf } from './live-state.ts';
import { inSlots, roleOf, slotsInUse, turnSlots } from './slots.ts';
import { doesSomething, dropSets, type Step, tableStep } from './step.ts';

export type { Step } from './step.ts';

export interface Plan {
  readonly steps: readonly Step[];
  /** What will stand when all steps are done. */
  readonly target: Ruleset;
}

/** The least that makes the kernel what the policy says; no steps when it is that already. */
export const makePlan = (policy: Policy, live: LiveState): Plan =>
  planFor((family, slots) => compileFamily(policy, family, slots), live);

/** The same for a ruleset of earlier times. */
export const planRuleset = (ruleset: Ruleset, live: LiveState): Plan =>
  planFor((family, slots) => inSlots(ruleset[family], slots), live);

/** A family's rules, with their sets under these of their names. */
type InSlots = (family: Family, slots: Slots) => FamilyRules;

function planFor(wantedIn: InSlots, live: LiveState): Plan {
  const rules: InSlots = (family, slots) => withCutHook(wantedIn(family, slots), live);
  const target = { 4: chooseSlots(rules, live, 4), 6: chooseSlots(rules, live, 6) };
  const wanted = FAMILIES.flatMap((family) => target[family].sets);
  const differing = wanted.filter((set) => !sameSet(set, live.sets.get(set.name)));
  const make = differing.filter(({ name }) => !live.sets.has(name));
  const replace = differing.filter(({ name }) => live.sets.has(name)).toSorted(contentFirst);
  const names = new Set(wanted.map(({ name }) => name));
  const surplus = [...live.sets.keys()].filter((name) => !names.has(name));
  // A scratch set that a killed run left behind is in the way of the next one.
  const leftover = differing.length > 0 ? surplus.filter((name) => name === SCRATCH_SET) : [];
  const steps: Step[] = [
    dropSets(leftover),
    { kind: 'make-sets', make, replace },
    ...FAMILIES.flatMap((family) => tableStep(diffTable(target[family], live.tables[family]))),
    ...removeOthers(live),
    dropSets(surplus.filter((name) => !leftover.some((each) => each === name))),
  ];
  return { steps: steps.filter(doesSomething), target };
}

/**
 * A set that is named by its content can only differ because somebody changed it. It is put right first: what is judged
 * until the rest follows is the old policy as it was meant.
 */
const contentFirst = (a: SetSpec, b: SetSpec): number => Number(isChanging(a)) - Number(isChanging(b));

const isChanging = ({ name, family }: SetSpec): boolean => roleOf(name, family) !== undefined;

/** What stands in the other variant of iptables goes when the new stands: meanwhile both judge, which opens nothing. */
const removeOthers = ({ others = [] }: LiveState): Step[] =>
  others.flatMap(({ variant, table }) => tableStep(removalOf(table), variant));

/** Takes everything away again: first the rules, then the sets that they used. */
export function planRemoval(live: LiveState): Step[] {
  const steps: Step[] = [
    ...FAMILIES.flatMap((family) => tableStep(removalOf(live.tables[family]))),
    ...removeOthers(live),
    dropSets([...live.sets.keys()]),
  ];
  return steps.filter(doesSomething);
}

/** Under which names the sets will be used: the live ones if one swap is all there is to do, else fresh ones. */
function chooseSlots(rules: InSlots, live: LiveState, family: Family): FamilyRules {
  const judging = tablesOf(live, family);
  const slots = slotsInUse(judging);
  const inPlace = rules(family, slots);
  const turned = rolesToTurn(inPlace, live, family);
  const rulesChange = diffTable(inPlace, live.tables[family]) !== undefined;
  const oneSwap = turned.length <= 1 && !rulesChange;
  return oneSwap || !judging.some(isHooked) ? inPlace : rules(family, turnSlots(slots, turned));
}

/** Once connections were cut, their servers are kept silent; where that hook stands already it is left alone. */
function withCutHook(rules: FamilyRules, live: LiveState): FamilyRules {
  const cut = live.sets.get(cutSetName(rules.family));
  const hooks = tablesOf(live, rules.family).flatMap((table) => table.hooks);
  const wanted = (cut?.kind === 'denied' && !cut.empty) || hooks.some(isCutHook);
  return wanted ? { ...rules, hooks: [...rules.hooks, CUT_HOOK] } : rules;
}

const isCutHook = ({ point }: SavedHook): boolean => point === CUT_HOOK.point;

/** What silences the servers of connections that are to be cut; no steps where it stands already. */
export const cutHookSteps = (target: Ruleset, families: ReadonlySet<Family>): Step[] =>
  FAMILIES.filter((family) => families.has(family) && !target[family].hooks.includes(CUT_HOOK)).map((family) => {
    const { hooks } = tableTexts({ family, sets: [], chains: [], hooks: [CUT_HOOK] });
    return { kind: 'change-table', change: { family, write: [], unhook: [], hook: hooks, remove: [] } };
  });

/** The sets in use whose content will be another. */
function rolesToTurn(rules: FamilyRules, live: LiveState, family: Family): SlotRole[] {
  return rules.sets.flatMap((set) => {
    const role = roleOf(set.name, family);
    const there = live.sets.get(set.name);
    return role !== undefined && there !== undefined && !sameSet(set, there) ? [role] : [];
  });
}
