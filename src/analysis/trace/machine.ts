import type { Address } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import { allBits } from '../../ruleset/address-ranges.ts';
import { mask, type Prefix, prefixContains } from '../../net/prefix.ts';
import type { Netfilter } from '../../ruleset/netfilter.ts';

/** All that decides what becomes of a packet that comes to a machine. */
export interface Machine {
  readonly netfilter: Netfilter;
  readonly links: readonly MachineLink[];
  readonly routes: readonly Route[];
}

export interface MachineLink {
  readonly name: string;
  /** `bridge`, `veth` … as the kernel calls it; undefined for hardware, and where it wasn't said. */
  readonly kind?: string;
  readonly addresses: readonly { readonly address: Address; readonly length: number }[];
}

export interface Route {
  readonly prefix: Prefix;
  /** Undefined where packets go nowhere (`blackhole`, `unreachable`). */
  readonly link: string | undefined;
}

const sameAs =
  (address: Address) =>
  (other: Address): boolean =>
    other.family === address.family && other.value === address.value;

export const isOwn = (machine: Machine, address: Address, link?: string): boolean =>
  isLoopback(address) ||
  machine.links.some(
    ({ name, addresses }) =>
      (link === undefined || name === link) && addresses.some((own) => sameAs(address)(own.address)),
  );

const isLoopback = ({ family, value }: Address): boolean => (family === 4 ? value >> 24n === 127n : value === 1n);

/** What the routing table says that an address is to the machine, in the words of netfilter. */
export function typeOf(machine: Machine, address: Address, link?: string): string {
  const { family, value } = address;
  if (family === 4 ? value >> 28n === 14n : value >> 120n === 255n) return 'multicast';
  if (isOwn(machine, address, link)) return 'local';
  if (family === 4 && (value === allBits(4) || isBroadcast(machine, address))) return 'broadcast';
  return 'unicast';
}

const isBroadcast = ({ links }: Machine, { value }: Address): boolean =>
  links.some(({ addresses }) =>
    addresses.some(({ address: own, length }) => {
      if (own.family !== 4 || length > 30) return false;
      return value === (own.value | (allBits(4) ^ mask(4, length)));
    }),
  );

/** Addresses that may be other than `unicast` to the machine, besides loopback and multicast. */
export const specialAddresses = ({ links }: Machine, family: Family): Address[] => [
  ...(family === 4 ? [{ family, value: allBits(4) }] : []),
  ...links.flatMap(({ addresses }) =>
    addresses.flatMap(({ address, length }): Address[] => {
      if (address.family !== family) return [];
      return family === 4 ? [address, { family, value: address.value | (allBits(4) ^ mask(4, length)) }] : [address];
    }),
  ),
];

/** The link where packets to an address leave; undefined where there is no way. */
export function wayTo(machine: Machine, address: Address): string | undefined {
  const fitting = allRoutes(machine).filter(({ prefix }) => prefixContains(prefix, address));
  return fitting.toSorted((a, b) => b.prefix.length - a.prefix.length)[0]?.link;
}

/** Those of the table, and the subnets that are on the links. */
export const allRoutes = ({ links, routes }: Machine): Route[] => [
  ...routes,
  ...links.flatMap(({ name, addresses }) =>
    addresses.map(({ address: { family, value }, length }): Route => {
      return { prefix: { family, value: value & mask(family, length), length }, link: name };
    }),
  ),
];
