import { tableTexts, type TableTexts } from '../iptables/change.ts';
import { BUILT_IN, VARIANT_NAMES } from '../iptables/names.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import { nftWords } from '../nftables/change.ts';
import type { OwnTable, SavedHook } from '../ruleset/own-table.ts';
import { SLOT_ROLES, slotSetName, type SlotRole, type Slots } from '../ruleset/ownership.ts';
import type { HookPoint } from '../ruleset/ruleset.ts';
import { isHooked, type LiveState, type OtherTable, tablesOf } from './live-state.ts';
import type { Plan } from './plan.ts';
import { ruleDifferences } from './rule-differences.ts';
import { setDifferences } from './set-differences.ts';
import { inSlots, slotsInUse } from './slots.ts';

/** One thing that stands otherwise in the kernel than it should. */
export interface DriftFinding {
  /** `IPv4 PREROUTING`, `set seawall-trusted4a` … */
  readonly place: string;
  readonly text: string;
  /** Somebody else's rules are in the way, and may come back. */
  readonly foreign?: true;
}

export interface Drift {
  /** The first ones, most weighty first. */
  readonly findings: readonly DriftFinding[];
  /** How many there are in all. */
  readonly count: number;
  /** Rules of Seawall stand in the variant of iptables that `iptables` is not. */
  readonly elsewhere: boolean;
  /** Rules of Seawall stand by the other backend too, or instead. */
  readonly rival: boolean;
}

const SHOWN = 12;

/** What differs from what the plan would make, each thing by its place; nothing where the plan has no steps. */
export function driftOf({ target, steps }: Plan, live: LiveState): Drift {
  if (steps.length === 0) return { findings: [], count: 0, elsewhere: false, rival: false };
  // The plan may make sets under their other names; what is compared is what stands under those in use.
  const wanted = FAMILIES.map((family) => inSlots(target[family], slotsSeen(live, family)));
  const tables = wanted.map((rules) => ({ texts: tableTexts(rules), table: live.tables[rules.family] }));
  const { rival } = live;
  const findings = [
    ...tables.flatMap(({ texts, table }) =>
      isGone(texts, table) ? goneFinding(table, live) : hookFindings(texts, table, live),
    ),
    ...(live.others ?? []).map(otherFinding),
    ...(rival ? [rivalFinding(rival)] : []),
    ...tables.flatMap(({ texts, table }) => (isGone(texts, table) ? [] : chainFindings(texts, table, live))),
    ...setDifferences(
      wanted.flatMap(({ sets }) => sets),
      live.sets,
    ),
  ];
  const elsewhere = (live.others ?? []).length > 0;
  return { findings: findings.slice(0, SHOWN), count: findings.length, elsewhere, rival: rival !== undefined };
}

/** As the rules say; where they say nothing, as the sets are that are left. */
function slotsSeen(live: LiveState, family: Family): Slots {
  const has = (role: SlotRole, slot: 'a' | 'b'): boolean => live.sets.has(slotSetName(role, family, slot));
  const left = SLOT_ROLES.filter((role) => has(role, 'b') && !has(role, 'a')).map((role) => [role, 'b'] as const);
  return { ...Object.fromEntries(left), ...slotsInUse(tablesOf(live, family)) };
}

const isGone = (texts: TableTexts, { chains, hooks }: OwnTable): boolean =>
  texts.chains.size > 0 && chains.size === 0 && hooks.length === 0;

function goneFinding({ family }: OwnTable, live: LiveState): DriftFinding[] {
  const elsewhere = tablesOf(live, family).some(isHooked);
  const { backend = 'iptables' } = live;
  const text = elsewhere ? `no rule of Seawall stands where ${backend} looks now` : 'all rules of Seawall are gone';
  return [{ place: `IPv${family}`, text }];
}

const rivalFinding = ({ backend = 'iptables', tables }: LiveState): DriftFinding => ({
  place: backend,
  text: `rules of Seawall ${FAMILIES.some((family) => isHooked(tables[family])) ? 'are in force' : 'are left'} there; apply removes them`,
});

const otherFinding = ({ variant, table }: OtherTable): DriftFinding => {
  const { size } = table.chains;
  const where = isHooked(table) ? 'in force there' : 'left there';
  return {
    place: `IPv${table.family} in ${VARIANT_NAMES[variant]}`,
    text: `${size} ${size === 1 ? 'chain' : 'chains'} of Seawall ${size === 1 ? 'is' : 'are'} ${where}; apply removes them`,
  };
};

function hookFindings({ family, hooks }: TableTexts, table: OwnTable, { backend }: LiveState): DriftFinding[] {
  return (Object.keys(BUILT_IN) as HookPoint[]).flatMap((point) => {
    const wanted = hooks.find((hook) => hook.point === point)?.text;
    const place = `IPv${family} ${BUILT_IN[point]}`;
    const there = table.hooks.filter((hook) => hook.point === point);
    // Where the first jump is in front of all, nobody else is.
    const foreign = there[0]?.behind === undefined ? {} : { foreign: true as const };
    const texts = backend === 'nftables' ? baseTexts(wanted, there) : hookTexts(wanted, there);
    return texts.map((text) => ({ place, text, ...foreign }));
  });
}

/** What is wrong with a base chain of nftables. */
function baseTexts(wanted: string | undefined, there: readonly SavedHook[]): string[] {
  const strange = there.flatMap(({ behind = [] }) => behind);
  if (strange.length > 0) return strange;
  return hookTexts(wanted, there);
}

/** What is wrong with the jumps at one point, of which there should be one, in front of all. */
function hookTexts(wanted: string | undefined, there: readonly SavedHook[]): string[] {
  const ours = there.filter(({ text }) => text === wanted);
  const strange = there.filter((hook) => !ours.includes(hook));
  return [
    ...(wanted === undefined ? [] : ownHookText(`the jump to ${chainOf(wanted)}`, ours)),
    ...strange.map(({ position, text }) => `a jump at place ${position} that is not ours: ${text}`),
  ];
}

function ownHookText(jump: string, ours: readonly SavedHook[]): string[] {
  const [first, second] = ours;
  if (!first) return [`${jump} is missing: packets pass Seawall by here`];
  const times = ours.length === 2 ? 'twice' : `${ours.length} times`;
  const behind = first.behind === undefined ? '' : `, behind: ${behindText(first)}`;
  if (second) return [`${jump} stands ${times}, at places ${placesText(ours)}${behind}`];
  return behind === '' ? [] : [`${jump} stands at place ${first.position}${behind}`];
}

const placesText = (hooks: readonly SavedHook[]): string => {
  const places = hooks.map(({ position }) => position);
  return `${places.slice(0, -1).join(', ')} and ${places.at(-1)}`;
};

function behindText({ position, behind: [rule = ''] = [] }: SavedHook): string {
  const more = position - 2;
  return more > 0 ? `${rule} (and ${more} more)` : rule;
}

const chainOf = (hook: string): string => hook.split(' ').at(-1) ?? '';

function chainFindings({ family, chains }: TableTexts, table: OwnTable, { backend }: LiveState): DriftFinding[] {
  const surplus = [...table.chains.keys()].filter((name) => !chains.has(name));
  return [
    ...[...chains].flatMap(([name, rules]) =>
      chainTexts(shownIn(backend, rules, family), shownIn(backend, table.chains.get(name), family)).map((text) => ({
        place: `IPv${family} ${name}`,
        text,
      })),
    ),
    ...surplus.map((name) => ({ place: `IPv${family} ${name}`, text: 'this chain is none of this policy' })),
  ];
}

/** Rules in the words of the backend by which they stand. */
const shownIn = <T extends readonly string[] | undefined>(backend: LiveState['backend'], rules: T, family: Family): T =>
  (backend === 'nftables' ? rules?.map((text) => nftWords(text, family)[0] ?? text) : rules) as T;

function chainTexts(wanted: readonly string[], there: readonly string[] | undefined): string[] {
  if (!there) return ['the chain is missing'];
  if (there.length === 0 && wanted.length > 0) return [`the chain is empty; it should have ${wanted.length} rules`];
  return ruleDifferences(wanted, there);
}
