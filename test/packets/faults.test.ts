import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HOST } from '../../lab/addresses.ts';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { type FaultRow, recordFault } from '../support/fault-table.ts';
import { call, fresh } from './support/command-line.ts';

// Somebody else lays hands on what Seawall made: status says so, apply heals it, and what is not Seawall's stays.

const CONFIG = `version: 1
trusted: [203.0.113.7, "2001:db8:a::7", {file: office.txt}]
public: [22/tcp]
block: [203.0.113.99]
`;
const OFFICE = '198.18.64.0/20\n2001:db8:b00::/40\n';

let world: World;
const sh = (line: string): Promise<string> => mustExec(world, 'host', ['sh', '-ec', line]);

beforeAll(async () => {
  world = await createWorld({ engine: false });
  await writeFile(join(world.dir, 'office.txt'), OFFICE);
  await (await world.agent('host')).serveTcp({ name: 'host', port: 7000 });
});
afterAll(() => world?.remove());

beforeEach(async () => {
  await sh('nft flush ruleset; ipset destroy');
  await fresh(world, CONFIG);
  expect(await call(world, ['apply', '--yes'])).toMatchObject({ code: 0 });
});

/** Who gets in, of an untrusted and a trusted client. */
async function answers(): Promise<(string | undefined)[]> {
  const [untrusted, trusted] = [await world.agent('untrusted'), await world.agent('trusted-a')];
  const asked = [untrusted, trusted].flatMap((agent) => [
    agent.tcp(HOST.v4, 7000, { timeoutMs: 300 }),
    agent.tcp(HOST.v6, 7000, { timeoutMs: 300 }),
  ]);
  return (await Promise.all(asked)).map(({ state }) => state);
}
const SHUT = ['closed', 'closed', 'open', 'open'];

/**
 * All that stands but who was turned away lately, and what keeps the servers of cut connections silent. Sets are listed in
 * the order in which they were made: that is free.
 */
async function firewall(): Promise<object> {
  const { ipset, ...all } = await world.snapshot();
  const rules = Object.fromEntries(
    Object.entries(all).map(([name, text]) => [
      name,
      String(text).replaceAll(/^-A OUTPUT .* SEAWALL-OUT\n|\n\tchain OUTPUT \{\n[^}]*SEAWALL-OUT\n\t\}\n/gm, ''),
    ]),
  );
  const lines = ipset.split('\n').filter((line) => !/^add seawall-(denied|lately|cut)/.test(line));
  return { ...rules, ipset: lines.toSorted() };
}

async function seenAndHealed(words: RegExp): Promise<void> {
  const seen = await call(world, ['status']);
  expect({ code: seen.code, said: seen.stdout }).toEqual({ code: 2, said: expect.stringMatching(words) });
  for (const line of seen.stdout.split('\n')) expect([line.length <= 100, line]).toEqual([true, line]);
  const healed = await call(world, ['apply', '--yes']);
  expect({ code: healed.code, said: healed.stderr }).toEqual({ code: 0, said: expect.not.stringContaining('bug') });
  expect((await call(world, ['status'])).code).toBe(0);
}

/** Counts what was healed, and records it when that is all there was to heal. */
function recorded(row: Pick<FaultRow, 'number' | 'fault' | 'injected' | 'times'>): () => void {
  let healed = 0;
  afterAll(() => {
    if (healed === row.times) recordFault({ ...row, converged: healed });
  });
  return () => healed++;
}

const literal = (text: string): string => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);

describe('rules flushed by others', () => {
  const FLUSHES: readonly (readonly [line: string, words: RegExp, opened: boolean])[] = [
    [
      'iptables -t mangle -F; ip6tables -t mangle -F',
      /does not stand.*IPv4 PREROUTING: the jump to SEAWALL-PRE is missing.*IPv6 FORWARD: the jump to SEAWALL-FWD is missing/s,
      true,
    ],
    [
      'iptables -t mangle -F',
      /in part only.*IPv4 PREROUTING: the jump to SEAWALL-PRE is missing.*IPv4 SEAWALL-PRE: the chain is empty; it should have \d+ rules\n/s,
      true,
    ],
    [
      'ip6tables -t mangle -F PREROUTING',
      /in part only.*generation \d+:\n {2}IPv6 PREROUTING: the jump to SEAWALL-PRE is missing: packets pass Seawall by here\n(?! )/s,
      true,
    ],
    [
      'nft flush ruleset',
      /does not stand.*generation \d+:\n {2}IPv4: all rules of Seawall are gone\n {2}IPv6: all rules of Seawall are gone\n(?! )/s,
      true,
    ],
    ['nft delete table ip6 mangle', /in part only.*generation \d+:\n {2}IPv6: all rules of Seawall are gone\n/s, true],
    [
      'iptables -t mangle -F SEAWALL-PRE',
      /somebody changed it in the kernel.*generation \d+:\n {2}IPv4 SEAWALL-PRE: the chain is empty; it should have \d+ rules\n/s,
      false,
    ],
    [
      'ip6tables -t mangle -D SEAWALL-BEHIND 1',
      /generation \d+:\n {2}IPv6 SEAWALL-BEHIND: rule 1 is missing: -m set --match-set seawall-trusted6a src -j RETURN\n/,
      false,
    ],
    [
      'iptables -t mangle -I SEAWALL-HOST 1 -s 192.0.2.1 -j RETURN',
      /generation \d+:\n {2}IPv4 SEAWALL-HOST: rule 1 is not ours: -s 192\.0\.2\.1\/32 -j RETURN\n/,
      false,
    ],
  ];
  const healed = recorded({
    number: 9,
    fault: 'rules flushed or changed by others',
    injected: 'iptables -F of all, of a chain, nft flush ruleset, a table deleted, a rule taken out or put in',
    times: FLUSHES.length + 1,
  });
  test.each(FLUSHES)('%s', async (line, words, opened) => {
    const standing = await firewall();
    await sh(line);
    if (opened) expect(await answers()).not.toEqual(SHUT);
    await seenAndHealed(words);
    expect(await answers()).toEqual(SHUT);
    expect(await firewall()).toEqual(standing);
    healed();
  });

  test('and the sets destroyed behind them: all is rebuilt', async () => {
    const standing = await firewall();
    await sh('for t in iptables ip6tables; do $t -t mangle -F; $t -t mangle -X; done; ipset destroy');
    await seenAndHealed(
      /does not stand.*generation \d+:\n( {2}IPv\d: all rules .*\n){2} {2}sets: all sets of Seawall are gone\n/s,
    );
    expect(await answers()).toEqual(SHUT);
    expect(await firewall()).toEqual(standing);
    healed();
    const injected = 'rules flushed, all sets destroyed';
    recordFault({ number: 3, fault: 'sets are missing', injected, times: 1, converged: 1 });
  });
});

describe('the jump', () => {
  const BEHIND = 'stands at place 2, behind: -m mark --mark 0x7 -j ACCEPT';
  const HOOK = `rule=$($T -t mangle -S $C | grep -m1 -e '-j SEAWALL' | cut -d' ' -f2-)`;
  const MOVES = [
    [
      'behind a foreign rule',
      `$T -t mangle -D $rule; $T -t mangle -A $C -m mark --mark 7 -j ACCEPT; $T -t mangle -A $rule`,
      BEHIND,
    ],
    ['with a foreign rule put before it', `$T -t mangle -I $C -m mark --mark 7 -j ACCEPT`, BEHIND],
    [
      'doubled behind',
      `$T -t mangle -A $C -m mark --mark 7 -j ACCEPT; $T -t mangle -A $rule`,
      'stands twice, at places 1 and 3',
    ],
    [
      'doubled before',
      `$T -t mangle -A $C -m mark --mark 7 -j ACCEPT; $T -t mangle -I $rule`,
      'stands twice, at places 1 and 2',
    ],
    ['taken out', `$T -t mangle -D $rule; $T -t mangle -A $C -m mark --mark 7 -j ACCEPT`, 'is missing'],
  ] as const;
  const places = ['iptables', 'ip6tables'].flatMap((tool) =>
    ['PREROUTING', 'FORWARD'].flatMap((chain) =>
      MOVES.map(([name, move, words]) => [name, tool, chain, move, words] as const),
    ),
  );
  const healed = recorded({
    number: 10,
    fault: 'the jump moved, doubled or taken out',
    injected: 'iptables -D, -A, -I before and behind a rule of somebody else, at both hooks, IPv4 and IPv6',
    times: places.length,
  });
  test.each(places)('%s: %s %s', async (_name, tool, chain, move, words) => {
    const save = (): Promise<string> => sh(`${tool} -t mangle -S ${chain}`);
    const standing = await save();
    await sh(`T=${tool} C=${chain}; ${HOOK}; ${move}`);
    const jump = `${tool === 'iptables' ? 'IPv4' : 'IPv6'} ${chain}: the jump to SEAWALL-${chain === 'FORWARD' ? 'FWD' : 'PRE'}`;
    await seenAndHealed(new RegExp(`generation \\d+:\\n {2}${literal(`${jump} ${words}`)}`));
    // The own jump first and once, the foreign rule behind it.
    expect(await save()).toBe(`${standing}-A ${chain} -m mark --mark 0x7 -j ACCEPT\n`);
    healed();
  });
});

describe('a set tampered with', () => {
  const SETS = [
    [
      'half of the internet trusted',
      'ipset add seawall-trusted4a 0.0.0.0/1',
      / set seawall-trusted4a: 0\.0\.0\.0\/1 too much\n.*surplus +trusted: 0\.0\.0\.0\/1\n/s,
    ],
    [
      'the same in IPv6',
      'ipset add seawall-trusted6a 8000::/1',
      / set seawall-trusted6a: 8000::\/1 too much\n.*surplus +trusted: 8000::\/1\n/s,
    ],
    [
      'a trusted address taken out',
      'ipset del seawall-trusted4a 203.0.113.7',
      / set seawall-trusted4a: missing 203\.0\.113\.7\n.*missing +trusted: 203\.0\.113\.7\n/s,
    ],
    [
      'half of the internet in a list',
      `ipset add $(ipset list -n | grep -E 'seawall-.*4-[0-9a-f]{12}$') 0.0.0.0/1`,
      / set seawall-list4-[0-9a-f]{12}: 0\.0\.0\.0\/1 too much\n.*surplus +trusted: 0\.0\.0\.0\/1\n/s,
    ],
    [
      'a list emptied',
      `ipset flush $(ipset list -n | grep -E 'seawall-.*6-[0-9a-f]{12}$')`,
      / set seawall-list6-[0-9a-f]{12}: missing 2001:db8:b00::\/40\n.*missing +trusted: 2001:db8:b00::\/40\n/s,
    ],
    [
      'a blocked address let go',
      'ipset flush $(ipset list -n | grep block4)',
      / set seawall-block4a: missing 203\.0\.113\.99\n.*missing +block.*: 203\.0\.113\.99\n/s,
    ],
    [
      'ports opened',
      'ipset -exist add $(ipset list -n | grep public | grep -m1 tcp) 1-65535',
      / set seawall-public-tcp4a: 1-21, 23-65535 too much\n.*surplus +public: 1-21\/tcp\n.*surplus +public: 23-65535\/tcp\n/s,
    ],
  ] as const;
  const healed = recorded({
    number: 11,
    fault: 'a set tampered with',
    injected: 'half of the internet trusted or listed, entries taken out, all ports opened',
    times: SETS.length,
  });
  test.each(SETS)('%s', async (_name, line, words) => {
    const standing = await firewall();
    await sh(line);
    await seenAndHealed(words);
    expect(await answers()).toEqual(SHUT);
    expect(await firewall()).toEqual(standing);
    healed();
  });
});
