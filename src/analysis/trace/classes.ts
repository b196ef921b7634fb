import { addressBits, type Family } from '../../net/family.ts';
import { PrefixSet } from '../../net/prefix-set.ts';
import { rangePrefixes } from '../../ruleset/address-ranges.ts';
import type {
  AddressRange,
  Condition,
  End,
  FilterSet,
  Netfilter,
  NumberRange,
  RuleAction,
} from '../../ruleset/netfilter.ts';
import { cutTo, rangeSet, within } from './lookup.ts';
import { sweptClasses } from './sweep.ts';

/** Ranges of a condition, or a whole set as the one thing that it is. */
export type Asked = readonly AddressRange[] | PrefixSet;

/** What the rules ask of addresses and ports, wherever they ask it. */
export interface AskedFor {
  readonly addresses: readonly Asked[];
  /** What each condition or set has: ports that are in the same ones are told apart by nothing. */
  readonly ports: readonly (readonly NumberRange[])[];
  /** Whether a rule asks what an address is to the machine. */
  readonly types: boolean;
}

/** Every address and port that some rule tells from another. `end`: of addresses only those that are asked for as this. */
export function askedFor({ tables, sets }: Netfilter, family: Family, end?: End): AskedFor {
  const addresses = new Map<string, readonly AddressRange[]>();
  const whole = new Set<PrefixSet>();
  const ports: (readonly NumberRange[])[] = [];
  let types = false;
  const add = (ranges: readonly AddressRange[]): void => {
    const own = ranges.filter(({ first }) => first.family === family);
    if (own.length > 0) addresses.set(own.map(({ first, last }) => `${first.value}-${last.value}`).join(), own);
  };
  const addSet = (set: FilterSet | undefined, isAsked: boolean, mask?: number): void => {
    const content = set?.content;
    if (content?.kind === 'ports') ports.push(content.ranges);
    if (isAsked && content?.kind === 'addresses' && content.members.family === family)
      whole.add(mask === undefined ? content.members : cutTo(content.members, mask));
    if (content?.kind === 'list') for (const name of content.sets) addSet(sets.get(name), isAsked);
    if (content?.kind !== 'tuples') return;
    for (const key of content.entries.flatMap(({ keys }) => keys)) {
      if (isAsked && key.kind === 'addresses') add([key.range]);
      if (key.kind === 'service') ports.push([key.ports]);
      if (key.kind === 'numbers') ports.push([key.range]);
    }
  };
  const visit = (condition: Condition): void => {
    if (condition.kind === 'address' && isOf(condition.end)) add(condition.ranges);
    if (condition.kind === 'port') ports.push(condition.ranges);
    if (condition.kind === 'set')
      addSet(sets.get(condition.set), end === undefined || condition.fields.includes(end), condition.mask);
    if (condition.kind === 'any') condition.of.forEach(visit);
    if (condition.kind === 'address-type') types = true;
    if (condition.kind !== 'original') return;
    if (isOf(condition.end)) add(condition.ranges ?? []);
    ports.push(condition.ports ?? []);
  };
  const isOf = (one: End): boolean => end === undefined || one === end;
  for (const { chains, families } of tables) {
    if (!families.includes(family)) continue;
    for (const { conditions, action } of [...chains.values()].flatMap(({ rules }) => rules)) {
      conditions.forEach(visit);
      casesOf(action).forEach(visit);
    }
  }
  return { addresses: [...addresses.values(), ...whole], ports, types };
}

const casesOf = (action: RuleAction): readonly Condition[] =>
  action.kind === 'choose' ? action.cases.map(({ when }) => when) : [];

const membersOf = (members: PrefixSet): AddressRange[] =>
  [...members.prefixes()].map(({ family, value, length }) => {
    const last = value + (1n << BigInt(addressBits(family) - length)) - 1n;
    return { first: { family, value }, last: { family, value: last } };
  });

const isSet = (asked: Asked): asked is PrefixSet => asked instanceof PrefixSet;

export const asSet = (asked: Asked, family: Family): PrefixSet => (isSet(asked) ? asked : rangeSet(asked, family));

/**
 * The parts of the address space that no rule tells asunder: one sweep over the ends of all ranges, classes by which of
 * them an address lies in.
 */
export function addressClasses(family: Family, all: readonly Asked[]): PrefixSet[] {
  if (family === 4) return sweptClasses(all.map((each) => asSet(each, family)));
  const asked = all.map((each) => (isSet(each) ? membersOf(each) : each));
  const flips = new Map<bigint, bigint>([[0n, 0n]]);
  const flip = (at: bigint, bit: bigint): void => void flips.set(at, (flips.get(at) ?? 0n) ^ bit);
  asked.forEach((ranges, index) => {
    const bit = 1n << BigInt(index);
    for (const { first, last } of apart(ranges)) {
      flip(first.value, bit);
      flip(last.value + 1n, bit);
    }
  });
  const end = 1n << BigInt(addressBits(family));
  const starts = [...flips.keys()].filter((at) => at < end).toSorted((a, b) => (a < b ? -1 : 1));
  const classes = new Map<bigint, AddressRange[]>();
  let signature = 0n;
  starts.forEach((first, at) => {
    signature ^= flips.get(first) ?? 0n;
    const range = { first: { family, value: first }, last: { family, value: (starts[at + 1] ?? end) - 1n } };
    const known = classes.get(signature);
    if (known) known.push(range);
    else classes.set(signature, [range]);
  });
  return [...classes.values()].map((ranges) =>
    PrefixSet.of(
      family,
      ranges.flatMap((range) => [...rangePrefixes(range)]),
    ),
  );
}

/** The same addresses without overlaps, so that each end turns membership round. */
function apart(ranges: readonly AddressRange[]): AddressRange[] {
  const sorted = ranges.toSorted((a, b) => (a.first.value < b.first.value ? -1 : 1));
  const merged: AddressRange[] = [];
  for (const range of sorted) {
    const before = merged.at(-1);
    if (before === undefined || range.first.value > before.last.value + 1n) merged.push(range);
    else if (range.last.value > before.last.value)
      merged[merged.length - 1] = { first: before.first, last: range.last };
  }
  return merged;
}

/** The ports that no rule tells asunder: for each class its ranges, ascending, and the classes by their first port. */
export function portClasses(asked: readonly (readonly NumberRange[])[]): (readonly NumberRange[])[] {
  const classes = new Map<string, NumberRange[]>();
  for (const range of pieces(asked.flat())) {
    const signature = asked.map((ranges) => (ranges.some((each) => within(each, range.first)) ? 1 : 0)).join('');
    const known = classes.get(signature);
    if (known) known.push(range);
    else classes.set(signature, [range]);
  }
  return [...classes.values()];
}

function pieces(asked: readonly NumberRange[]): NumberRange[] {
  const cuts = asked.flatMap(({ first, last }) => [first, last + 1]).filter((at) => at > 0 && at <= 65_535);
  const starts = [...new Set([0, ...cuts])].toSorted((a, b) => a - b);
  return starts.map((first, at) => ({ first, last: (starts[at + 1] ?? 65_536) - 1 }));
}

/** One of them. */
export function anyOfClass(set: PrefixSet): { family: Family; value: bigint } {
  const [prefix] = set.prefixes();
  return { family: set.family, value: prefix?.value ?? 0n };
}
