import type { ProbeRequest, ProbeResult } from '../../../lab/protocol.ts';
import { type ContainerName, type Target, standardTargets } from '../../../lab/targets.ts';
import type { World } from '../../../lab/world.ts';
import type { Outsider } from './sources.ts';

export type IpVersion = 4 | 6;
export const IP_VERSIONS: readonly IpVersion[] = [4, 6];

/** One field of the table who reaches what. */
export interface Cell {
  readonly source: Outsider;
  readonly target: Target;
  readonly version: IpVersion;
}

export const addressOf = (at: { v4?: string; v6?: string }, version: IpVersion): string | undefined =>
  version === 4 ? at.v4 : at.v6;

export const dialled = ({ name, port, protocol }: Target): string => `${name} (${port}/${protocol})`;

export const cellName = ({ source, target, version }: Cell): string =>
  `${source.name} v${version} → ${dialled(target)}`;

/**
 * The lab's targets before there are any containers: names, ports and IP versions are right, containers' own
 * addresses are not. Enough to name every cell before anything runs.
 */
export function namedTargets(): Target[] {
  const names: readonly ContainerName[] = [
    'web',
    'public-web',
    'local',
    'app',
    'second',
    'custom',
    'internal',
    'six',
    'host-network',
  ];
  const entries = names.map((name) => [name, { id: '', name, v4: '-', v6: name === 'six' ? '-' : '' }]);
  return standardTargets(Object.fromEntries(entries) as Parameters<typeof standardTargets>[0]);
}

export function cellsOf(sources: readonly Outsider[], targets: readonly Target[]): Cell[] {
  return sources.flatMap((source) =>
    IP_VERSIONS.flatMap((version) =>
      targets.flatMap((target) => (addressOf(target, version) === undefined ? [] : [{ source, target, version }])),
    ),
  );
}

/** How long to wait for an answer that has to come, on a machine that others keep busy too. */
export const PATIENT_MS = 7000;
/** How long to wait where no answer must come: one SYN and its first retransmission. */
export const CLOSED_MS = 1100;

export type Results = ReadonlyMap<string, ProbeResult>;

/**
 * Dials every cell once. Those that must stay closed all at a time, for they only wait; the others source by source,
 * because busybox's servers lose the third SYN that comes at once.
 */
export async function measure(
  world: World,
  cells: readonly Cell[],
  mustAnswer: (cell: Cell) => boolean,
): Promise<Results> {
  const results = new Map<string, ProbeResult>();
  const closed = cells.filter((cell) => !mustAnswer(cell));
  const silent = Promise.all(bySource(closed).map((group) => dial(world, group, CLOSED_MS, results)));
  for (const group of bySource(cells.filter(mustAnswer))) await dial(world, group, PATIENT_MS, results);
  // Under load busybox's servers lose even that; what must answer may be asked twice.
  const lost = cells.filter((cell) => mustAnswer(cell) && results.get(cellName(cell))?.service === undefined);
  for (const group of bySource(lost)) await dial(world, group, PATIENT_MS, results);
  await silent;
  return results;
}

function bySource(cells: readonly Cell[]): Cell[][] {
  const sources = [...new Set(cells.map(({ source }) => source))];
  return sources.map((source) => cells.filter((cell) => cell.source === source));
}

async function dial(world: World, cells: readonly Cell[], timeoutMs: number, into: Map<string, ProbeResult>) {
  const [first] = cells;
  if (first === undefined) return;
  const agent = await world.agent(first.source.node);
  const answers = await agent.probe(cells.map((cell) => requestOf(cell, timeoutMs)));
  cells.forEach((cell, index) => {
    const answer = answers[index];
    if (answer !== undefined) into.set(cellName(cell), answer);
  });
}

function requestOf({ source, target, version }: Cell, timeoutMs: number): ProbeRequest {
  const { protocol, port } = target;
  const address = addressOf(target, version) ?? '';
  return { protocol, port, address, from: addressOf(source, version) ?? '', timeoutMs };
}

/** What of an answer has to be the same as before: who answered, and whom that one saw. */
export const shown = ({ state, service, seenAs }: ProbeResult): string =>
  service === undefined ? state : `${state}: ${service} sees ${seenAs}`;
