import type { Machine } from '../analysis/trace/machine.ts';
import { BUILT_IN, TABLE } from '../iptables/names.ts';
import { parseIptables } from '../iptables/whole/parse.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import { type LiveState, tablesOf } from '../plan/live-state.ts';
import { standing } from '../plan/standing.ts';
import type { Link } from '../policy/facts.ts';
import type { FilterSet, FilterTable, SetContent, SetPart } from '../ruleset/netfilter.ts';
import type { LiveSet } from '../ruleset/live-set.ts';
import type { OwnTable } from '../ruleset/own-table.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { withLinkKinds } from './link-kinds.ts';

type Surroundings = Pick<Machine, 'links' | 'routes'>;

/** The machine as if the ruleset alone stood on it: what Seawall itself lets through. */
export const machineUnder = (ruleset: Ruleset, around: Surroundings): Machine => machineIn(standing(ruleset), around);

/** The same of what stands, by whichever backend. */
export function machineIn(live: LiveState, { links, routes }: Surroundings): Machine {
  const tables = FAMILIES.flatMap((family) => tablesOf(live, family).map((table) => readTable(table, family)));
  const all = [...(live.rival?.sets ?? []), ...live.sets];
  const sets = new Map(all.map(([name, set]): [string, FilterSet] => [name, readSet(set)]));
  return { links, routes, netfilter: withLinkKinds({ tables: tables.flat(), sets }, links) };
}

function readTable({ chains, hooks }: OwnTable, family: Family): FilterTable[] {
  const lines = [
    `*${TABLE}`,
    ...Object.values(BUILT_IN).map((name) => `:${name} ACCEPT [0:0]`),
    ...[...chains.keys()].map((name) => `:${name} - [0:0]`),
    ...[...chains].flatMap(([name, texts]) => texts.map((text) => `-A ${name} ${text}`)),
    ...hooks.map(({ point, text }) => `-A ${BUILT_IN[point]} ${text}`),
    'COMMIT\n',
  ];
  return parseIptables(lines.join('\n'), family);
}

function readSet(set: LiveSet): FilterSet {
  switch (set.kind) {
    case 'net':
      return filterSet('hash:net', [set.family], ['address'], { kind: 'addresses', members: set.members });
    case 'port':
      return filterSet('bitmap:port', FAMILIES, ['port'], { kind: 'ports', ranges: set.ports.ranges() });
    case 'denied':
      // What is noted in it of single connections, for an hour, is not what the rules mean.
      return filterSet('hash:ip,port', [set.family], ['address', 'service'], { kind: 'tuples', entries: [] });
    default:
      return filterSet(set.kind, FAMILIES, ['other'], { kind: 'unknown' });
  }
}

const filterSet = (
  type: string,
  families: readonly Family[],
  parts: readonly SetPart[],
  content: SetContent,
): FilterSet => ({ type, families, parts, content, changing: content.kind === 'unknown' });

/** As far as a plan knows them: whatever is on no link goes where the default route leads. */
export function surroundings(links: readonly Link[]): Surroundings {
  const uplink = links.find(({ uplink: isOne }) => isOne)?.name;
  return {
    links: links.map(({ name, kind, addresses, subnets }) => ({
      name,
      ...(kind === undefined ? {} : { kind }),
      addresses: addresses.map((address, at) => ({ address, length: subnets[at]?.length ?? 0 })),
    })),
    routes:
      uplink === undefined
        ? []
        : FAMILIES.map((family) => ({ prefix: { family, value: 0n, length: 0 }, link: uplink })),
  };
}

/** A live machine without the rules of others: to be compared with a ruleset of Seawall's. */
export function ownPartOf(machine: Machine): Machine {
  const tables = machine.netfilter.tables.filter(
    ({ tool, name }) => (tool === 'iptables' && name === TABLE) || name === 'inet seawall',
  );
  return { ...machine, netfilter: { ...machine.netfilter, tables } };
}
