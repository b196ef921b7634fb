import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Claim, claim, reclaim } from '../../lab/reclaim.ts';
import { execute } from '../../src/apply/execute.ts';
import { readKernel } from '../../src/live/kernel.ts';
import type { Family } from '../../src/net/family.ts';
import { parsePrefix } from '../../src/net/prefix.ts';
import { PrefixSet } from '../../src/net/prefix-set.ts';
import { plainFiles } from '../../src/plan/boot-files.ts';
import { exportScript } from '../../src/plan/export-script.ts';
import { type Plan, makePlan, planRemoval } from '../../src/plan/plan.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { Backend } from '../../src/ruleset/backend.ts';
import { longList } from '../support/long-list.ts';
import { patient, runs } from '../support/runs.ts';
import { policiesArb } from '../support/small-world.ts';
import { SmallHost } from './support/small-host.ts';
import { type Named, packetsArb } from './support/small-packets.ts';

// Two hosts side by side, of which one has its rules by iptables and the other by nftables: whatever the policy, each
// packet fares the same on both, and also where `export`'s script was run by hand in place of an apply.

const BACKENDS = ['iptables', 'nftables'] as const;

let claimed: Claim;
let hosts: Readonly<Record<Backend, SmallHost>>;

beforeAll(async () => {
  claimed = claim();
  const [one, two] = await Promise.all(BACKENDS.map((backend) => SmallHost.make(claimed, backend)));
  if (!one || !two) throw new Error('no hosts');
  hosts = { iptables: one, nftables: two };
});
afterAll(() => reclaim(claimed));

const live = (backend: Backend) => readKernel(hosts[backend], 'by-name', backend);
const onBoth = <T>(run: (backend: Backend) => Promise<T>): Promise<T[]> => Promise.all(BACKENDS.map(run));

async function apply(policy: Policy, backend: Backend): Promise<Plan> {
  const plan = makePlan(policy, await live(backend));
  await execute(hosts[backend], plan.steps);
  return plan;
}

const remove = async (backend: Backend): Promise<void> => execute(hosts[backend], planRemoval(await live(backend)));

async function runByHand({ target }: Plan, backend: Backend): Promise<void> {
  const input = exportScript(plainFiles(target, backend), backend);
  const ended = await hosts[backend].exec({ file: 'sh', args: [], input });
  expect(ended).toMatchObject({ outcome: 'exited', code: 0 });
}

/** What arrives; a packet that a busy machine lost gets a second chance where anything disagrees. */
async function passing(packets: readonly Named[]): Promise<boolean[][]> {
  const first = await onBoth((backend) => hosts[backend].passing(packets));
  if (disagreeing(packets, first).length === 0) return first;
  const second = await onBoth((backend) => hosts[backend].passing(packets));
  return first.map((answers, host) => answers.map((answer, at) => answer || second[host]?.[at] === true));
}

const disagreeing = (packets: readonly Named[], [one = [], two = []]: readonly boolean[][]): string[] =>
  packets.flatMap(({ name }, at) =>
    one[at] === two[at] ? [] : [`${name}: ${one[at] ? 'iptables' : 'nftables'} lets it through`],
  );

test('without rules nearly everything passes, on both alike', async () => {
  const [packets = []] = fc.sample(packetsArb(400), { numRuns: 1, seed: 4 });
  const answers = await passing(packets);
  expect(disagreeing(packets, answers)).toEqual([]);
  expect(answers[0]?.filter(Boolean).length).toBeGreaterThan(packets.length * 0.7);
});

test('a packet that one of them judges differently is seen', async () => {
  const [policy] = fc.sample(policiesArb(1), { numRuns: 1, seed: 4 })[0] ?? [];
  const [packets = []] = fc.sample(packetsArb(200), { numRuns: 1, seed: 4 });
  if (!policy) throw new Error('no policy');
  await onBoth((backend) => apply({ ...policy, innerBridges: false }, backend));
  const rule = ['insert', 'rule', 'inet', 'seawall', 'SEAWALL-PRE4', 'udp', 'dport', '22', 'drop'];
  const off = await hosts.nftables.exec({ file: 'nft', args: rule });
  expect(off).toMatchObject({ code: 0 });
  const differing = disagreeing(packets, await passing(packets));
  expect(differing.length).toBeGreaterThan(0);
  expect(differing.filter((text) => !/v4 .*udp 22: iptables lets/.test(text))).toEqual([]);
  await onBoth((backend) => remove(backend));
});

test('of long lists each entry counts, and no other address', patient, async () => {
  const [policy] = fc.sample(policiesArb(1), { numRuns: 1, seed: 4 })[0] ?? [];
  const [packets = []] = fc.sample(packetsArb(300), { numRuns: 1, seed: 4 });
  if (!policy) throw new Error('no policy');
  const stranger = { 4: '198.51.100.77', 6: '2001:db8:77::1' };
  const without = {
    ...policy,
    innerBridges: false,
    trustedLists: { 4: longList(4, 100_000), 6: longList(6, 100_000) },
  };
  const withStranger = (family: Family): PrefixSet => {
    const prefix = parsePrefix(stranger[family]);
    return without.trustedLists[family].union(PrefixSet.of(family, prefix.ok ? [prefix.value] : []));
  };
  const passed: number[] = [];
  for (const trustedLists of [without.trustedLists, { 4: withStranger(4), 6: withStranger(6) }]) {
    await onBoth((backend) => apply({ ...without, trustedLists }, backend));
    const answers = await passing(packets);
    expect(disagreeing(packets, answers)).toEqual([]);
    passed.push(answers[1]?.filter(Boolean).length ?? 0);
  }
  expect(passed[1]).toBeGreaterThan((passed[0] ?? 0) + 10);
  await onBoth((backend) => remove(backend));
});

test('policies follow each other, and packets fare the same', patient, async () => {
  let [passed, dropped] = [0, 0];
  await fc.assert(
    fc.asyncProperty(policiesArb(2), packetsArb(300), async (policies, packets) => {
      for (const policy of policies) {
        // To tell bridges by their kind is something that only nftables can do.
        const alike = { ...policy, innerBridges: false };
        const plans = await onBoth((backend) => apply(alike, backend));
        const applied = await passing(packets);
        expect(disagreeing(packets, applied)).toEqual([]);
        await onBoth((backend) => remove(backend));
        const [one, two] = plans;
        if (!one || !two) throw new Error('no plans');
        await Promise.all([runByHand(one, 'iptables'), runByHand(two, 'nftables')]);
        const byHand = await passing(packets);
        expect(disagreeing(packets, byHand)).toEqual([]);
        expect(disagreeing(packets, [applied[0] ?? [], byHand[0] ?? []])).toEqual([]);
        passed += applied[0]?.filter(Boolean).length ?? 0;
        dropped += applied[0]?.filter((each) => !each).length ?? 0;
      }
    }),
    { ...runs(8, 0.01), endOnFailure: true },
  );
  await onBoth((backend) => remove(backend));
  expect(Math.min(passed, dropped)).toBeGreaterThan((passed + dropped) * 0.15);
});
