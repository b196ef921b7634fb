import { INTERNET } from '../lab/addresses.ts';
import type { AgentClient } from '../lab/client.ts';
import type { ProbeResult } from '../lab/protocol.ts';
import type { World } from '../lab/world.ts';
import { DATABASE, FAMILIES, type FamilyName, ROWS, type Row, VISITORS, dial } from './rows.ts';

/** `closed`: nothing came back at all. `other`: something opened, but it wasn't the row's own service. */
export type State = 'open' | 'closed' | 'refused' | 'no route' | 'other';

/** One place of the table. */
export interface Cell {
  readonly row: string;
  readonly column: string;
  readonly family: FamilyName;
  readonly state: State;
  /** What the config promises. */
  readonly wanted: 'open' | 'closed';
  /** Docker's own business as well: it may close this by itself. */
  readonly direct: boolean;
}

/** What a container reaches; its column is the container's. */
export const CONTAINER_COLUMN = 'container';

/** Sends packets for every cell, all clients at once: about 1.5 s, for that is how long silence takes. */
export async function measure(world: World): Promise<Cell[]> {
  const [clients, container] = await Promise.all([Promise.all(VISITORS.map((v) => visit(world, v))), inside(world)]);
  return [...clients.flat(), ...container];
}

async function visit(world: World, visitor: (typeof VISITORS)[number]): Promise<Cell[]> {
  const tries = ROWS.flatMap((row) => FAMILIES.map((family) => ({ row, family })));
  const agent = await world.agent(visitor.node);
  const results = await agent.probe(tries.map(({ row, family }) => dial(row, family)));
  return tries.map(({ row, family }, i) => ({
    row: rowLabel(row),
    column: visitor.name,
    family,
    state: stateOf(results[i], row.service),
    wanted: visitor.trusted || row.public === true ? 'open' : 'closed',
    direct: row.direct === true,
  }));
}

export function rowLabel({ port, protocol, what }: Row): string {
  return `${`${port}/${protocol}`.padEnd(10)}${what}`;
}

function stateOf(result: ProbeResult | undefined, service: string): State {
  if (result === undefined) throw new Error('a probe without a result');
  if (result.state === 'unreachable') return 'no route';
  if (result.state !== 'open') return result.state;
  return result.service === service ? 'open' : 'other';
}

const OUTWARD = [
  { row: 'container → internet', at: INTERNET, port: 80, service: 'internet' },
  { row: 'container → container', at: DATABASE, port: 5432, service: 'db' },
] as const;

async function inside(world: World): Promise<Cell[]> {
  const agent = await world.containerAgent('shop');
  try {
    return await lookOut(agent);
  } finally {
    // A restarted container has another network; the next look enters that one.
    await world.closeContainerAgent('shop');
  }
}

async function lookOut(agent: AgentClient): Promise<Cell[]> {
  const tries = OUTWARD.flatMap((to) => FAMILIES.map((family) => ({ to, family })));
  const results = await agent.probe(
    tries.map(({ to, family }) => ({ protocol: 'tcp', port: to.port, address: to.at[family] })),
  );
  return tries.map(({ to, family }, i) => ({
    row: to.row,
    column: CONTAINER_COLUMN,
    family,
    state: stateOf(results[i], to.service),
    wanted: 'open',
    direct: false,
  }));
}

/** True where a cell is as the config promises. */
export function isKept(cell: Cell): boolean {
  return cell.state === cell.wanted;
}

/**
 * The cells that break the promise. What Docker itself had closed before Seawall came, Seawall doesn't open:
 * "trusted" means that this firewall has no objection.
 */
export function brokenCells(cells: readonly Cell[], before: readonly Cell[]): Cell[] {
  return cells.filter((cell, i) => {
    const closedByDocker = cell.direct && cell.wanted === 'open' && before[i]?.state !== 'open';
    return !isKept(cell) && !(closedByDocker && cell.state === before[i]?.state);
  });
}

/** Cells that don't answer without any firewall: then the lab is broken, and "closed" would prove nothing. */
export function deadCells(before: readonly Cell[]): Cell[] {
  return before.filter((cell) => cell.state !== 'open' && !cell.direct);
}

export function cellName({ row, column, family, state, wanted }: Cell): string {
  return `${row.replaceAll(/ +/g, ' ')}, ${column} ${family}: ${state}, not ${wanted}`;
}
