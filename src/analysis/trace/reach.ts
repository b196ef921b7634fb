import type { Address } from '../../net/address.ts';
import { type Family, addressBits } from '../../net/family.ts';
import { mask, readPrefix, type Prefix } from '../../net/prefix.ts';
import { PrefixSet } from '../../net/prefix-set.ts';

import type { Machine } from './machine.ts';
import { type RuleRef, unionOf } from './packet.ts';
import { addressesOf, difference, everyone, type Sources } from './parts.ts';
import { follow } from './way.ts';

/** Who can open a connection to something, among the addresses that a packet from outside may come from. */
export interface Reach {
  readonly who: 'everyone' | 'some' | 'nobody';
  /** Whom the rules let through for sure, and whom they may let through (part of it depends on what nobody here decides). */
  readonly must: PrefixSet;
  readonly may: PrefixSet;
  /** The rules that let them through, the widest first; for nobody: those that turn them away. */
  readonly by: readonly RuleRef[];
}

export interface ReachTarget {
  readonly address: Address;
  readonly protocol: number;
  readonly port: number;
}

/** Any port that a client is given by its own machine. */
export const EPHEMERAL = 40_000;

/** Who reaches an address and port through any of the links. Assumed: a first packet, from a high port. */
export function whoReaches(machine: Machine, target: ReachTarget, links: readonly string[]): Reach {
  const { family } = target.address;
  const sources = outsiders(machine, family, links);
  const none = PrefixSet.empty(family);
  const ways = links.map((link) =>
    follow(machine, {
      sources,
      destination: target.address,
      protocol: target.protocol,
      ports: { source: EPHEMERAL, destination: target.port },
      in: link,
      state: 'new',
    }),
  );
  const passed = ways.flatMap((way) => way.passed);
  const may = unionOf(
    passed.map((flow) => flow.sources),
    none,
  );
  const must = unionOf(
    ways.map((way) => {
      const through = unionOf(
        way.passed.map((flow) => flow.sources),
        none,
      );
      return difference(
        through,
        unionOf(
          way.ended.map((flow) => flow.sources),
          none,
        ),
      );
    }),
    none,
  );
  const isAll = difference(sources, must).size === 0;
  const ended = ways.flatMap((way) => way.ended);
  const by =
    may.size === 0
      ? widest(ended.map(({ at, sources: whose }) => ({ at, whose })))
      : widest(passed.flatMap(({ by: trail, sources: whose }) => trail.map((at) => ({ at, whose }))));
  return { who: may.size === 0 ? 'nobody' : isAll ? 'everyone' : 'some', must, may, by };
}

function widest(found: readonly { readonly at: RuleRef; readonly whose: Sources }[]): RuleRef[] {
  const keyed = new Map(
    found
      .toSorted((a, b) => addressesOf(a.whose).share() - addressesOf(b.whose).share())
      .map(({ at }) => [`${at.table} ${at.chain} ${at.rule}`, at] as const)
      .toReversed(),
  );
  return [...keyed.values()];
}

/** No honest packet from outside comes from these: this machine and its inner networks, loopback, multicast, link-local, nobody. */
const NEVER: Readonly<Record<Family, readonly string[]>> = {
  4: ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/3'],
  6: ['::/127', 'ff00::/8', 'fe80::/10'],
};

const known = new WeakMap<Machine, Map<Family, PrefixSet>>();

export function outsiders(machine: Machine, family: Family, outer: readonly string[]): PrefixSet {
  const found = known.get(machine)?.get(family);
  if (found) return found;
  const own = machine.links.flatMap(({ name, addresses }) =>
    addresses.map(({ address, length }): Prefix => {
      const kept = outer.includes(name) ? addressBits(address.family) : length;
      return { family: address.family, value: address.value & mask(address.family, kept), length: kept };
    }),
  );
  const never = [
    ...NEVER[family].flatMap((text): Prefix[] => {
      const prefix = readPrefix(text);
      return prefix.ok ? [prefix.value] : [];
    }),
    ...own.filter((each) => each.family === family),
  ];
  const rest = difference(everyone(family), PrefixSet.of(family, never));
  known.set(machine, new Map([...(known.get(machine) ?? []), [family, rest]]));
  return rest;
}
