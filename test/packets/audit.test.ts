import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { populate } from '../../lab/populate.ts';
import type { Target } from '../../lab/targets.ts';
import { type World, createWorld } from '../../lab/world.ts';
import { parseAddress } from '../../src/net/address.ts';
import { prefixContains, readPrefix } from '../../src/net/prefix.ts';
import { SOURCES } from '../../lab/addresses.ts';
import { SHAPES } from './support/rule-shapes.ts';

// What the audit says of every cell is what real clients find: whichever firewall's rules stand.

const CLIENTS = ['untrusted', 'trusted-a'] as const;
type Client = (typeof CLIENTS)[number];
const ADDRESS = { untrusted: SOURCES.untrusted, 'trusted-a': SOURCES['single address'] };

interface Cell {
  readonly target: Target;
  readonly client: Client;
  readonly family: 'v4' | 'v6';
}

interface Row {
  readonly kind: string;
  readonly name: string;
  readonly protocol: string | null;
  readonly port: number | null;
  readonly loopback: boolean;
  readonly reach: Partial<Record<'v4' | 'v6', { who: string; certainty: string; sources?: string[] }>>;
}

let world: World;
let cells: readonly Cell[];
/** Containers' own addresses, for which the audit has one row each: by the port that is widest open. */
let inner: readonly Cell[];
/** Cells in which something answers if no rule stands in the way, besides Docker's own. */
let bare: ReadonlySet<string>;

beforeAll(async () => {
  world = await createWorld();
  const targets = await populate(world);
  const all = targets
    .flatMap((target) =>
      CLIENTS.flatMap((client) => (['v4', 'v6'] as const).map((family) => ({ target, client, family }))),
    )
    .filter(({ target, family }) => target[family] !== undefined);
  cells = all.filter(({ target }) => target.kind !== 'direct');
  inner = all.filter(({ target }) => target.kind === 'direct');
  bare = await opened(cells);
});
afterAll(() => world?.remove());

const named = ({ target, client, family }: Cell): string => `${client} ${family} ${target.name}`;

/** The cells in which a real client gets an answer; busybox drops a SYN at times, so those without one are asked again. */
async function opened(asked: readonly Cell[]): Promise<ReadonlySet<string>> {
  const first = await answered(asked);
  const again = await answered(asked.filter((cell) => !first.has(named(cell))));
  return new Set([...first, ...again]);
}

async function answered(asked: readonly Cell[]): Promise<ReadonlySet<string>> {
  const found = await Promise.all(
    CLIENTS.map(async (client) => {
      const own = asked.filter((cell) => cell.client === client);
      const agent = await world.agent(client);
      const results = await agent.probe(
        own.map(({ target, family }) => ({
          protocol: target.protocol,
          address: target[family] ?? '',
          port: target.port,
        })),
      );
      return own.filter((_, at) => results[at]?.state === 'open').map(named);
    }),
  );
  return new Set(found.flat());
}

async function audited(): Promise<{ code: number | null; rows: Row[] }> {
  const { code, stdout, stderr } = await world.seawall(['audit', '--json']);
  if (stdout === '') throw new Error(stderr);
  return { code, rows: (JSON.parse(stdout) as { rows: Row[] }).rows };
}

function allowed(rows: readonly Row[], { target, client, family }: Cell): boolean | string {
  const row = rows.find(
    ({ port, protocol, loopback }) => port === target.port && protocol === target.protocol && !loopback,
  );
  return row ? isLetIn(row, client, family) : false;
}

/** By the container's row; which of its ports it speaks of is for the widest to say. */
const allowedInside = (rows: readonly Row[], { target, client, family }: Cell): boolean =>
  rows.some(
    (row) =>
      row.kind === 'container' && row.name.startsWith(`${target.service} `) && isLetIn(row, client, family) !== false,
  );

function isLetIn(row: Row, client: Client, family: 'v4' | 'v6'): boolean | string {
  const reach = row.reach[family];
  if (!reach) return false;
  if (reach.certainty !== 'definite') return `not sure of ${reach.who}`;
  const address = parseAddress(ADDRESS[client][family]);
  if (!address.ok || reach.who !== 'some') return reach.who === 'everyone';
  return (reach.sources ?? []).some((text) => {
    const prefix = readPrefix(text);
    return prefix.ok && prefixContains(prefix.value, address.value);
  });
}

test('containers on the network of the machine are named, and those on macvlan are out of reach', async () => {
  const { containers } = world.engine;
  await containers.createNetwork({
    name: 'wire',
    driver: 'macvlan',
    subnets: ['192.0.2.0/24'],
    options: { parent: 'eth0' },
  });
  await containers.run({ name: 'tapped', network: 'wire', cmd: ['/bin/busybox', 'sleep', '600'] });
  try {
    const { rows } = await audited();
    expect(rows.filter(({ port }) => port === 7100)).toMatchObject([{ kind: 'host-network', name: 'host-network' }]);
    expect(rows.filter(({ kind }) => kind === 'beyond')).toMatchObject([{ name: 'tapped (wire)', reach: {} }]);
    const text = (await world.seawall(['audit'])).stdout;
    expect(text).toMatch(/^container host-network +7100\/tcp +everyone/m);
    expect(text).toMatch(/^container tapped \(wire\) +any port +out of reach +out of reach +no rule here sees it/m);
  } finally {
    await containers.remove('tapped');
    await containers.removeNetwork('wire');
  }
});

describe.each(SHAPES)('with the rules of $name', ({ name, set, unset }) => {
  test('the audit says what clients find, cell by cell', async () => {
    await set(world);
    try {
      const open = await opened(cells);
      const openInside = await opened(inner);
      const { code, rows } = await audited();
      const real = Object.fromEntries(cells.map((cell) => [named(cell), open.has(named(cell))]));
      const said = Object.fromEntries(
        cells.map((cell) => {
          const answer = allowed(rows, cell);
          return [named(cell), answer === true ? bare.has(named(cell)) : answer];
        }),
      );
      expect(said).toEqual(real);
      expect(open.size).toBeGreaterThan(0);
      const letIn = new Set(inner.filter((cell) => allowedInside(rows, cell)).map(named));
      // Not one is open that the audit says is closed; and where nobody gets in, it says so.
      expect([...openInside].filter((cell) => !letIn.has(cell))).toEqual([]);
      if (name === 'Seawall') expect([...letIn].filter((cell) => cell.startsWith('untrusted'))).toEqual([]);
      if (name === 'plain Docker') expect(openInside.size).toBeGreaterThan(0);
      // Plain Docker opens everything, and the others leave SSH to everyone; what Seawall's config makes public is meant.
      expect(code).toBe(name === 'Seawall' ? 0 : 2);
    } finally {
      await unset(world);
    }
  });
});
