import type { TableTexts } from '../iptables/change.ts';
import { parseRule } from '../iptables/parse-rule.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import type { OwnTable } from '../ruleset/own-table.ts';
import type { HookPoint } from '../ruleset/ruleset.ts';
import { type LiveSets, sameSet } from '../ruleset/live-set.ts';
import type { SetSpec } from '../ruleset/set.ts';
import { IP, nftChain, POINTS } from './names.ts';
import type { NftSet } from './read-set.ts';
import type { OwnNft } from './read-table.ts';
import { type PartsOf, renderNftRule } from './render-rule.ts';
import type { Filling } from './render-set.ts';
import { partsOf, type SetPart, wholeOf } from './set-parts.ts';

/** What has to change in the table; carried out as one transaction, so packets see all of it or nothing. */
export interface NftChange {
  readonly make: readonly Filling[];
  /** Their content is replaced in place. */
  readonly refill: readonly Filling[];
  readonly write: readonly { readonly chain: string; readonly rules: readonly string[] }[];
  /** `rebuild`: one stands that isn't hooked in as it should be; it goes and comes again in the same stroke. */
  readonly bases: readonly {
    readonly point: HookPoint;
    readonly rules: readonly string[];
    readonly rebuild: boolean;
  }[];
  readonly removeChains: readonly string[];
}

/** What should be in the table, in canonical texts. */
export interface NftTarget {
  readonly tables: Readonly<Record<Family, TableTexts>>;
  readonly sets: readonly SetSpec[];
  /** Sets that stay as they are, whatever they hold. */
  readonly kept?: ReadonlySet<string>;
}

/**
 * What is done before the transaction: sets that nothing asks yet are made and filled, long ones in pieces. Not only because
 * it takes long: in a set of intervals that came in the same stroke as the rules that ask it, the kernel misses entries for
 * a moment (seen with packets on 6.18; a set that stood before loses none, neither does one that is filled anew in place).
 */
export interface NftPreparation {
  /** What a run that was killed has left half filled. */
  readonly drop: readonly string[];
  readonly fill: readonly Filling[];
}

export interface NftDifference {
  readonly prepare: NftPreparation;
  /** Undefined where nothing differs. */
  readonly change: NftChange | undefined;
  /** Sets, by their names in the kernel, that nothing asks any more when the change is made. */
  readonly surplus: readonly string[];
}

/** The least that makes the table what it should be. */
export function diffNft(target: NftTarget, own: OwnNft, live: LiveSets): NftDifference {
  const fillings = target.sets.flatMap((set) => partsOf(set).map((part): Filling => ({ set, part })));
  const names = new Set(fillings.map(({ part }) => part.name));
  const stands = (set: SetSpec): boolean => sameSet(set, live.get(set.name)) && hasParts(set, own);
  const differing = fillings.filter(({ set }) => !stands(set));
  // Nothing asks it, so it may go and come again without a packet noticing.
  const early = differing.filter(({ set }) => !own.asked.has(set.name));
  const late = differing.filter((filling) => !early.includes(filling));
  const drop = early.map(({ part }) => part.name).filter((name) => own.sets.has(name));
  const chains = FAMILIES.flatMap((family) => chainChanges(target, own, family));
  const kept = new Set(
    FAMILIES.flatMap((family) => [...target.tables[family].chains.keys()].map((chain) => nftChain(chain, family))),
  );
  const wantedPoints = pointsOf(target);
  const change: NftChange = {
    make: late.filter(({ part }) => !own.sets.has(part.name)),
    refill: late.filter(({ part }) => own.sets.has(part.name)),
    write: chains,
    bases: wantedPoints.flatMap((point) => baseChange(target, own, point)),
    removeChains: own.chains.filter((name) => !kept.has(name) && !wantedPoints.includes(name as HookPoint)),
  };
  const surplus = [...own.sets.keys()].filter(
    (name) => !names.has(name) && !drop.includes(name) && target.kept?.has(wholeOf(name).set) !== true,
  );
  return { prepare: { drop, fill: early }, change: isNothing(change) ? undefined : change, surplus };
}

const isNothing = (change: NftChange): boolean =>
  Object.values(change).every((part: readonly unknown[]) => part.length === 0);

/** Whether the set is kept as this version would keep it. */
function hasParts(set: SetSpec, own: OwnNft): boolean {
  const wanted = partsOf(set).map(({ name }) => name);
  const there = [...own.sets.keys()].filter((name) => name === set.name || name.startsWith(`${set.name}-`));
  return wanted.length === there.length && wanted.every((name) => there.includes(name));
}

/** The parts that a set will have; of one that stays, those that it has. */
const partsIn =
  ({ sets }: NftTarget, own: OwnNft): PartsOf =>
  (name) => {
    const set = sets.find((each) => each.name === name);
    if (set) return partsOf(set);
    const there = [...own.sets.values()].map(wholeNamed).filter((each) => each.set === name);
    return there.length > 0 ? there : [{ name }];
  };

const wholeNamed = ({ name, type }: NftSet): SetPart & { readonly set: string } => ({
  name,
  ...wholeOf(name, type === 'ipv6_addr' ? 6 : 4),
});

function chainChanges(target: NftTarget, own: OwnNft, family: Family): NftChange['write'][number][] {
  const parts = partsIn(target, own);
  const there = own.tables[family].chains;
  return [...target.tables[family].chains]
    .filter(([name, texts]) => !sameTexts(texts, there.get(name)))
    .map(([name, texts]) => ({
      chain: nftChain(name, family),
      rules: texts.flatMap((text) => nftWords(text, family, parts)),
    }));
}

const sameTexts = (a: readonly string[], b: readonly string[] | undefined): boolean =>
  b !== undefined && a.length === b.length && a.every((text, index) => text === b[index]);

/** A canonical text in nft's words; none for what isn't ours. */
export function nftWords(text: string, family: Family, parts: PartsOf = (name) => [{ name }]): string[] {
  const rule = parseRule(text, family);
  return rule ? renderNftRule(rule, family, parts) : [];
}

const pointsOf = ({ tables }: NftTarget): HookPoint[] =>
  POINTS.filter((point) => FAMILIES.some((family) => tables[family].hooks.some((hook) => hook.point === point)));

type Hooks = Readonly<Record<Family, { readonly hooks: TableTexts['hooks'] | OwnTable['hooks'] }>>;
const textsAt = (tables: Hooks, family: Family, point: HookPoint): string[] =>
  tables[family].hooks.filter((hook) => hook.point === point).map(({ text }) => text);

function baseChange(target: NftTarget, own: OwnNft, point: HookPoint): NftChange['bases'][number][] {
  const strange = FAMILIES.some((family) =>
    own.tables[family].hooks.some((hook) => hook.point === point && hook.position !== 1),
  );
  const same = FAMILIES.every((family) =>
    sameTexts(textsAt(target.tables, family, point), textsAt(own.tables, family, point)),
  );
  if (same && !strange) return [];
  const jumps = FAMILIES.flatMap((family) =>
    textsAt(target.tables, family, point).flatMap((text) => jumpWords(text, family)),
  );
  return [{ point, rules: [ESTABLISHED, ...jumps], rebuild: own.misplaced.includes(point) }];
}

/** One more base chain, and nothing else. */
export const baseAlone = (
  point: HookPoint,
  tables: readonly { readonly family: Family; readonly hooks: TableTexts['hooks'] }[],
): NftChange => {
  const jumps = tables.flatMap(({ family, hooks }) => hooks.flatMap(({ text }) => jumpWords(text, family)));
  const bases = [{ point, rules: [ESTABLISHED, ...jumps], rebuild: false }];
  return { make: [], refill: [], write: [], bases, removeChains: [] };
};

/** Takes out every chain; the sets stay. Undefined where there is none. */
export const withoutChains = ({ chains }: OwnNft): NftChange | undefined =>
  chains.length === 0 ? undefined : { make: [], refill: [], write: [], bases: [], removeChains: chains };

/** For packets of established connections the firewall is this one rule. */
const ESTABLISHED = 'ct state established,related return';

/** What comes to a jump is not established: the rule before has seen to that. */
function jumpWords(text: string, family: Family): string[] {
  const rule = parseRule(text, family);
  if (!rule) return [];
  const rest = rule.match.filter((match) => match.kind !== 'state');
  const nfproto = `meta nfproto ${IP[family] === 'ip' ? 'ipv4' : 'ipv6'}`;
  return renderNftRule({ ...rule, match: rest }, family, (name) => [{ name }]).map((words) => `${nfproto} ${words}`);
}
