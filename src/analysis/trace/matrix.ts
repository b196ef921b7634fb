import { addressBits, type Family } from '../../net/family.ts';
import { PrefixSet } from '../../net/prefix-set.ts';
import { Areas } from './areas.ts';
import { addressClasses, askedFor } from './classes.ts';
import { Grid } from './grid.ts';
import type { Machine } from './machine.ts';
import { narrowed } from './narrow.ts';
import { ANY_LINK, unionOf } from './packet.ts';
import { everyone, intersection } from './parts.ts';
import { atHookAlone, packetOf } from './way.ts';

export interface MatrixQuestion {
  readonly hook: 'forward' | 'input';
  readonly family: Family;
  readonly protocol: number;
  readonly ports: { readonly source: number; readonly destination: number };
}

/** The fewest classes of addresses that the rules treat alike, as sources and as destinations; they are all addresses. */
export interface Matrix {
  readonly classes: readonly AddressClass[];
  /** Who may open a connection to whom, by places in `classes`; others may not. */
  readonly edges: readonly { readonly from: number; readonly to: number; readonly certainty: Certainty }[];
}

/** Its addresses may be a million prefixes, and who counts the classes doesn't need them. */
export interface AddressClass {
  readonly addresses: () => PrefixSet;
}

type Certainty = 'definite' | 'possible';

const UNASKED = { in: ANY_LINK, state: 'new' } as const;
const nowhere = (family: Family): { family: Family; value: bigint } => ({ family, value: 0n });

/** Sets from here on aren't cut into classes. */
const LONG = 4096;

/**
 * The service matrix of a ruleset (Diekmann et al., Verified iptables Firewall Analysis): for first packets that no NAT
 * has touched, by links that nobody knows. `long`: how many prefixes make a set long.
 */
export function serviceMatrix(whole: Machine, question: MatrixQuestion, long = LONG): Matrix {
  const { family } = question;
  const packet = packetOf({ ...question, sources: everyone(family), destination: nowhere(family), ...UNASKED });
  const machine = narrowed(whole, question.hook, packet);
  const areas = areasOf(machine, family, long);
  const members = areas.all.map(({ one }) => one);
  // The rules treat each source by itself, so asking for one of each is enough.
  const alone = members.map((each) => ({ ...each, length: addressBits(family) }));
  const asked = { ...question, sources: PrefixSet.of(family, alone) };
  const columns = new Columns();
  const known = new Map<string, number>();
  const columnOf = areas.all.map(({ one, asDestination }) => {
    const column = known.get(asDestination) ?? columns.add(columnTo(machine, { ...asked, destination: one }));
    known.set(asDestination, column);
    return column;
  });
  return grouped(areas, new Grid(members), columnOf, columns.all);
}

function areasOf({ netfilter }: Machine, family: Family, long: number): Areas {
  const asked = askedFor(netfilter, family).addresses;
  const isLong = (each: (typeof asked)[number]): each is PrefixSet => each instanceof PrefixSet && each.size > long;
  const short = asked.filter((each) => !isLong(each));
  const ofDestinations = new Set<unknown>(askedFor(netfilter, family, 'dst').addresses);
  return new Areas(addressClasses(family, short), asked.filter(isLong), ofDestinations);
}

/** Whose packets to that address may pass, and of whom it isn't sure. */
function columnTo(machine: Machine, asked: Parameters<typeof atHookAlone>[1]): Column {
  const { passed, ended } = atHookAlone(machine, asked);
  const none = PrefixSet.empty(asked.sources.family);
  const [may = none, mayNot = none] = [passed, ended].map((flows) =>
    unionOf(
      flows.map((flow) => flow.sources),
      none,
    ),
  );
  return { may, unsure: intersection(may, mayNot) };
}

interface Column {
  readonly may: PrefixSet;
  readonly unsure: PrefixSet;
}

/** The columns that differ; most destinations are treated alike. */
class Columns {
  readonly all: Column[] = [];
  readonly #known = new Map<string, number>();

  /** Its number. */
  add(column: Column): number {
    const key = `${column.may.fingerprint()} ${column.unsure.fingerprint()}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, this.all.length);
    return this.all.push(column) - 1;
  }
}

/** Parts of the address space that are treated alike, as sources and as destinations, are one class. */
function grouped(areas: Areas, grid: Grid, columnOf: readonly number[], columns: readonly Column[]): Matrix {
  const rows = grid.signatures(columns.flatMap(({ may, unsure }) => [may, unsure]));
  const alike = new Map<string, number[]>();
  areas.all.forEach((_, at) => {
    const key = `${rows[at]} ${columnOf[at]}`;
    const group = alike.get(key);
    if (group) group.push(at);
    else alike.set(key, [at]);
  });
  const groups = [...alike.values()];
  const groupOf = new Map(groups.flatMap((group, number) => group.map((at) => [at, number] as const)));
  const groupsIn = (set: PrefixSet): Set<number> => new Set([...grid.placesIn(set)].map((at) => groupOf.get(at) ?? 0));
  const sides = columns.map(({ may, unsure }) => ({ may: groupsIn(may), unsure: groupsIn(unsure) }));
  const edges = groups.flatMap(([destination = 0], to) => {
    const { may, unsure } = sides[columnOf[destination] ?? 0] ?? { may: [], unsure: new Set() };
    return [...may].map((from) => ({ from, to, certainty: unsure.has(from) ? POSSIBLE : DEFINITE }));
  });
  const classes = groups.map((group) => ({
    addresses: () => areas.together(group.flatMap((at) => areas.all[at] ?? [])),
  }));
  return { classes, edges: edges.toSorted((a, b) => a.from - b.from || a.to - b.to) };
}

const [DEFINITE, POSSIBLE] = ['definite', 'possible'] as const;
