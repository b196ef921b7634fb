import { parseAddress } from '../net/address.ts';
import type { Config, Source } from '../config/model.ts';
import { addressBits, type Family } from '../net/family.ts';
import type { PortRange } from '../net/port.ts';
import { PortSet } from '../net/port.ts';
import { PrefixSet } from '../net/prefix-set.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Facts } from './facts.ts';
import { findZones, type Zones } from './zones.ts';

/** One IP version's half of something. */
export type PerFamily<T> = Readonly<Record<Family, T>>;

export interface Ports {
  readonly tcp: PortSet;
  readonly udp: PortSet;
}

export interface AllowRule {
  readonly from: PerFamily<PrefixSet>;
  readonly to: Ports;
  readonly note: string | undefined;
}

/** Who may reach what: the config with every name, list and swarm node resolved. */
export interface Policy {
  readonly trusted: PerFamily<PrefixSet>;
  /** From `{file: …}` entries of `trusted`. */
  readonly trustedLists: PerFamily<PrefixSet>;
  /** Written in the config itself: beats `trusted`. */
  readonly block: PerFamily<PrefixSet>;
  /** From `{file: …}` entries of `block`: never beats `trusted`. */
  readonly blockLists: PerFamily<PrefixSet>;
  readonly allow: readonly AllowRule[];
  readonly public: Ports;
  readonly zones: Zones;
  readonly log: Config['log'];
  /** Bridges that nobody knows yet count as internal for who has a private address behind them. */
  readonly innerBridges: boolean;
}

/** Resolves the config against the facts. Pure: the same two always give the same policy. */
export function makePolicy(config: Config, facts: Facts): Policy {
  const literal = (sources: readonly Source[]): Prefix[] => literalPrefixes(sources, facts);
  const nodes = config.swarm === 'auto' ? facts.docker.nodes.map(hostPrefix) : [];
  return {
    trusted: perFamily((family) => PrefixSet.of(family, ofFamily([...literal(config.trusted), ...nodes], family))),
    trustedLists: perFamily((family) => listed(config.trusted, facts, family)),
    block: perFamily((family) => PrefixSet.of(family, ofFamily(literal(config.block), family))),
    blockLists: perFamily((family) => listed(config.block, facts, family)),
    allow: config.allow.map(({ from, to, note }) => ({
      from: perFamily((family) =>
        PrefixSet.of(family, ofFamily(literal(from), family)).union(listed(from, facts, family)),
      ),
      to: makePorts(to),
      note,
    })),
    public: makePorts(config.public.map(({ range }) => range)),
    zones: findZones(facts.links, facts.docker, config.interfaces, facts.tellsBridges),
    log: config.log,
    innerBridges: facts.tellsBridges === true,
  };
}

export const perFamily = <T>(make: (family: Family) => T): PerFamily<T> => ({ 4: make(4), 6: make(6) });

const makePorts = (ranges: readonly PortRange[]): Ports => ({
  tcp: PortSet.of(ranges, 'tcp'),
  udp: PortSet.of(ranges, 'udp'),
});

const ofFamily = (prefixes: readonly Prefix[], family: Family): Prefix[] =>
  prefixes.filter((prefix) => prefix.family === family);

const hostPrefix = (address: { family: Family; value: bigint }): Prefix => ({
  ...address,
  length: addressBits(address.family),
});

function literalPrefixes(sources: readonly Source[], facts: Facts): Prefix[] {
  return sources.flatMap((source) => {
    if (source.kind === 'prefix') return [source.prefix];
    if (source.kind === 'file') return [];
    return (facts.names.get(source.name)?.addresses ?? []).filter(isRemote).map(hostPrefix);
  });
}

function listed(sources: readonly Source[], facts: Facts, family: Family): PrefixSet {
  const lists = sources.flatMap((source) => (source.kind === 'file' ? [facts.lists.get(source.path)] : []));
  const sets = lists.flatMap((list) => (list === undefined ? [] : [family === 4 ? list.v4 : list.v6]));
  const [first, ...rest] = sets;
  return rest.reduce((all, set) => all.union(set), first ?? PrefixSet.empty(family));
}

/** A name that a filtering resolver answers with 0.0.0.0 or a loopback address stands for nobody. */
export function isRemote(address: { family: Family; value: bigint }): boolean {
  return !NOBODY.some((prefix) => PrefixSet.of(prefix.family, [prefix]).has(address));
}

const NOBODY: readonly Prefix[] = [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['224.0.0.0', 3],
  ['::', 127],
  ['ff00::', 8],
].flatMap(([text, length]) => {
  const parsed = parseAddress(String(text));
  return parsed.ok ? [{ ...parsed.value, length: Number(length) }] : [];
});
