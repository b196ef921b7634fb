import { describe, expect, test } from 'vitest';
import { flowsToCut, type Flow, type Sides } from '../../../src/analysis/flow.ts';
import type { Protocol } from '../../../src/net/port.ts';
import { compile } from '../../../src/policy/compile.ts';
import type { Facts } from '../../../src/policy/facts.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { facts, link, LINKS, list, nothingStanding, policy, standing } from '../../support/machine.ts';
import { address } from '../../support/values.ts';

/** `tcp 203.0.113.7 > 198.51.100.10 22`: who opened it to whom. */
function flow(text: string): Flow {
  const [protocol, source = '', , destination = '', port] = text.split(' ');
  return {
    protocol: protocol as Protocol,
    source: address(source),
    sourcePort: 50_000,
    destination: address(destination),
    port: Number(port),
    serverPort: Number(port),
  };
}

const sides = (of: Policy, more: Partial<Facts> = {}): Sides => ({ links: facts(more).links, zones: of.zones });

async function cut(
  before: Policy | undefined,
  after: Policy,
  texts: readonly string[],
  more: Partial<Facts> = {},
): Promise<string[]> {
  const live = before ? await standing(before) : await nothingStanding();
  const flows = new Map(texts.map((text) => [flow(text), text]));
  return flowsToCut([...flows.keys()], live, compile(after), sides(after, more)).map((each) => flows.get(each) ?? '');
}

const HOST = '198.51.100.10';
const ALICE = '203.0.113.7';
const MALLORY = '192.0.2.66';

describe('an address that is no longer trusted', () => {
  const before = policy(`trusted: [${ALICE}, 203.0.113.8, 2001:db8:9::/48]`);
  const after = policy('trusted: [203.0.113.8]');

  test('loses its connections to programs, published ports and containers, those of others stay', async () => {
    const lost = [
      `tcp ${ALICE} > ${HOST} 22`,
      `tcp ${ALICE} > ${HOST} 8080`,
      `udp ${ALICE} > ${HOST} 53`,
      `tcp ${ALICE} > 172.17.0.2 80`,
      'tcp 2001:db8:9::1 > 2001:db8:51::10 22',
    ];
    const kept = [`tcp 203.0.113.8 > ${HOST} 22`, 'tcp 203.0.113.8 > 172.17.0.2 80'];
    expect(await cut(before, after, [...lost, ...kept])).toEqual(lost);
  });

  test('loses no connection that this machine or a container opened to it', async () => {
    const theirs = [
      `tcp ${HOST} > ${ALICE} 443`,
      `tcp 172.17.0.2 > ${ALICE} 443`,
      'tcp 2001:db8:51::10 > 2001:db8:9::1 443',
    ];
    expect(await cut(before, after, theirs)).toEqual([]);
  });

  test('loses nothing that only passes through this machine', async () => {
    expect(await cut(before, after, [`tcp ${ALICE} > 192.0.2.80 443`])).toEqual([]);
  });

  test('keeps what is public, and what it is allowed', async () => {
    const next = policy(`public: [443/tcp]\nallow: [{from: [${ALICE}], to: [9100/tcp]}]`);
    const flows = [443, 9100, 22].map((port) => `tcp ${ALICE} > ${HOST} ${port}`);
    expect(await cut(before, next, flows)).toEqual([`tcp ${ALICE} > ${HOST} 22`]);
    expect(await cut(before, next, [`udp ${ALICE} > ${HOST} 443`])).toHaveLength(1);
  });
});

describe('other ways to lose a right', () => {
  test('a port is no longer public: strangers lose it, trusted ones do not', async () => {
    const before = policy(`trusted: [${ALICE}]\npublic: [8080/tcp]`);
    const after = policy(`trusted: [${ALICE}]`);
    const flows = [`tcp ${MALLORY} > ${HOST} 8080`, `tcp ${ALICE} > ${HOST} 8080`];
    expect(await cut(before, after, flows)).toEqual(flows.slice(0, 1));
  });

  test('an address is blocked: it loses public ports too', async () => {
    const before = policy(`trusted: [${ALICE}]\npublic: [443/tcp]`);
    const after = policy(`trusted: [${ALICE}]\npublic: [443/tcp]\nblock: [${MALLORY}, ${ALICE}]`);
    const flows = [`tcp ${MALLORY} > ${HOST} 443`, `tcp ${ALICE} > ${HOST} 22`];
    expect(await cut(before, after, flows)).toEqual(flows);
  });

  test('a list names it', async () => {
    const lists = new Map([['drop.txt', list(`${MALLORY}/32`, `${ALICE}/32`)]]);
    const before = policy(`trusted: [${ALICE}]\npublic: [443/tcp]`);
    const after = policy(`trusted: [${ALICE}]\npublic: [443/tcp]\nblock: [{file: drop.txt}]`, { lists });
    const flows = [`tcp ${MALLORY} > ${HOST} 443`, `tcp ${ALICE} > ${HOST} 443`];
    expect(await cut(before, after, flows)).toEqual(flows.slice(0, 1));
  });
});

test('what the old rules had denied already is not cut: it lives by a rule of its own, or not at all', async () => {
  const both = policy(`trusted: [${ALICE}]`);
  expect(await cut(both, both, [`tcp ${MALLORY} > ${HOST} 22`])).toEqual([]);
});

test('before the first apply everything was open: what the rules deny is cut', async () => {
  const flows = [`tcp ${MALLORY} > ${HOST} 22`, `tcp ${MALLORY} > 172.17.0.2 80`, `tcp ${ALICE} > ${HOST} 22`];
  expect(await cut(undefined, policy(`trusted: [${ALICE}]`), flows)).toEqual(flows.slice(0, 2));
});

test('where a hook was missing, chains had judged nobody: what came by there is cut', async () => {
  const both = policy(`trusted: [${ALICE}]`);
  const live = await standing(both);
  const without = (point: string) => {
    const hooks = live.tables[4].hooks.filter((hook) => hook.point !== point);
    return { ...live, tables: { ...live.tables, 4: { ...live.tables[4], hooks } } };
  };
  const toHost = flow(`tcp ${MALLORY} > ${HOST} 22`);
  const toContainer = flow(`tcp ${MALLORY} > 172.17.0.2 80`);
  const gone = (point: string): Flow[] => flowsToCut([toHost, toContainer], without(point), compile(both), sides(both));
  expect(gone('prerouting')).toEqual([toHost]);
  expect(gone('forward')).toEqual([toContainer]);
  expect(gone('input')).toEqual([]);
});

test('a rule in an own chain that is not ours had let it in: it is cut', async () => {
  const before = await standing(policy(`trusted: [${ALICE}]`));
  const chains = new Map(before.tables[4].chains);
  chains.set('SEAWALL-HOST', ['-p tcp -m tcp --dport 22 -j ACCEPT', ...(chains.get('SEAWALL-HOST') ?? [])]);
  const tampered = { ...before, tables: { ...before.tables, 4: { ...before.tables[4], chains } } };
  const after = policy(`trusted: [${ALICE}]`);
  expect(flowsToCut([flow(`tcp ${MALLORY} > ${HOST} 22`)], tampered, compile(after), sides(after))).toHaveLength(1);
});

test('a bridge that is judged is no inside: its guests are strangers like others', async () => {
  const links = [...LINKS, link('br-guests', { kind: 'bridge', own: ['192.168.123.1/24'] })];
  const before = policy('trusted: [192.168.123.5]', { links });
  const after = policy('trusted: []\npublic: [1/tcp]', { links });
  const flows = ['tcp 192.168.123.5 > 192.168.123.1 22'];
  expect(await cut(before, after, flows, { links })).toEqual(flows);
});
