import { FAMILIES, type Family } from '../net/family.ts';
import { baseAlone } from '../nftables/change.ts';
import type { Backend } from '../ruleset/backend.ts';
import { sameSet } from '../ruleset/live-set.ts';
import { diffTable, removalOf, type TableTexts, tableTexts } from '../iptables/change.ts';
import type { SavedHook } from '../ruleset/own-table.ts';
import { compileFamily, CUT_HOOK } from '../policy/compile.ts';
import type { Policy } from '../policy/policy.ts';
import { cutSetName, SCRATCH_SET, type SlotRole, type Slots } from '../ruleset/ownership.ts';
import type { FamilyRules, Ruleset } from '../ruleset/ruleset.ts';
import type { SetSpec } from '../ruleset/set.ts';
import { isHooked, type LiveState, setIn, tablesOf } from './live-state.ts';
import { nftRemoval, nftSteps } from './nft-steps.ts';
import { forIptables, forNft } from './suited.ts';
import { inSlots, roleOf, slotsInUse, turnSlots } from './slots.ts';
import { doesSomething, dropSets, isTidying, type Step, tableStep } from './step.ts';

export type { Step } from './step.ts';

export interface Plan {
  /** By what the rules will stand. */
  readonly backend: Backend;
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
  return live.backend === 'nftables' ? planNft(wantedIn, live) : planIptables(wantedIn, live);
}

/**
 * One stroke changes everything. But a packet that is on its way goes on by the old rules, and asks the sets as they are by
 * then: so what the old rules ask stays as it was, and the new ones ask the sets under their other names.
 */
function planNft(wantedIn: InSlots, live: LiveState): Plan {
  const rules: InSlots = (family, slots) => withCutHook(forNft(wantedIn(family, slots)), live);
  const target = { 4: turnedSlots(rules, live, 4), 6: turnedSlots(rules, live, 6) };
  const texts = { 4: tableTexts(target[4]), 6: tableTexts(target[6]) };
  const sets = FAMILIES.flatMap((family) => target[family].sets);
  const steps = tidyingLast([...nftSteps({ tables: texts, sets }, live), ...removeRival(live)]);
  return { backend: 'nftables', steps, target };
}

function planIptables(wantedIn: InSlots, live: LiveState): Plan {
  const rules: InSlots = (family, slots) => withCutHook(forIptables(wantedIn(family, slots)), live);
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
    ...removeRival(live),
    dropSets(surplus.filter((name) => !leftover.some((each) => each === name))),
  ];
  return { backend: 'iptables', steps: tidyingLast(steps.filter(doesSomething), leftover), target };
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

/** What goes at the end is asked by nothing any more. */
const tidyingLast = (steps: readonly Step[], early: readonly string[] = []): Step[] => {
  const isLast = (step: Step): boolean =>
    isTidying(step) && !(step.kind === 'drop-sets' && step.names.some((name) => early.includes(name)));
  return [...steps.filter((step) => !isLast(step)), ...steps.filter(isLast)];
};

/** What stands by the other backend goes when all of this one stands. */
const removeRival = ({ rival }: LiveState): Step[] => (rival ? planRemoval(rival) : []);

/** Takes everything away again: first the rules, then the sets that they used. */
export function planRemoval(live: LiveState): Step[] {
  if (live.backend === 'nftables') return tidyingLast([...nftRemoval(live), ...removeRival(live)]);
  const steps: Step[] = [
    ...FAMILIES.flatMap((family) => tableStep(removalOf(live.tables[family]))),
    ...removeOthers(live),
    ...removeRival(live),
    dropSets([...live.sets.keys()]),
  ];
  return tidyingLast(steps.filter(doesSomething));
}

function turnedSlots(rules: InSlots, live: LiveState, family: Family): FamilyRules {
  const judging = tablesOf(live, family);
  const slots = slotsInUse(judging);
  const inPlace = rules(family, slots);
  return judging.some(isHooked) ? rules(family, turnSlots(slots, rolesToTurn(inPlace, live, family))) : inPlace;
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
  const cut = setIn(live, cutSetName(rules.family));
  const hooks = tablesOf(live, rules.family).flatMap((table) => table.hooks);
  const wanted = (cut?.kind === 'denied' && !cut.empty) || hooks.some(isCutHook);
  return wanted ? { ...rules, hooks: [...rules.hooks, CUT_HOOK] } : rules;
}

const isCutHook = ({ point }: SavedHook): boolean => point === CUT_HOOK.point;

/** What silences the servers of connections that are to be cut; no steps where it stands already. */
export function cutHookSteps(target: Ruleset, families: ReadonlySet<Family>, backend: Backend): Step[] {
  const lacking = FAMILIES.filter((family) => families.has(family) && !target[family].hooks.includes(CUT_HOOK));
  const hooks = (family: Family): TableTexts['hooks'] => tableTexts({ ...NO_RULES, family, hooks: [CUT_HOOK] }).hooks;
  if (backend === 'nftables') {
    const hooked = FAMILIES.filter((family) => target[family].hooks.includes(CUT_HOOK));
    const all = FAMILIES.filter((family) => lacking.includes(family) || hooked.includes(family));
    return lacking.length === 0
      ? []
      : [
          {
            kind: 'change-nft',
            change: baseAlone(
              CUT_HOOK.point,
              all.map((family) => ({ family, hooks: hooks(family) })),
            ),
          },
        ];
  }
  return lacking.map((family) => ({
    kind: 'change-table',
    change: { family, write: [], unhook: [], hook: hooks(family), remove: [] },
  }));
}

const NO_RULES = { sets: [], chains: [], hooks: [] };

/** The sets in use whose content will be another. */
function rolesToTurn(rules: FamilyRules, live: LiveState, family: Family): SlotRole[] {
  return rules.sets.flatMap((set) => {
    const role = roleOf(set.name, family);
    const there = live.sets.get(set.name);
    return role !== undefined && there !== undefined && !sameSet(set, there) ? [role] : [];
  });
}
