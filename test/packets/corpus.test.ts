import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOST } from '../../lab/addresses.ts';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { RECORDED_PROMISE, record } from '../engines/support/record.ts';
import { CLOSED_MS, PATIENT_MS } from './support/cells.ts';
import { apply, configText, seawall } from './support/sources.ts';

// Rules that real engines made, loaded without the engine. What is dialled are programs of the host (the INPUT path):
// containers that the recorded rules send packets to are not there.

const CORPUS = fileURLToPath(new URL('../corpus/docker-rules', import.meta.url));
const SAVES = ['iptables', 'ip6tables'] as const;
/** Published ports, and an encrypted overlay: each costs seconds. */
const STATES = readdirSync(CORPUS).flatMap((engine) =>
  readdirSync(join(CORPUS, engine))
    .filter((state) => /^(?:03|24)-/.test(state))
    .map((state) => join(engine, state)),
);

let world: World;
beforeAll(async () => {
  world = await createWorld({ engine: false });
  const host = await world.agent('host');
  for (const port of [7000, 22]) await host.serveTcp({ name: 'host', port });
});
afterAll(() => world?.remove());

const sh = (line: string): Promise<string> => mustExec(world, 'host', ['sh', '-ec', line]);

/** All rules of others, without counters and comments. */
async function others(): Promise<string[]> {
  const text = await sh('iptables-save; echo; ip6tables-save');
  const lines = text.split('\n').filter((line) => /^[:-]/.test(line) && !line.includes('SEAWALL'));
  // A built-in chain without rules is there or not, as iptables pleases.
  return lines.map((line) => line.replace(/ \[\d+:\d+\]$/, '')).filter((line) => !/^:\S+ ACCEPT$/.test(line));
}

async function ours(): Promise<string[]> {
  return (await sh('iptables-save; ip6tables-save')).split('\n').filter((line) => line.includes('SEAWALL'));
}

async function load(state: string): Promise<void> {
  await sh('nft flush ruleset');
  for (const tool of SAVES) {
    const file = join(CORPUS, state, `${tool}-save`);
    if (existsSync(file)) await sh(`${tool}-restore < '${file}'`);
  }
}

async function answers(): Promise<object> {
  const ask = async (node: 'untrusted' | 'trusted-a', port: number, ms: number): Promise<string[]> => {
    const agent = await world.agent(node);
    const both = await Promise.all([HOST.v4, HOST.v6].map((to) => agent.tcp(to, port, { timeoutMs: ms })));
    return both.map(({ state, service }) => service ?? state);
  };
  const [closed, open, trusted] = await Promise.all([
    ask('untrusted', 7000, CLOSED_MS),
    ask('untrusted', 22, PATIENT_MS),
    ask('trusted-a', 7000, PATIENT_MS),
  ]);
  return { closed, open, trusted };
}

describe.each(STATES)('recorded rules of %s', (state) => {
  test('change nothing of what Seawall does, nor does it touch them', async () => {
    await load(state);
    const before = await others();
    expect(before.some((line) => line.includes('DOCKER'))).toBe(true);
    expect((await answers()) as { closed: string[] }).toMatchObject({ closed: ['host', 'host'] });
    await apply(world, configText(['22/tcp']));
    const wanted = { closed: ['closed', 'closed'], open: ['host', 'host'], trusted: ['host', 'host'] };
    const [seen, left] = [await answers(), await others()];
    record({
      engine: dirname(state),
      settings: `recorded: ${basename(state)}`,
      backend: 'iptables',
      promise: RECORDED_PROMISE,
      ran: '6 dialled: programs of the host',
      kept: isDeepStrictEqual([seen, left], [wanted, before]),
    });
    expect(seen).toEqual(wanted);
    expect(left).toEqual(before);
    const rules = await ours();
    expect(rules.length).toBeGreaterThan(10);
    expect(rules.filter((line) => /DOCKER/.test(line))).toEqual([]);
    await seawall(world, ['down', '--yes']);
    expect(await others()).toEqual(before);
    expect(await ours()).toEqual([]);
  });
});
