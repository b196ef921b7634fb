import { VARIANT_NAMES } from '../iptables/names.ts';
import { FAMILIES } from '../net/family.ts';
import type { NftChange } from '../nftables/change.ts';
import { NFT_TABLE } from '../nftables/names.ts';
import { formatPrefix } from '../net/prefix.ts';
import type { PrefixSet } from '../net/prefix-set.ts';
import { subtract } from '../net/subtract.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { type LiveState, standsNowhere } from './live-state.ts';
import type { Plan, Step } from './plan.ts';
import { portsNotIn } from './port-difference.ts';
import { type ReachChange, reachChange } from './reach.ts';
import { standing } from './standing.ts';
import { type PolicyView, viewsOf } from './view.ts';

/** What a plan does to one part of the policy. Lists of entries are cut off at `SHOWN`; the counts are not. */
export interface PolicyChange {
  readonly area: 'trusted' | 'block' | 'public' | 'allow' | 'internal' | 'lists';
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly addedCount: number;
  readonly removedCount: number;
  /** Of ports, where a firewall stands already: the same entries as sentences. */
  readonly reach?: ReachChange;
}

const SHOWN = 12;

/** In words of policy what the plan would change; empty when it only repairs or changes nothing. */
export function policyChanges(plan: Plan, live: LiveState): PolicyChange[] {
  const pairs = FAMILIES.map((family) => viewsOf(live, plan.target[family]));
  const both = (pick: (view: PolicyView) => readonly string[]): TextPair[] =>
    pairs.map(({ before, after }) => [pick(before), pick(after)]);
  return [
    prefixChange(
      'trusted',
      pairs.map(({ before, after }) => [before.trusted, after.trusted]),
    ),
    prefixChange(
      'block',
      pairs.map(({ before, after }) => [before.blocked, after.blocked]),
    ),
    withReach(
      textChange(
        'public',
        both((view) => view.public),
        portsNotIn,
      ),
      pairs,
      live,
    ),
    textChange(
      'allow',
      both((view) => view.allow),
    ),
    textChange(
      'internal',
      both((view) => view.internal),
    ),
    textChange(
      'lists',
      both((view) => view.unread),
    ),
  ].filter(({ addedCount, removedCount }) => addedCount + removedCount > 0);
}

/** Where no firewall stands yet everyone reaches everything, and all ports change alike. */
const withReach = (change: PolicyChange, pairs: Parameters<typeof reachChange>[2], live: LiveState): PolicyChange =>
  isFirst(live) ? change : { ...change, reach: reachChange(change.added, change.removed, pairs) };

/** The same between two rulesets. */
export function rulesetChanges(before: Ruleset, after: Ruleset): PolicyChange[] {
  return policyChanges({ backend: 'iptables', steps: [], target: after }, standing(before));
}

/** The same in short, one line a part: for the record of what was applied. */
export const changeLines = (changes: readonly PolicyChange[]): string[] =>
  changes.map(({ area, added, removed, addedCount, removedCount }) => {
    const counts = [addedCount > 0 ? `+${addedCount}` : '', removedCount > 0 ? `-${removedCount}` : ''];
    const entries = [...added.map((entry) => `+${entry}`), ...removed.map((entry) => `-${entry}`)];
    const few = addedCount + removedCount <= 3;
    return `${area} ${(few ? entries : counts.filter(Boolean)).join(' ')}`;
  });

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
    case 'prepare-nft':
      return [
        ...(step.prepare.drop.length === 0 ? [] : [`delete ${step.prepare.drop.join(', ')}`]),
        ...(step.prepare.fill.length === 0
          ? []
          : [`fill ${step.prepare.fill.map(({ part }) => part.name).join(', ')}`]),
      ].join('; ');
    case 'change-nft':
      return `nftables: ${nftParts(step.change).join(', ')}`;
    case 'drop-nft-sets':
      return `delete ${step.names.join(', ')}`;
    case 'remove-nft':
      return `delete the table ${NFT_TABLE}`;
    case 'change-table': {
      const { family, variant, write, hook, unhook, remove } = step.change;
      const parts = [
        ...write.map(({ chain }) => `write ${chain}`),
        ...remove.map((chain) => `remove ${chain}`),
        ...unhook.map(({ point }) => `unhook ${point}`),
        ...hook.map(({ point }) => `hook ${point}`),
      ];
      return `IPv${family}${variant ? ` in ${VARIANT_NAMES[variant]}` : ''}: ${parts.join(', ')}`;
    }
  }
}

const nftParts = ({ make, refill, write, bases, removeChains }: NftChange): string[] => [
  ...make.map(({ part }) => `create ${part.name}`),
  ...refill.map(({ part }) => `fill ${part.name}`),
  ...write.map(({ chain }) => `write ${chain}`),
  ...bases.map(({ point }) => `hook ${point}`),
  ...removeChains.map((chain) => `remove ${chain}`),
];

/** Whether the plan puts up a firewall where none stands. */
export const isFirst = standsNowhere;

/** Whether somebody may lose what he is let in to now. A repair may be what shuts him out, whatever else changes. */
export const mayShutOut = ({ steps }: Plan, changes: readonly PolicyChange[], live: LiveState): boolean =>
  steps.length > 0 &&
  (isFirst(live) ||
    changes.length === 0 ||
    steps.some(changesRules) ||
    changes.some(({ area, addedCount, removedCount }) => {
      // What a list holds that nobody read, nobody knows.
      if (area === 'lists') return true;
      return (area === 'block' ? addedCount : removedCount) > 0;
    }));

/** Of what nftables changes in one stroke, the sets alone are told by the policy's changes. */
const changesRules = (step: Step): boolean =>
  step.kind === 'change-table' ||
  (step.kind === 'change-nft' && step.change.write.length + step.change.bases.length > 0);

const unique = (texts: readonly string[]): string[] => [...new Set(texts)];

/** What one IP version had and will have. */
type TextPair = readonly [before: readonly string[], after: readonly string[]];

const notIn = (texts: readonly string[], others: readonly string[]): string[] =>
  texts.filter((text) => !others.includes(text));

function textChange(area: PolicyChange['area'], pairs: readonly TextPair[], difference = notIn): PolicyChange {
  const added = unique(pairs.flatMap(([before, after]) => difference(after, before)));
  const removed = unique(pairs.flatMap(([before, after]) => difference(before, after)));
  return { area, ...shown('added', added, added.length), ...shown('removed', removed, removed.length) };
}

function prefixChange(area: PolicyChange['area'], pairs: readonly (readonly [PrefixSet, PrefixSet])[]): PolicyChange {
  const added = pairs.map(([before, after]) => subtract(after, before));
  const removed = pairs.map(([before, after]) => subtract(before, after));
  return { area, ...shown('added', ...firstOf(added)), ...shown('removed', ...firstOf(removed)) };
}

/** Of a million entries only those are spelled out that are shown. */
function firstOf(sets: readonly PrefixSet[]): [texts: string[], count: number] {
  const texts = sets.flatMap((set) => [...take(set.prefixes(), SHOWN)].map(formatPrefix));
  return [texts, sets.reduce((sum, { size }) => sum + size, 0)];
}

function* take<T>(values: Iterable<T>, count: number): Generator<T> {
  let left = count;
  for (const value of values) {
    if (left-- <= 0) return;
    yield value;
  }
}

type Shown<K extends 'added' | 'removed'> = { readonly [P in K]: readonly string[] } & {
  readonly [P in `${K}Count`]: number;
};

const shown = <K extends 'added' | 'removed'>(key: K, texts: readonly string[], count: number): Shown<K> =>
  ({ [key]: texts.slice(0, SHOWN), [`${key}Count`]: count }) as Shown<K>;
