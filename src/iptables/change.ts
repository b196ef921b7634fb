import type { FamilyRules, HookPoint } from '../ruleset/ruleset.ts';
import type { Family } from '../net/family.ts';
import { BUILT_IN, TABLE, type Variant } from './names.ts';
import { renderRule } from './render-rule.ts';
import type { OwnTable, SavedHook } from './save.ts';

/**
 * What has to change in one family's mangle table: plain texts, so that it can be kept, shown and undone.
 * It is carried out as one transaction; packets see all of it or nothing.
 */
export interface TableChange {
  readonly family: Family;
  /** The variant of iptables whose table it is; absent for the one that `iptables` is. */
  readonly variant?: Variant;
  readonly write: readonly { readonly chain: string; readonly rules: readonly string[] }[];
  readonly unhook: readonly { readonly point: HookPoint; readonly text: string }[];
  readonly hook: readonly { readonly point: HookPoint; readonly text: string }[];
  readonly remove: readonly string[];
}

/** The tool that carries it out. */
export const restoreTool = ({ family, variant }: Pick<TableChange, 'family' | 'variant'>): string =>
  `${family === 4 ? 'iptables' : 'ip6tables'}${variant === undefined ? '' : `-${variant}`}-restore`;

/** A family's own chains and hooks as iptables-save would print them. */
export interface TableTexts {
  readonly family: Family;
  readonly chains: ReadonlyMap<string, readonly string[]>;
  readonly hooks: readonly { readonly point: HookPoint; readonly text: string }[];
}

export function tableTexts(rules: FamilyRules): TableTexts {
  const { family } = rules;
  return {
    family,
    chains: new Map(rules.chains.map((chain) => [chain.name, chain.rules.map((rule) => renderRule(rule, family))])),
    hooks: rules.hooks.map(({ point, match, chain }) => ({
      point,
      text: renderRule({ match, action: { kind: 'jump', chain } }, family),
    })),
  };
}

/** The least that turns the live table into the wanted one; `undefined` when it is that already. */
export const diffTable = (wanted: FamilyRules, live: OwnTable): TableChange | undefined =>
  diffTexts(tableTexts(wanted), live);

export function diffTexts(target: TableTexts, live: OwnTable): TableChange | undefined {
  const write = [...target.chains]
    .filter(([name, rules]) => !sameTexts(rules, live.chains.get(name)))
    .map(([chain, rules]) => ({ chain, rules }));
  const remove = [...live.chains.keys()].filter((name) => !target.chains.has(name));
  const inPlace = target.hooks.filter((hook) => isInPlace(hook, live.hooks));
  const hook = target.hooks.filter((each) => !inPlace.includes(each));
  const unhook = live.hooks
    .filter((old) => !inPlace.some((kept) => kept.point === old.point))
    .map(({ point, text }) => ({ point, text }));
  const nothing = write.length + remove.length + hook.length + unhook.length === 0;
  return nothing ? undefined : { family: target.family, write, unhook, hook, remove };
}

const sameTexts = (a: readonly string[], b: readonly string[] | undefined): boolean =>
  b !== undefined && a.length === b.length && a.every((text, index) => text === b[index]);

/** A hook holds only if it is the first rule, and the only one of ours, at its point. */
function isInPlace(wanted: { point: HookPoint; text: string }, live: readonly SavedHook[]): boolean {
  const there = live.filter(({ point }) => point === wanted.point);
  return there.length === 1 && there[0]?.position === 1 && there[0].text === wanted.text;
}

/** The input of `iptables-restore --noflush`: touches own chains and own hooks, nothing else. */
export function renderChange(change: TableChange): string {
  return [
    `*${TABLE}`,
    ...change.write.map(({ chain }) => `:${chain} - [0:0]`),
    ...change.remove.map((chain) => `:${chain} - [0:0]`),
    ...change.write.flatMap(({ chain, rules }) => rules.map((rule) => `-A ${chain} ${rule}`)),
    ...change.unhook.map(({ point, text }) => `-D ${BUILT_IN[point]} ${text}`),
    ...change.hook.map(({ point, text }) => `-I ${BUILT_IN[point]} 1 ${text}`),
    ...change.remove.map((chain) => `-X ${chain}`),
    'COMMIT',
    '',
  ].join('\n');
}

/** Takes everything own out of the table; `undefined` when nothing is there. */
export function removalOf(live: OwnTable): TableChange | undefined {
  const { family } = live;
  return diffTable({ family, sets: [], chains: [], hooks: [] }, live);
}
