import { type Address, readAddress } from '../../net/address.ts';
import { FAMILIES, type Family } from '../../net/family.ts';
import { type Protocol, PROTOCOLS } from '../../net/port.ts';
import { PrefixSet } from '../../net/prefix-set.ts';
import { addressClasses, anyOfClass, type AskedFor, askedFor, portClasses } from './classes.ts';
import { kindsOfAddresses } from './kinds.ts';
import type { Machine } from './machine.ts';
import { unionOf } from './packet.ts';
import { difference, everyone, intersection, union } from './parts.ts';
import { EPHEMERAL } from './reach.ts';
import { type Region, simplest } from './regions.ts';
import { areSame } from './same-rules.ts';
import { follow } from './way.ts';

/** Connections that one of two machines lets through and the other doesn't. */
export interface Difference extends Region {
  /** One packet of them. */
  readonly witness: {
    readonly from: Address;
    readonly to: Address;
    readonly protocol: Protocol;
    readonly port: number;
  };
}

interface Allowed {
  readonly may: PrefixSet;
  readonly must: PrefixSet;
}

const NUMBER = { tcp: 6, udp: 17 } as const;

/** All that a second set of rules means otherwise than the first, for first packets from outside; none: they mean the same. */
export const semanticDiff = (before: Machine, after: Machine, link: string): Difference[] =>
  FAMILIES.filter((family) => !areSame(before, after, family)).flatMap((family) => {
    const asked = [before, after].map(({ netfilter }) => askedFor(netfilter, family, 'dst'));
    const ports = portClasses(asked.flatMap((each) => each.ports));
    const found = destinationsOf(before, after, family, asked).flatMap((destinations) =>
      PROTOCOLS.flatMap((protocol) =>
        ports.flatMap((ranges) => {
          const [to, port] = [anyOfClass(destinations), ranges[0]?.first ?? 0];
          const [a, b] = [before, after].map((machine) => allowed(machine, to, protocol, port, link));
          const same = { destinations, ports: ranges.map((range) => ({ ...range, protocol })) };
          return a && b ? changesOf(a, b).map((change) => ({ ...change, ...same })) : [];
        }),
      ),
    );
    const own = ownAddresses(after, link);
    return simplest(family, found).map((region) => ({ ...region, witness: witnessOf(region, own) }));
  });

function witnessOf({ sources, destinations, ports: [first] }: Region, own: readonly Address[]): Difference['witness'] {
  return {
    from: STRANGERS.find((address) => sources.has(address)) ?? anyOfClass(sources),
    to: [...own, ...STRANGERS].find((address) => destinations.has(address)) ?? anyOfClass(destinations),
    protocol: first?.protocol ?? 'tcp',
    port: Math.min(Math.max(first?.first ?? 0, 1), first?.last ?? 1),
  };
}

/** Of the blocks for documentation (RFC 5737, RFC 3849): rules tell them from others only where they mean to. */
const STRANGERS: readonly Address[] = ['192.0.2.77', '198.51.100.77', '203.0.113.77', '2001:db8::77'].flatMap(
  (text) => {
    const address = readAddress(text);
    return address.ok ? [address.value] : [];
  },
);

const ownAddresses = ({ links }: Machine, link: string): Address[] =>
  links.flatMap(({ name, addresses }) => (name === link ? addresses.map(({ address }) => address) : []));

/** What the rules tell asunder, and the machines whatever their rules. */
const destinationsOf = (before: Machine, after: Machine, family: Family, asked: readonly AskedFor[]): PrefixSet[] =>
  addressClasses(family, [
    ...asked.flatMap(({ addresses }) => addresses),
    ...kindsOfAddresses(before, family),
    ...(before.links === after.links ? [] : kindsOfAddresses(after, family)),
  ]);

function allowed(machine: Machine, destination: Address, protocol: Protocol, port: number, link: string): Allowed {
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
  return { may: may ?? none, must: difference(may ?? none, mayNot ?? none) };
}

type Change = Pick<Region, 'change' | 'sources'>;

function changesOf(a: Allowed, b: Allowed): Change[] {
  if (a.may.equals(b.may) && a.must.equals(b.must)) return [];
  const gained = difference(b.may, a.may);
  const lost = difference(a.may, b.may);
  const both = intersection(a.may, b.may);
  const unsure = intersection(both, union(difference(a.must, b.must), difference(b.must, a.must)));
  const all: readonly Change[] = [
    { change: 'allowed', sources: gained },
    { change: 'denied', sources: lost },
    { change: 'unsure', sources: unsure },
  ];
  return all.filter(({ sources }) => sources.size > 0);
}
