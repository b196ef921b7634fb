import { addressBits, type Family } from '../../net/family.ts';
import { PrefixSet } from '../../net/prefix-set.ts';
import { addressClasses, anyOfClass, askedFor } from './classes.ts';
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
  readonly classes: readonly PrefixSet[];
  /** Who may open a connection to whom, by places in `classes`; others may not. */
  readonly edges: readonly { readonly from: number; readonly to: number; readonly certainty: Certainty }[];
}

type Certainty = 'definite' | 'possible';

const UNASKED = { in: ANY_LINK, state: 'new' } as const;
const nowhere = (family: Family): { family: Family; value: bigint } => ({ family, value: 0n });

/**
 * The service matrix of a ruleset (Diekmann et al., Verified iptables Firewall Analysis): for first packets that no NAT
 * has touched, by links that nobody knows.
 */
export function serviceMatrix(whole: Machine, question: MatrixQuestion): Matrix {
  const { family } = question;
  const packet = packetOf({ ...question, sources: everyone(family), destination: nowhere(family), ...UNASKED });
  const machine = narrowed(whole, question.hook, packet);
  const parts = addressClasses(family, askedFor(machine.netfilter, family).addresses);
  const members = parts.map(anyOfClass);
  // The rules treat each source by itself: where a set makes its classes long, asking for one of each is enough.
  const length = addressBits(family);
  const isLong = parts.reduce((sum, { size }) => sum + size, 0) > 64 * members.length;
  const sources = isLong
    ? PrefixSet.of(
        family,
        members.map((each) => ({ ...each, length })),
      )
    : everyone(family);
  // One column for each destination: whose packets may pass, and of whom it isn't sure.
  const columns = new Columns();
  const columnOf = members.map((destination) => {
    const { passed, ended } = atHookAlone(machine, { ...question, sources, destination });
    const none = PrefixSet.empty(family);
    const [may = none, mayNot = none] = [passed, ended].map((flows) =>
      unionOf(
        flows.map((flow) => flow.sources),
        none,
      ),
    );
    return columns.add({ may, unsure: intersection(may, mayNot) });
  });
  return grouped(parts, new Grid(members), columnOf, columns.all);
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
function grouped(
  parts: readonly PrefixSet[],
  grid: Grid,
  columnOf: readonly number[],
  columns: readonly Column[],
): Matrix {
  const rows = grid.signatures(columns.flatMap(({ may, unsure }) => [may, unsure]));
  const alike = new Map<string, number[]>();
  parts.forEach((_, at) => {
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
  const classes = groups.map((group) => allOf(group.flatMap((at) => parts[at] ?? [])));
  return { classes, edges: edges.toSorted((a, b) => a.from - b.from || a.to - b.to) };
}

const [DEFINITE, POSSIBLE] = ['definite', 'possible'] as const;

/** All of several sets, the shortest first: a long one is copied as seldom as can be. */
function allOf(sets: readonly PrefixSet[]): PrefixSet {
  const left = sets.toSorted((a, b) => b.size - a.size);
  for (;;) {
    const [one, two] = [left.pop(), left.pop()];
    if (!one) throw new RangeError('a class is of one part at least');
    if (!two) return one;
    const both = one.union(two);
    const at = left.findLastIndex(({ size }) => size >= both.size);
    left.splice(at + 1, 0, both);
  }
}
