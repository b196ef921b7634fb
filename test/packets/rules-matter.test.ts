import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { IP_VERSIONS } from './support/cells.ts';
import { lookAll } from './support/looks.ts';
import { type RuleCell, ruleCells, startAfresh } from './support/rule-cells.ts';
import { type RuleWorld, createRuleWorld } from './support/rule-world.ts';
import { BACKEND } from './support/own-sets.ts';
import { type LiveRule, deleteRule, ownRules } from './support/rules.ts';
import { seawall } from './support/sources.ts';

// Every rule is there for something that packets can see: without it, some cell has another outcome. Rules are read
// from the kernel and taken out one at a time (one of each IP version at once: no cell crosses from one to the other).

/** Chain → whether frames and pings alone can see its rules, which is quicker. */
const CHAINS = [
  ['PREROUTING', false],
  ['INPUT', false],
  ['FORWARD', false],
  ['OUTPUT', false],
  ['SEAWALL-PRE', false],
  ['SEAWALL-FWD', false],
  ['SEAWALL-HOST', false],
  ['SEAWALL-GROUP', false],
  ['SEAWALL-OUT', false],
  ['SEAWALL-BEHIND', false],
  ['SEAWALL-ICMP', true],
  ['SEAWALL-DENY', false],
] as const;

/** Bridges that nftables knows by name as well as by kind: either rule does without the other. */
const TWICE =
  /^(iifname "(docker0|docker_gwbridge|br-\*|lab-custom)" return|meta iifkind .*|iifname "virbr9" goto \S+)$/;

/** Rules that no cell can see, and why. */
const UNSEEN: readonly (readonly [rule: RegExp, why: string])[] = [
  [/-j LOG |log prefix/, 'changes no verdict, and the kernel logs nothing of a namespace other than the first'],
  [
    /^(-[sd] ::1\/128 -j DROP|ip6 [sd]addr ::1 counter drop)$/,
    'the kernel itself throws ::1 away on every link but lo; here in case it ever does not',
  ],
];

/** Silence for this long is a no; what then has changed is asked once more. */
const SILENCE_MS = 450;

let at: RuleWorld;
let cells: readonly RuleCell[];
let rules: readonly LiveRule[];
/** Cells that noticed the absence of some rule. */
const noticed = new Set<RuleCell>();

beforeAll(async () => {
  at = await createRuleWorld();
  cells = await ruleCells(at);
  rules = (await Promise.all(IP_VERSIONS.map((version) => ownRules(at.world, version)))).flat();
});
afterAll(() => at?.end());

async function changed(among: readonly RuleCell[], silenceMs = SILENCE_MS): Promise<RuleCell[]> {
  await startAfresh(at);
  const answers = await lookAll(
    among.map(({ look }) => look),
    at.arrivals,
    silenceMs,
  );
  return among.filter(({ passes }, i) => answers[i] !== passes);
}

const names = (of: readonly RuleCell[]): string[] => of.map(({ name }) => name);

test('every cell is as it should be while all rules stand', async () => {
  const odd = await changed(cells, 2000);
  expect(names(odd.length === 0 ? [] : await changed(odd, 5000))).toEqual([]);
});

test('every chain is looked at', () => {
  expect(new Set(rules.map(({ chain }) => chain))).toEqual(new Set(CHAINS.map(([chain]) => chain)));
});

describe.each(CHAINS)('%s', (chain, framesOnly) => {
  test('each of its rules is seen by a cell', { timeout: 240_000 }, async () => {
    const own = IP_VERSIONS.map((version) => rules.filter((rule) => rule.chain === chain && rule.version === version));
    const unseen: string[] = [];
    for (let i = 0; own.some((list) => i < list.length); i++) {
      const taken = own.flatMap((list) => list[i] ?? []);
      const seen = await without(taken, framesOnly);
      for (const cell of seen) noticed.add(cell);
      const missed = taken.filter(({ version }) => !seen.some((cell) => cell.version === version));
      unseen.push(...missed.map(({ version, text }) => `v${version} ${text}`));
    }
    const exempt = BACKEND === 'nftables' ? [...UNSEEN.map(([text]) => text), TWICE] : UNSEEN.map(([text]) => text);
    expect(unseen.filter((rule) => !exempt.some((text) => text.test(rule.slice(3))))).toEqual([]);
    expect((await at.world.seawall(['status'])).code).toBe(0);
  });
});

/** Takes the rules out, returns the cells that then are wrong, and has Seawall put the rules back. */
async function without(taken: readonly LiveRule[], framesOnly: boolean): Promise<RuleCell[]> {
  for (const rule of taken) await deleteRule(at.world, rule);
  const versions = taken.map(({ version }) => version);
  const asked = cells.filter(
    ({ version, look }) => versions.includes(version) && (!framesOnly || look.kind === 'frame' || look.kind === 'ping'),
  );
  const first = await changed(asked);
  const seen = first.length === 0 ? [] : await changed(first);
  await seawall(at.world, ['apply', '--yes']);
  const healed = await Promise.all(IP_VERSIONS.map((version) => ownRules(at.world, version)));
  expect(healed.flat(), 'apply puts back what was taken').toEqual(rules);
  return seen;
}

test.skipIf(BACKEND === 'nftables')('every cell hangs on some rule', () => {
  expect(names(cells.filter((cell) => !noticed.has(cell)))).toEqual([]);
});

test('the rules that no cell sees are there', () => {
  const stale = UNSEEN.filter(([text]) => !rules.some((rule) => text.test(rule.text)));
  expect(stale).toEqual([]);
});
