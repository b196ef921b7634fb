import { addressBits, type Family } from '../../net/family.ts';
import { PrefixSet } from '../../net/prefix-set.ts';
import { addressClasses, anyOfClass, askedFor } from './classes.ts';
import type { Machine } from './machine.ts';
import { narrowed } from './narrow.ts';
import { ANY_LINK, unionOf } from './packet.ts';
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
  // One column for each destination: what its sources may do.
  const columns = members.map((destination) => {
    const { passed, ended } = atHookAlone(machine, { ...question, sources, destination });
    const none = PrefixSet.empty(family);
    const [may, mayNot] = [passed, ended].map((flows) =>
      unionOf(
        flows.map((flow) => flow.sources),
        none,
      ),
    );
    return members.map((source) => (may?.has(source) ? (mayNot?.has(source) ? '?' : '+') : '-'));
  });
  const alike = new Map<string, number[]>();
  members.forEach((_, at) => {
    const key = `${columns.map((column) => column[at]).join('')} ${columns[at]?.join('')}`;
    alike.set(key, [...(alike.get(key) ?? []), at]);
  });
  const groups = [...alike.values()];
  const edges = groups.flatMap((whose, from) =>
    groups.flatMap((destinations, to) => {
      const cell = columns[destinations[0] ?? 0]?.[whose[0] ?? 0];
      return cell === '-'
        ? []
        : [{ from, to, certainty: cell === '+' ? ('definite' as const) : ('possible' as const) }];
    }),
  );
  const classes = groups.map((group) =>
    unionOf(
      group.flatMap((at) => parts[at] ?? []),
      PrefixSet.empty(family),
    ),
  );
  return { classes, edges };
}
