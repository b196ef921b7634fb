import type { Address } from '../../net/address.ts';
import { FAMILIES, type Family } from '../../net/family.ts';
import { PrefixSet } from '../../net/prefix-set.ts';
import { subtract } from '../../net/subtract.ts';
import type { NumberRange } from '../../ruleset/netfilter.ts';
import { addressClasses, anyOfClass, type AskedFor, askedFor, portClasses } from './classes.ts';
import type { Machine } from './machine.ts';
import { unionOf } from './packet.ts';
import { everyone, intersection } from './parts.ts';
import { EPHEMERAL } from './reach.ts';
import { follow } from './way.ts';

/** Connections that one of two machines lets through and the other doesn't. */
export interface Difference {
  readonly change: 'allowed' | 'denied' | 'unsure';
  readonly protocol: 'tcp' | 'udp';
  readonly sources: PrefixSet;
  readonly destinations: PrefixSet;
  readonly ports: NumberRange;
  /** One packet of them. */
  readonly witness: { readonly from: Address; readonly to: Address; readonly port: number };
}

interface Allowed {
  readonly may: PrefixSet;
  readonly must: PrefixSet;
}

const NUMBER = { tcp: 6, udp: 17 } as const;

/** All that a second set of rules means otherwise than the first, for first packets from outside; none: they mean the same. */
export function semanticDiff(before: Machine, after: Machine, link: string): Difference[] {
  return FAMILIES.flatMap((family) => {
    const asked = [before, after].map(({ netfilter }) => askedFor(netfilter, family));
    const destinations = destinationsOf(before, after, family, asked);
    const ports = portClasses(asked.flatMap((each) => each.ports));
    return (['tcp', 'udp'] as const).flatMap((protocol) =>
      destinations.flatMap((set) =>
        joined(
          ports.flatMap((range) => {
            const to = anyOfClass(set);
            const [a, b] = [before, after].map((machine) => allowed(machine, to, protocol, range.first, link));
            return a && b
              ? changesOf(a, b).map((change) => ({ ...change, protocol, destinations: set, ports: range }))
              : [];
          }),
        ).map((each) => ({
          ...each,
          witness: { from: anyOfClass(each.sources), to: anyOfClass(set), port: each.ports.first },
        })),
      ),
    );
  });
}

/** What the rules tell asunder, and the machines' own addresses beside all others. */
function destinationsOf(before: Machine, after: Machine, family: Family, asked: readonly AskedFor[]): PrefixSet[] {
  const own = [before, after].flatMap(({ links }) => links.flatMap(({ addresses }) => addresses));
  const ranges = own
    .filter(({ address }) => address.family === family)
    .map(({ address }) => [{ first: address, last: address }]);
  return addressClasses(family, [...asked.flatMap(({ addresses }) => addresses), ...ranges]);
}

function allowed(machine: Machine, destination: Address, protocol: 'tcp' | 'udp', port: number, link: string): Allowed {
  const { family } = destination;
  const ports = { source: EPHEMERAL, destination: port };
  const question = { sources: everyone(family), destination, protocol: NUMBER[protocol], ports, in: link };
  const { passed, ended } = follow(machine, { ...question, state: 'new' });
  const none = PrefixSet.empty(family);
  const [may, mayNot] = [passed, ended].map((flows) =>
    unionOf(
      flows.map(({ sources }) => sources),
      none,
    ),
  );
  return { may: may ?? none, must: subtract(may ?? none, mayNot ?? none) };
}

type Change = Pick<Difference, 'change' | 'sources'>;

function changesOf(a: Allowed, b: Allowed): Change[] {
  if (a.may.equals(b.may) && a.must.equals(b.must)) return [];
  const gained = subtract(b.may, a.may);
  const lost = subtract(a.may, b.may);
  const both = intersection(a.may, b.may);
  const unsure = intersection(both, subtract(a.must, b.must).union(subtract(b.must, a.must)));
  const all: readonly Change[] = [
    { change: 'allowed', sources: gained },
    { change: 'denied', sources: lost },
    { change: 'unsure', sources: unsure },
  ];
  return all.filter(({ sources }) => sources.size > 0);
}

/** Neighbouring ports with the same change are one. */
function joined(changes: readonly Omit<Difference, 'witness'>[]): Omit<Difference, 'witness'>[] {
  const found: Omit<Difference, 'witness'>[] = [];
  for (const each of changes) {
    const at = found.findIndex(
      ({ change, sources, ports }) =>
        change === each.change && ports.last + 1 === each.ports.first && sources.equals(each.sources),
    );
    const known = found[at];
    if (known) found[at] = { ...known, ports: { first: known.ports.first, last: each.ports.last } };
    else found.push(each);
  }
  return found;
}
