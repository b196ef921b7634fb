import { type LiveSet, sameSet } from '../ipset/save.ts';
import { parseRule } from '../iptables/parse-rule.ts';
import type { OwnTable } from '../iptables/save.ts';
import type { Family } from '../net/family.ts';
import { formatPortRange, type Protocol } from '../net/port.ts';
import { PrefixSet } from '../net/prefix-set.ts';
import { CHAINS } from '../policy/compile.ts';
import type { Match, Rule } from '../ruleset/match.ts';
import { isList } from '../ruleset/ownership.ts';
import type { FamilyRules } from '../ruleset/ruleset.ts';
import type { SetSpec } from '../ruleset/set.ts';
import { type LiveState, setIn, tablesOf } from './live-state.ts';

/** What a family's rules mean, in the words of the config. Read from rules and sets alone, live ones or planned ones. */
export interface PolicyView {
  readonly trusted: PrefixSet;
  readonly blocked: PrefixSet;
  /** `8080/tcp`, `8000-8010/tcp` … */
  readonly public: readonly string[];
  /** One text an `allow` rule and protocol. */
  readonly allow: readonly string[];
  readonly allowed: readonly AllowedView[];
  /** Sets whose entries weren't read, by their names, which change with their content. */
  readonly unread: readonly string[];
  readonly internal: readonly string[];
}

/** Which ports an `allow` rule opens, and to how many. */
export interface AllowedView {
  readonly ports: readonly string[];
  /** The set of those whom it lets in. */
  readonly source: string;
  /** Undefined where the set wasn't read. */
  readonly size: number | undefined;
}

type AnySet = SetSpec | LiveSet | undefined;
type Lookup = (name: string) => AnySet;

/** What stands and what will, of one family. A long list that stays as it is is in neither: it is the same in both. */
export function viewsOf(live: LiveState, target: FamilyRules): { before: PolicyView; after: PolicyView } {
  const { family, chains } = target;
  const planned = new Map(target.sets.map((set) => [set.name, set]));
  // A set that is named by its content and wasn't read is what the plan has under that name.
  const standing: Lookup = (name) => {
    const set = setIn(live, name);
    return set?.kind === 'unread' ? (planned.get(name) ?? set) : set;
  };
  // Only its content tells: somebody else may have laid hands on the set that has the list's name.
  const stays = (name: string): boolean => {
    const spec = isList(name) ? planned.get(name) : undefined;
    return spec !== undefined && sameSet(spec, setIn(live, name));
  };
  const rules = (name: string): readonly Rule[] => chains.find((chain) => chain.name === name)?.rules ?? [];
  return {
    before: viewOf(family, (chain) => parsed(judging(live, family), chain), standing, stays),
    after: viewOf(family, rules, (name) => planned.get(name), stays),
  };
}

/** The rules that count: those that `iptables` shows, or else those in its other variant. */
const judging = (live: LiveState, family: Family): OwnTable =>
  tablesOf(live, family).find(({ chains }) => chains.size > 0) ?? live.tables[family];

function parsed(table: OwnTable, chain: string): Rule[] {
  return (table.chains.get(chain) ?? []).flatMap((text) => parseRule(text, table.family) ?? []);
}

type Stays = (list: string) => boolean;

function viewOf(family: Family, rules: (chain: string) => readonly Rule[], lookup: Lookup, stays: Stays): PolicyView {
  const host = rules(CHAINS.host).map(shapeOf);
  const sources = (kind: 'return' | 'drop'): string[] =>
    host.flatMap(({ action, source, ports }) =>
      action === kind && source !== undefined && ports === undefined && !stays(source) ? [source] : [],
    );
  const open = host.filter(({ action, ports }) => action === 'return' && ports !== undefined);
  const all = host.flatMap(({ source, ports }) => [source, ports]).filter((name) => name !== undefined);
  return {
    trusted: prefixes(sources('return'), lookup, family),
    blocked: prefixes(sources('drop'), lookup, family),
    public: open
      .filter(({ source }) => source === undefined)
      .flatMap(({ ports, protocol }) => portTexts(lookup(ports ?? ''), protocol)),
    allow: open.flatMap(({ source, ports, protocol }) =>
      source === undefined
        ? []
        : [`${sourceText(lookup(source))} → ${portTexts(lookup(ports ?? ''), protocol).join(', ')}`],
    ),
    allowed: open.flatMap(({ source, ports, protocol }) =>
      source === undefined
        ? []
        : [{ ports: portTexts(lookup(ports ?? ''), protocol), source, size: sizeOf(lookup(source)) }],
    ),
    unread: all.filter((name) => lookup(name)?.kind === 'unread'),
    internal: rules(CHAINS.arriving).flatMap(internalLink),
  };
}

interface Shape {
  readonly action: Rule['action']['kind'];
  readonly protocol: Protocol | undefined;
  readonly source: string | undefined;
  readonly ports: string | undefined;
}

/** Which sets a rule asks; rules that ask none (ICMP, DHCP …) are the same for every config. */
function shapeOf({ match, action }: Rule): Shape {
  const set = (field: 'src' | 'dst'): string | undefined =>
    match.filter(isSetMatch).find(({ fields }) => fields.length === 1 && fields[0] === field)?.set;
  const protocol = match.find((each) => each.kind === 'protocol')?.protocol;
  return {
    action: action.kind,
    protocol: protocol === 'udp' ? 'udp' : protocol === 'tcp' ? 'tcp' : undefined,
    source: set('src'),
    ports: set('dst'),
  };
}

const isSetMatch = (match: Match): match is Match & { kind: 'in-set' } => match.kind === 'in-set';

function internalLink({ match, action }: Rule): string[] {
  const [only, ...rest] = match;
  return action.kind === 'return' && only?.kind === 'in' && rest.length === 0 && only.link !== 'lo' ? [only.link] : [];
}

function prefixes(names: readonly string[], lookup: Lookup, family: Family): PrefixSet {
  return names.reduce((all, name) => {
    const set = lookup(name);
    return set?.kind === 'net' && set.family === family ? (all.size === 0 ? set.members : all.union(set.members)) : all;
  }, PrefixSet.empty(family));
}

function portTexts(set: AnySet, protocol: Protocol | undefined): string[] {
  if (set?.kind !== 'port' || protocol === undefined) return [];
  return set.ports.ranges().map(({ first, last }) => formatPortRange({ protocol, first, last }));
}

const sizeOf = (set: AnySet): number | undefined => (set?.kind === 'net' ? set.members.size : undefined);

function sourceText(set: AnySet): string {
  if (set?.kind !== 'net') return 'a list';
  if (set.members.size > 3) return `${set.members.size} prefixes`;
  return [...set.members.restoreChunks('')]
    .map((chunk) => new TextDecoder().decode(chunk))
    .join('')
    .trim()
    .replaceAll('\n', ', ');
}
