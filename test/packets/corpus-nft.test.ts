import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOST } from '../../lab/addresses.ts';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { RECORDED_PROMISE, record } from '../engines/support/record.ts';
import { CLOSED_MS, PATIENT_MS } from './support/cells.ts';
import { type Guest, addBridge, addGuest } from './support/guests.ts';
import { apply, configText, seawall } from './support/sources.ts';

// Rules that Docker 29 made with its own nftables backend, loaded without it. Where the recorded engine had a container,
// a namespace on a bridge named docker0 answers: the recorded DNAT is what leads there.

const CORPUS = fileURLToPath(new URL('../corpus/docker-rules-nft/29.7.2', import.meta.url));
/** Who answers at port 8080 of the host by the recorded rules: a container, or nobody. */
const atPort8080 = (rules: string, to: string): string =>
  rules.includes(`tcp dport 8080 counter dnat to ${to}:80 `) ? 'container' : 'refused';

let world: World;
let container: Guest;
beforeAll(async () => {
  world = await createWorld({ engine: false });
  const docker0 = { name: 'docker0', v4: '172.17.0', v6: 'fd00:17' };
  await addBridge(world, docker0);
  container = await addGuest(world, docker0, 'container', 2);
  await container.agent.serveTcp({ name: 'container', port: 80 });
  const host = await world.agent('host');
  for (const port of [7000, 22]) await host.serveTcp({ name: 'host', port });
});
afterAll(async () => {
  await container?.agent.close();
  await world?.remove();
});

const sh = (line: string): Promise<string> => mustExec(world, 'host', ['sh', '-ec', line]);

/** Docker's tables without counters. */
const dockers = (): Promise<string> => sh('nft -s list table ip docker-bridges; nft -s list table ip6 docker-bridges');
const ours = async (): Promise<boolean> => /seawall/i.test(await sh('nft list ruleset; iptables-save; ip6tables-save'));

async function ask(node: 'untrusted' | 'trusted-a', to: string, port: number, timeoutMs: number): Promise<string> {
  const { state, service } = await (await world.agent(node)).tcp(to, port, { timeoutMs });
  return service ?? state;
}

/** As the untrusted sees them, and as the trusted does. */
async function answers(untrustedMs: number): Promise<Record<string, string[]>> {
  const look = (to: string, port: number): Promise<string[]> =>
    Promise.all([ask('untrusted', to, port, untrustedMs), ask('trusted-a', to, port, PATIENT_MS)]);
  const [host4, host6, docker4, docker6] = await Promise.all([
    look(HOST.v4, 7000),
    look(HOST.v6, 7000),
    look(HOST.v4, 8080),
    look(HOST.v6, 8080),
  ]);
  return { host4, host6, docker4, docker6 };
}

const BOTH = ['iptables', 'nftables'] as const;

describe.each(readdirSync(CORPUS))('recorded nftables rules of %s', (state) => {
  const file = join(CORPUS, state, 'nft-ruleset');
  const rules = readFileSync(file, 'utf8');
  const [led4, led6] = [atPort8080(rules, '172.17.0.2'), atPort8080(rules, '[fd00:17::2]')];

  test.each(BOTH)('change nothing of what Seawall does by %s, nor does it touch them', async (backend) => {
    // Older nft doesn't know that name at this hook.
    await sh(`nft flush ruleset; sed 's/output priority dstnat/output priority -100/' '${file}' | nft -f -`);
    const before = await dockers();
    expect(before).toContain('raw-PREROUTING');
    const open = { host4: ['host', 'host'], host6: ['host', 'host'], docker4: [led4, led4], docker6: [led6, led6] };
    expect(await answers(PATIENT_MS)).toEqual(open);
    await apply(world, configText(['22/tcp'], `backend: ${backend}\n`));
    const shut = {
      host4: ['closed', 'host'],
      host6: ['closed', 'host'],
      docker4: ['closed', led4],
      docker6: ['closed', led6],
    };
    const got = await answers(CLOSED_MS);
    await apply(world, configText(['22/tcp', '8080/tcp'], `backend: ${backend}\n`));
    const gotPublic = await answers(CLOSED_MS);
    const wanted = [shut, { ...shut, docker4: [led4, led4], docker6: [led6, led6] }, before];
    const seen = [got, gotPublic, await dockers()];
    record({
      engine: '29.7.2',
      settings: `recorded: firewall-backend nftables, ${state}`,
      backend,
      promise: RECORDED_PROMISE,
      ran: '16 dialled: a program of the host, and port 8080 closed and public',
      kept: isDeepStrictEqual(seen, wanted),
    });
    expect(seen).toEqual(wanted);
    await seawall(world, ['down', '--yes']);
    expect(await dockers()).toBe(before);
    expect(await ours()).toBe(false);
  });
});
