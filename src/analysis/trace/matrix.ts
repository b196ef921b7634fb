import type { Address } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import { PrefixSet } from '../../net/prefix-set.ts';
import { Areas } from './areas.ts';
import { addressClasses, asSet, type Asked, askedFor } from './classes.ts';
import { Grid, Points } from './grid.ts';
import { typesOfAddresses } from './kinds.ts';
import type { Machine } from './machine.ts';
import { narrowed } from './narrow.ts';
import { ANY_LINK } from './packet.ts';
import { everyone } from './parts.ts';
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
  const { addresses, types } = askedFor(machine.netfilter, family);
  const special = types ? typesOfAddresses(machine, family) : [];
  const asked = [...addresses, ...special];
  const isLong = (each: Asked): each is PrefixSet => each instanceof PrefixSet && each.size > long;
  const [short, sets] = [asked.filter((each) => !isLong(each)), asked.filter(isLong)];
  const areas = new Areas(addressClasses(family, short), sets);
  const grid = new Grid(
    family,
    areas.all.map(({ one }) => one),
  );
  // The rules treat each source by itself, so asking for one of each is enough; and for one destination of those that no
  // rule tells asunder as such.
  const toAny = [...askedFor(machine.netfilter, family, 'dst').addresses, ...special];
  const signatures = grid.signatures(toAny.filter((each) => !isLong(each)).map((each) => grid.in(asSet(each, family))));
  const telling = sets.map((set) => toAny.includes(set));
  const columns = new Columns();
  const known = new Map<string, number>();
  const columnOf = areas.all.map(({ one, inside }, at) => {
    const key = [signatures[at], ...inside.filter((_, index) => telling[index])].join();
    const column = known.get(key) ?? columns.add(columnTo(machine, question, grid, one));
    known.set(key, column);
    return column;
  });
  return grouped(areas, grid, columnOf, columns.all);
}

/** Whose packets to that address may pass, and of whom it isn't sure. */
function columnTo(machine: Machine, question: MatrixQuestion, grid: Grid, destination: Address): Column {
  const sources = grid.in(everyone(question.family));
  const { passed, ended } = atHookAlone(machine, { ...question, sources, destination });
  const none = sources.without(everyone(question.family));
  const [may = none, mayNot = none] = [passed, ended].map((flows) =>
    flows.reduce((all, flow) => (flow.sources instanceof Points ? all.or(flow.sources) : all), none),
  );
  return { may, unsure: may.and(mayNot) };
}

interface Column {
  readonly may: Points;
  readonly unsure: Points;
}

/** The columns that differ; most destinations are treated alike. */
class Columns {
  readonly all: Column[] = [];
  readonly #known = new Map<string, number>();

  /** Its number. */
  add(column: Column): number {
    const key = `${column.may.key} ${column.unsure.key}`;
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
  const groupsIn = (points: Points): Set<number> => new Set([...points.places()].map((at) => groupOf.get(at) ?? 0));
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
