import type { Family } from '../../net/family.ts';
import { type Prefix, readPrefix } from '../../net/prefix.ts';
import { PrefixSet } from '../../net/prefix-set.ts';
import { allRoutes, type Machine, specialAddresses } from './machine.ts';
import { difference } from './parts.ts';

/**
 * Addresses that are something else to the machine than all others, whatever the rules say of them: its own by their
 * links, what is sent to many, and what leaves by each link.
 */
export const kindsOfAddresses = (machine: Machine, family: Family): PrefixSet[] => [
  ...typesOfAddresses(machine, family),
  ...byWayOut(machine, family).filter(({ size }) => size > 0),
];

/** Those without what leaves by which link: what a rule may ask about the type of an address. */
export function typesOfAddresses(machine: Machine, family: Family): PrefixSet[] {
  const own = machine.links.map(({ addresses }) => addresses.map(({ address }) => address));
  const single = [...own, specialAddresses(machine, family)].map((all) =>
    all.flatMap(({ family: its, value }): Prefix[] =>
      its === family ? [{ family, value, length: family === 4 ? 32 : 128 }] : [],
    ),
  );
  const fixed = FIXED[family].flatMap((text) => {
    const prefix = readPrefix(text);
    return prefix.ok ? [[prefix.value]] : [];
  });
  const sets = [...single, ...fixed].map((prefixes) => PrefixSet.of(family, prefixes));
  return sets.filter(({ size }) => size > 0);
}

/** Loopback and multicast. */
const FIXED: Readonly<Record<Family, readonly string[]>> = {
  4: ['127.0.0.0/8', '224.0.0.0/4'],
  6: ['::1', 'ff00::/8'],
};

/** Of each link the addresses that leave by it: those of its routes that no longer one takes away. */
function byWayOut(machine: Machine, family: Family): PrefixSet[] {
  const all = allRoutes(machine).filter(({ prefix }) => prefix.family === family);
  const ways = new Map<string, PrefixSet>();
  for (const { prefix, link = '' } of all.toSorted((a, b) => a.prefix.length - b.prefix.length)) {
    const these = PrefixSet.of(family, [prefix]);
    for (const [name, set] of ways) ways.set(name, difference(set, these));
    ways.set(link, (ways.get(link) ?? PrefixSet.empty(family)).union(these));
  }
  return [...ways.values()];
}
