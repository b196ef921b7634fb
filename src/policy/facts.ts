import type { Address } from '../net/address.ts';
import type { PrefixSet } from '../net/prefix-set.ts';
import type { Prefix } from '../net/prefix.ts';

/** A network interface of the machine. */
export interface Link {
  readonly name: string;
  /** `bridge`, `veth`, `vlan` … as the kernel calls it; undefined for hardware. */
  readonly kind: string | undefined;
  /** The bridge or bond that it is a port of. */
  readonly master: string | undefined;
  /** A default route leaves the machine here. */
  readonly uplink: boolean;
  readonly addresses: readonly Address[];
  /** The subnets that are on the link. */
  readonly subnets: readonly Prefix[];
}

/** One of Docker's networks, as far as the firewall cares. */
export interface DockerNetwork {
  readonly name: string;
  readonly driver: string;
  /** The bridge on this machine, for the drivers that have one. */
  readonly bridge: string | undefined;
  readonly subnets: readonly Prefix[];
}

/**
 * What Docker says of itself. `live`: asked just now. `remembered`: it can't be asked now, so this is what it last
 * said. `unknown`: it never answered on this machine.
 */
export interface DockerFacts {
  readonly seen: 'live' | 'remembered' | 'unknown';
  readonly version: string | undefined;
  readonly networks: readonly DockerNetwork[];
  /** The nodes of this machine's swarm that this engine knows. */
  readonly nodes: readonly Address[];
  readonly swarm: boolean;
}

/** What a name stands for; `fresh` is false when it doesn't resolve now and these are its last known addresses. */
export interface ResolvedName {
  readonly addresses: readonly Address[];
  readonly fresh: boolean;
}

export interface PrefixList {
  readonly v4: PrefixSet;
  readonly v6: PrefixSet;
}

/** Everything about the machine that decides the rules, besides the config. */
export interface Facts {
  readonly links: readonly Link[];
  readonly docker: DockerFacts;
  readonly names: ReadonlyMap<string, ResolvedName>;
  /** Lists by their path, as the config writes it. */
  readonly lists: ReadonlyMap<string, PrefixList>;
  /** The rules can tell that an interface is a bridge, whatever its name. */
  readonly tellsBridges?: boolean;
}
