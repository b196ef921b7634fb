import { FAMILIES } from '../net/family.ts';
import { formatPrefix } from '../net/prefix.ts';
import type { PrefixSet } from '../net/prefix-set.ts';
import { subtract } from '../net/subtract.ts';
import { isHooked, type LiveState } from './live-state.ts';
import type { Plan, Step } from './plan.ts';
import { type PolicyView, viewOfLive, viewOfTarget } from './view.ts';

/** What a plan does to one part of the policy. Lists of entries are cut off at `SHOWN`; the counts are not. */
export interface PolicyChange {
  readonly area: 'trusted' | 'block' | 'public' | 'allow' | 'internal' | 'lists';
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly addedCount: number;
  readonly removedCount: number;
}

const SHOWN = 12;

/** In words of policy what the plan would change; empty when it only repairs or changes nothing. */
export function policyChanges(plan: Plan, live: LiveState): PolicyChange[] {
  const pairs = FAMILIES.map((family) => ({
    before: viewOfLive(live, family),
    after: viewOfTarget(plan.target[family]),
  }));
  const both = (pick: (view: PolicyView) => readonly string[]): PolicyChange['added'][] => [
    unique(pairs.flatMap(({ before }) => pick(before))),
    unique(pairs.flatMap(({ after }) => pick(after))),
  ];
  return [
    prefixChange(
      'trusted',
      pairs.map(({ before, after }) => [before.trusted, after.trusted]),
    ),
    prefixChange(
      'block',
      pairs.map(({ before, after }) => [before.blocked, after.blocked]),
    ),
    textChange(
      'public',
      both((view) => view.public),
    ),
    textChange(
      'allow',
      both((view) => view.allow),
    ),
    textChange(
      'internal',
      both((view) => view.internal),
    ),
    textChange('lists', [
      unique(pairs.flatMap(({ before }) => before.unread)),
      keptLists(
        pairs.map(({ before }) => before),
        plan,
      ),
    ]),
  ].filter(({ addedCount, removedCount }) => addedCount + removedCount > 0);
}

/** One line a step, for those who want to see what is run. */
export function stepSummary(step: Step): string {
  switch (step.kind) {
    case 'make-sets': {
      const names = (label: string, sets: typeof step.make): string[] =>
        sets.length === 0 ? [] : [`${label} ${sets.map(({ name }) => name).join(', ')}`];
      return [...names('create', step.make), ...names('swap', step.replace)].join('; ');
    }
    case 'drop-sets':
      return `destroy ${step.names.join(', ')}`;
    case 'change-table': {
      const { family, write, hook, unhook, remove } = step.change;
      const parts = [
        ...write.map(({ chain }) => `write ${chain}`),
        ...remove.map((chain) => `remove ${chain}`),
        ...unhook.map(({ point }) => `unhook ${point}`),
        ...hook.map(({ point }) => `hook ${point}`),
      ];
      return `IPv${family}: ${parts.join(', ')}`;
    }
  }
}

/** Whether the plan puts up a firewall where none stands. */
export const isFirst = (live: LiveState): boolean => !FAMILIES.some((family) => isHooked(live.tables[family]));

const unique = (texts: readonly string[]): string[] => [...new Set(texts)];

const keptLists = (before: readonly PolicyView[], plan: Plan): string[] => {
  const names = new Set(FAMILIES.flatMap((family) => plan.target[family].sets.map(({ name }) => name)));
  return before.flatMap((view) => view.unread.filter((name) => names.has(name)));
};

function textChange(area: PolicyChange['area'], [before = [], after = []]: PolicyChange['added'][]): PolicyChange {
  return cut(
    area,
    after.filter((text) => !before.includes(text)),
    before.filter((text) => !after.includes(text)),
  );
}

function prefixChange(area: PolicyChange['area'], pairs: readonly (readonly [PrefixSet, PrefixSet])[]): PolicyChange {
  const texts = (from: PrefixSet, to: PrefixSet): string[] => [...subtract(from, to).prefixes()].map(formatPrefix);
  return cut(
    area,
    pairs.flatMap(([before, after]) => texts(after, before)),
    pairs.flatMap(([before, after]) => texts(before, after)),
  );
}

const cut = (area: PolicyChange['area'], added: readonly string[], removed: readonly string[]): PolicyChange => ({
  area,
  added: added.slice(0, SHOWN),
  removed: removed.slice(0, SHOWN),
  addedCount: added.length,
  removedCount: removed.length,
});
