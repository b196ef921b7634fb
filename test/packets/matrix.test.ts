import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { populate } from '../../lab/populate.ts';
import { PUBLIC_PORTS, type Target } from '../../lab/targets.ts';
import { type World, createWorld } from '../../lab/world.ts';
import { type Cell, type Results, cellName, cellsOf, measure, namedTargets, shown } from './support/cells.ts';
import {
  type Answers,
  insideCells,
  insideName,
  isOpen,
  measureInside,
  measureInsideAgain,
  startPeers,
} from './support/insiders.ts';
import { openWithout, promisedTo } from './support/promises.ts';
import { OUTSIDERS, apply, configText, seawall } from './support/sources.ts';

// Who reaches what, measured with packets: first as Docker leaves the machine, so that "closed" means something and
// "as before" has a before; then with Seawall.

/** `-p 8080:80` is public by the number that a client dials. */
const DIALLED = [...PUBLIC_PORTS, '8080/tcp'];
/** The container's own number is nobody's business: 8080 stays closed, and so does every other container's 80. */
const INNER = [...PUBLIC_PORTS, '80/tcp', '9000-9001/tcp'];

const PHASES = [
  { name: 'applied', publicPorts: DIALLED },
  { name: 'taken down and applied again', publicPorts: DIALLED },
  { name: '80 public instead of 8080, and half of a range', publicPorts: INNER },
  { name: 'the same by nftables', publicPorts: INNER, more: 'backend: nftables\n' },
  { name: '8080 public, by nftables', publicPorts: DIALLED, more: 'backend: nftables\n' },
] as const;
type Phase = (typeof PHASES)[number]['name'];
type Settings = { readonly publicPorts: readonly string[]; readonly more?: string };

const TARGETS = namedTargets();
const CELLS = cellsOf(OUTSIDERS, TARGETS);
const INSIDE = insideCells(TARGETS);

let world: World;
let bare: Results;
let bareInside: Answers;
const outside = new Map<Phase, Results>();
const inside = new Map<Phase, Answers>();

beforeAll(async () => {
  world = await createWorld();
  const targets = await populate(world);
  await startPeers(world);
  bare = await measure(world, cellsOf(OUTSIDERS, targets), ({ target }) => openWithout(target));
  bareInside = await measureInside(world, targets);
  await enter('applied', targets);
  await seawall(world, ['down', '--yes']);
  await enter('taken down and applied again', targets);
  await enter('80 public instead of 8080, and half of a range', targets);
  await enter('the same by nftables', targets);
  await enter('8080 public, by nftables', targets);
});
afterAll(() => world?.remove());

async function enter(phase: Phase, targets: readonly Target[]): Promise<void> {
  const { publicPorts, more = '' }: Settings = PHASES.find(({ name }) => name === phase) ?? { publicPorts: [] };
  await apply(world, configText(publicPorts, more));
  const mustAnswer = ({ source, target }: Cell): boolean =>
    openWithout(target) && promisedTo(source, target, publicPorts) === 'as before';
  const [cells, answers] = await Promise.all([
    measure(world, cellsOf(OUTSIDERS, targets), mustAnswer),
    measureInsideAgain(world, targets, bareInside),
  ]);
  outside.set(phase, cells);
  inside.set(phase, answers);
}

const answerOf = (results: Results | undefined, cell: Cell): string => {
  const result = results?.get(cellName(cell));
  return result === undefined ? 'not measured' : shown(result);
};

describe('without Seawall', () => {
  const named = (open: boolean) =>
    CELLS.filter(({ target }) => openWithout(target) === open).map((cell) => [cellName(cell), cell] as const);

  test.each(named(true))('%s: open', (_name, cell) => {
    expect(answerOf(bare, cell)).toMatch(new RegExp(`^open: ${cell.target.service} `));
  });

  test.each(named(false))('%s: no way', (_name, cell) => {
    expect(answerOf(bare, cell)).toMatch(/^(closed|refused)$/);
  });

  test.each(INSIDE.filter(mustWork).map((cell) => [insideName(cell), cell] as const))('%s: open', (name, cell) => {
    expect(bareInside.get(name)).toMatch(new RegExp(`^open: ${cell.target.service} `));
  });
});

/** What containers are owed in any case; the rest of their cells is just to be as before. */
function mustWork({ insider, target, version }: (typeof INSIDE)[number]): boolean {
  if (insider.container === undefined) return target.kind !== 'published' || target.reach !== 'nobody';
  // A program that listens on all addresses answers UDP from the one next to the container: Docker or not, that fails.
  if (target.protocol === 'udp' && (target.kind === 'published' || target.name.endsWith('host udp'))) return false;
  if (insider.container === 'internal')
    return target.name === 'host by the gateway' || target.name === 'internal network';
  if (target.name === 'internet' || target.kind === 'host') return true;
  if (target.kind === 'published') return target.reach === 'anyone' && version === 4;
  const network: Record<string, string> = { web: 'web-peer', local: 'web-peer', app: 'app-peer', six: 'six-peer' };
  return network[target.service] === insider.container || target.service === insider.container;
}

describe.each(PHASES.map(({ name, publicPorts }) => [name, publicPorts] as const))('%s', (phase, publicPorts) => {
  const promised = (wanted: ReturnType<typeof promisedTo>) =>
    CELLS.filter(({ source, target }) => promisedTo(source, target, publicPorts) === wanted).map(
      (cell) => [cellName(cell), cell] as const,
    );

  test.each(promised('closed'))('%s: closed', (_name, cell) => {
    expect(answerOf(outside.get(phase), cell)).toBe('closed');
  });

  test.each(promised('as before'))('%s: as before', (_name, cell) => {
    expect(answerOf(outside.get(phase), cell)).toBe(answerOf(bare, cell));
  });

  test.each(INSIDE.map((cell) => [insideName(cell)] as const))('%s: as before', (name) => {
    expect(inside.get(phase)?.get(name)).toBe(bareInside.get(name));
  });

  test('every kind of cell was there', () => {
    expect(promised('closed').length).toBeGreaterThan(150);
    expect(promised('as before').length).toBeGreaterThan(150);
    expect([...(inside.get(phase)?.values() ?? [])].filter(isOpen).length).toBeGreaterThan(80);
  });
});
