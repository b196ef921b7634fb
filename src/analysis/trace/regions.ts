import type { Family } from '../../net/family.ts';
import { formatPortRange, type PortRange } from '../../net/port.ts';
import type { PrefixSet } from '../../net/prefix-set.ts';
import { addressClasses, anyOfClass } from './classes.ts';
import { union } from './parts.ts';

/** Connections of which the same has changed. */
export interface Region {
  readonly change: 'allowed' | 'denied' | 'unsure';
  readonly sources: PrefixSet;
  readonly destinations: PrefixSet;
  readonly ports: readonly PortRange[];
}

/** The same in few: for each kind of source all of its ports, and what is alike of sources and destinations together. */
export function simplest(family: Family, found: readonly Region[]): Region[] {
  const sources = distinct(found.map((region) => region.sources));
  const classes = addressClasses(family, sources).flatMap((members) => {
    const any = anyOfClass(members);
    const own = found.filter((region) => region.sources.has(any));
    return own.map((region) => ({ ...region, sources: members }));
  });
  const byPorts = folded(classes, sameBut('ports'), (one, next) => ({ ...one, ports: spliced(one.ports, next.ports) }));
  const bySource = folded(byPorts, sameBut('sources'), (one, next) => ({
    ...one,
    sources: union(one.sources, next.sources),
  }));
  return folded(bySource, sameBut('destinations'), (one, next) => ({
    ...one,
    destinations: union(one.destinations, next.destinations),
  }));
}

const distinct = (sets: readonly PrefixSet[]): PrefixSet[] =>
  sets.filter((set, at) => sets.findIndex((other) => other.equals(set)) === at);

const sameBut =
  (part: 'ports' | 'sources' | 'destinations') =>
  (a: Region, b: Region): boolean =>
    a.change === b.change &&
    (part === 'ports' || samePorts(a.ports, b.ports)) &&
    (part === 'sources' || a.sources.equals(b.sources)) &&
    (part === 'destinations' || a.destinations.equals(b.destinations));

const samePorts = (a: readonly PortRange[], b: readonly PortRange[]): boolean =>
  a.map(formatPortRange).join() === b.map(formatPortRange).join();

/** The ranges of both, ascending, where the second ones come after the first; neighbours are one. */
function spliced(ranges: readonly PortRange[], more: readonly PortRange[]): readonly PortRange[] {
  const [end, next] = [ranges.at(-1), more[0]];
  if (!end || !next || end.protocol !== next.protocol || end.last + 1 !== next.first) return [...ranges, ...more];
  return [...ranges.slice(0, -1), { ...end, last: next.last }, ...more.slice(1)];
}

function folded(
  regions: readonly Region[],
  fits: (one: Region, next: Region) => boolean,
  fold: (one: Region, next: Region) => Region,
): Region[] {
  const found: Region[] = [];
  for (const next of regions) {
    const at = found.findIndex((one) => fits(one, next));
    const known = found[at];
    if (known) found[at] = fold(known, next);
    else found.push(next);
  }
  return found;
}
