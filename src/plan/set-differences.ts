import { type LiveSet, type LiveSets, sameSet } from '../ipset/save.ts';
import { formatPrefix } from '../net/prefix.ts';
import type { PrefixSet } from '../net/prefix-set.ts';
import { formatPortRange, type PortSet } from '../net/port.ts';
import { subtract } from '../net/subtract.ts';
import { SCRATCH_SET } from '../ruleset/ownership.ts';
import type { SetSpec } from '../ruleset/set.ts';
import { portsNotIn } from './port-difference.ts';

/** Entries of a set that are spelled out. */
const SHOWN = 3;

interface SetDifference {
  readonly place: string;
  readonly text: string;
}

/** What is wrong with the sets, by their names. Entries are told exactly; of many the first ones, and how many there are. */
export function setDifferences(wanted: readonly SetSpec[], live: LiveSets): SetDifference[] {
  const names = new Set(wanted.map(({ name }) => name));
  if (wanted.length > 0 && live.size === 0) return [{ place: 'sets', text: 'all sets of Seawall are gone' }];
  const surplus = [...live.keys()].filter((name) => !names.has(name));
  return [
    ...wanted
      .filter((spec) => !sameSet(spec, live.get(spec.name)))
      .map((spec) => ({ place: `set ${spec.name}`, text: differenceText(spec, live.get(spec.name)) })),
    ...surplus.map((name) => ({ place: `set ${name}`, text: surplusText(name) })),
  ];
}

const surplusText = (name: string): string =>
  name === SCRATCH_SET ? 'left behind by a run that was killed' : 'this set is none of this policy';

function differenceText(spec: SetSpec, live: LiveSet | undefined): string {
  if (!live) return 'the set is missing';
  if (spec.kind === 'net' && live.kind === 'net' && spec.family === live.family)
    return texts(prefixTexts(live.members, spec.members), prefixTexts(spec.members, live.members));
  if (spec.kind === 'port' && live.kind === 'port')
    return texts(portTexts(live.ports, spec.ports), portTexts(spec.ports, live.ports));
  return 'the set is of another kind';
}

interface Entries {
  readonly shown: readonly string[];
  readonly count: number;
}

function texts(surplus: Entries, missing: Entries): string {
  const parts = [
    ...(surplus.count > 0 ? [`${listed(surplus)} too much`] : []),
    ...(missing.count > 0 ? [`missing ${listed(missing)}`] : []),
  ];
  return parts.join('; ') || 'its entries differ';
}

const listed = ({ shown, count }: Entries): string =>
  count > shown.length ? `${shown.join(', ')} and ${count - shown.length} more` : shown.join(', ');

function prefixTexts(set: PrefixSet, other: PrefixSet): Entries {
  const rest = subtract(set, other);
  const shown: string[] = [];
  for (const prefix of rest.prefixes()) {
    if (shown.length === SHOWN) break;
    shown.push(formatPrefix(prefix));
  }
  return { shown, count: rest.size };
}

/** The kernel keeps bare numbers, so both are compared as if of one protocol. */
function portTexts(set: PortSet, other: PortSet): Entries {
  const ranges = (ports: PortSet): string[] =>
    ports.ranges().map((span) => formatPortRange({ protocol: 'tcp', ...span }));
  const rest = portsNotIn(ranges(set), ranges(other)).map((text) => text.replace('/tcp', ''));
  return { shown: rest.slice(0, SHOWN), count: rest.length };
}
