import type { Family } from '../../net/family.ts';
import { formatPortRange, type PortRange } from '../../net/port.ts';
import { PrefixSet } from '../../net/prefix-set.ts';
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
  const sources = new Map(found.map((region) => [region.sources.fingerprint(), region.sources]));
  const classes = addressClasses(family, [...sources.values()]).flatMap((members) => {
    const any = anyOfClass(members);
    const own = found.filter((region) => region.sources.has(any));
    return own.map((region) => ({ ...region, sources: members }));
  });
  const byPorts = folded(classes, 'ports', (all) => ({ ports: spliced(all.flatMap(({ ports }) => ports)) }));
  const bySource = folded(byPorts, 'sources', (all) => ({ sources: unionOf(family, all, 'sources') }));
  return folded(bySource, 'destinations', (all) => ({ destinations: unionOf(family, all, 'destinations') }));
}

/** Those that are alike but for one part become one. */
function folded<K extends Part>(
  regions: readonly Region[],
  part: K,
  fold: (alike: readonly Region[]) => Pick<Region, K>,
): Region[] {
  const groups = new Map<string, Region[]>();
  for (const region of regions) {
    const key = PARTS.map((each) => (each === part ? '' : textOf(region, each))).join(' ');
    const group = groups.get(key);
    if (group) group.push(region);
    else groups.set(key, [region]);
  }
  return [...groups.values()].flatMap((alike) => (alike[0] ? [{ ...alike[0], ...fold(alike) }] : []));
}

type Part = keyof Region;
const PARTS: readonly Part[] = ['change', 'sources', 'destinations', 'ports'];

function textOf(region: Region, part: Part): string {
  if (part === 'change') return region.change;
  return part === 'ports' ? region.ports.map(formatPortRange).join() : region[part].fingerprint();
}

const unionOf = (family: Family, all: readonly Region[], part: 'sources' | 'destinations'): PrefixSet =>
  all.reduce((set, region) => union(set, region[part]), PrefixSet.empty(family));

/** The ranges, TCP first and ascending; neighbours are one. */
function spliced(ranges: readonly PortRange[]): readonly PortRange[] {
  const all = ranges.toSorted((a, b) =>
    a.protocol === b.protocol ? a.first - b.first : a.protocol === 'tcp' ? -1 : 1,
  );
  return all.reduce<PortRange[]>((joined, next) => {
    const end = joined.at(-1);
    if (end?.protocol === next.protocol && end.last + 1 === next.first)
      joined[joined.length - 1] = { ...end, last: next.last };
    else joined.push(next);
    return joined;
  }, []);
}
