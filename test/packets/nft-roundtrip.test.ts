// What the nftables backend takes for granted of nft: it takes our texts, and prints them so that they are ours again.
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { execute } from '../../src/apply/execute.ts';
import { tableTexts } from '../../src/iptables/change.ts';
import { readKernel } from '../../src/live/kernel.ts';
import { FAMILIES } from '../../src/net/family.ts';
import { PrefixColumns } from '../../src/net/prefix-columns.ts';
import { PrefixSet } from '../../src/net/prefix-set.ts';
import { makePlan, type Plan, planRemoval, planRuleset } from '../../src/plan/plan.ts';
import { restoreSteps } from '../../src/plan/restore.ts';
import type { Backend } from '../../src/ruleset/backend.ts';
import { sameSet } from '../../src/ruleset/live-set.ts';
import { rulesOf } from '../golden/outcome.ts';
import { parseScenario, scenarioPaths } from '../golden/scenario.ts';
import { longList } from '../support/long-list.ts';
import { RealKernel } from '../support/real-kernel.ts';
import { patient, runs } from '../support/runs.ts';
import { policiesArb } from '../support/small-world.ts';

const kernel = new RealKernel('nft');
beforeEach(() => kernel.fresh());
afterAll(() => kernel.remove());

const live = (reading: 'whole' | 'by-name' = 'whole', backend: Backend = 'nftables') =>
  readKernel(kernel, reading, backend);

async function carryOut(plan: Plan): Promise<void> {
  await execute(kernel, plan.steps);
  await stands(plan);
}

async function stands({ target, backend }: Plan): Promise<void> {
  const now = await live('whole', backend);
  for (const family of FAMILIES) {
    const { chains, hooks } = tableTexts(target[family]);
    expect(now.tables[family].chains).toEqual(chains);
    const byPoint = (a: { point: string }, b: { point: string }): number => (a.point < b.point ? -1 : 1);
    const inPlace = hooks.map((hook) => ({ ...hook, position: 1 }));
    expect(now.tables[family].hooks.toSorted(byPoint)).toEqual(inPlace.toSorted(byPoint));
    for (const set of target[family].sets)
      expect([set.name, sameSet(set, now.sets.get(set.name))]).toEqual([set.name, true]);
  }
  expect(now.rival).toBeUndefined();
}

test.each(scenarioPaths())('scenario %s', async (_name, path) => {
  const { ruleset } = rulesOf(parseScenario(readFileSync(path, 'utf8')));
  await carryOut(planRuleset(ruleset, await live()));
  expect(planRuleset(ruleset, await live()).steps).toEqual([]);
});

test('policies follow each other, by one backend or the other, and each stands as planned', patient, async () => {
  await fc.assert(
    fc.asyncProperty(
      policiesArb(3),
      fc.constantFrom('whole' as const, 'by-name' as const),
      fc.infiniteStream(fc.constantFrom<Backend>('nftables', 'nftables', 'iptables')),
      async (policies, reading, backends) => {
        await execute(kernel, planRemoval(await live()));
        for (const policy of policies) {
          const [backend = 'nftables'] = [...backends.take(1)];
          await carryOut(makePlan(policy, await live(reading, backend)));
          expect(makePlan(policy, await live('whole', backend)).steps).toEqual([]);
        }
      },
    ),
    runs(25),
  );
});

test('what stood before comes back, by whichever backend that was', patient, async () => {
  await fc.assert(
    fc.asyncProperty(policiesArb(2), fc.boolean(), async ([first, second], turn) => {
      if (!first || !second) return;
      await execute(kernel, planRemoval(await live()));
      const old = makePlan(first, await live());
      await carryOut(old);
      const before = await live('by-name', turn ? 'iptables' : 'nftables');
      // Up to where old sets are tidied up, which comes only when nothing can fail any more.
      const { steps } = makePlan(second, before);
      const kept = steps.filter(({ kind }) => !['drop-sets', 'drop-nft-sets', 'remove-nft'].includes(kind));
      await execute(kernel, kept);
      await execute(kernel, restoreSteps(before, await live('by-name', turn ? 'iptables' : 'nftables')));
      await stands(old);
    }),
    runs(10),
  );
});

describe('a long list', () => {
  const list = (size: number, step: number): PrefixSet => {
    const columns = new PrefixColumns(4, size);
    for (let n = 0; n < size; n++) {
      columns.words[n] = 0x0b000000 + n * 512 * step;
      columns.lengths[n] = n % 3 === 0 ? 32 : 24;
    }
    columns.size = size;
    return PrefixSet.fromColumns(columns);
  };
  const [policy] = fc.sample(policiesArb(1), { numRuns: 1, seed: 7 })[0] ?? [];
  const withList = (members: PrefixSet) => {
    if (!policy) throw new Error('no policy');
    const none = { 4: PrefixSet.empty(4), 6: PrefixSet.empty(6) };
    return { ...policy, blockLists: none, trustedLists: { ...none, 4: members } };
  };

  test('is kept as hashes, is asked by one rule a length, and is taken at its word by its name', async () => {
    const [one, two] = [list(20_000, 1), list(30_000, 2)];
    await carryOut(makePlan(withList(one), await live('by-name')));
    expect(makePlan(withList(one), await live('by-name')).steps).toEqual([]);
    expect(makePlan(withList(one), await live('whole')).steps).toEqual([]);
    await carryOut(makePlan(withList(two), await live('by-name')));
    const { nft } = await live('by-name');
    const names = [...(nft?.sets.keys() ?? [])].filter((name) => name.includes('-list4-'));
    // Those of the first list are gone.
    expect(new Set(names.map((name) => name.replace(/-\d+$/, ''))).size).toBe(1);
  });

  test.each(FAMILIES)(
    'of IPv%i longer than one hash holds is several, each asked within its prefix',
    async (family) => {
      const { trustedLists, ...rest } = withList(PrefixSet.empty(4));
      const long = { ...rest, trustedLists: { ...trustedLists, [family]: longList(family, 66_000) } };
      await carryOut(makePlan(long, await live('whole')));
      const parts = [...((await live('by-name')).nft?.sets.keys() ?? [])].filter((name) =>
        /-list[46]-\w+-\d/.test(name),
      );
      expect(parts.length).toBeGreaterThanOrEqual(4);
      // A rule that looks into one of them for addresses that are not in it, and one that is missing.
      const { stdout } = await kernel.exec({ file: 'nft', args: ['-t', '-a', 'list', 'table', 'inet', 'seawall'] });
      const asks = new RegExp(`\\n\\s*(.* @${parts[0]} .*) # handle (\\d+)\n`);
      const chains = stdout
        .toString()
        .split('\n\tchain ')
        .filter((each) => asks.test(each));
      const [chain = ''] = chains[0]?.split(' ') ?? [];
      const [, text = '', handle = ''] = asks.exec(chains[0] ?? '') ?? [];
      const elsewhere = text.replace(
        /addr \S+\/\d+ /,
        family === 4 ? 'addr 192.0.2.0/24 ' : 'addr 2001:db8:ffff::/48 ',
      );
      expect(elsewhere).not.toBe(text);
      for (const change of [
        `replace rule inet seawall ${chain} handle ${handle} ${elsewhere}`,
        `delete rule inet seawall ${chain} handle ${handle}`,
      ]) {
        expect(await kernel.exec({ file: 'nft', args: [change] })).toMatchObject({ code: 0 });
        expect(makePlan(long, await live('by-name')).steps).not.toEqual([]);
      }
      await carryOut(makePlan(long, await live('whole')));
    },
  );

  test('that was left half filled is not taken for whole', async () => {
    const plan = makePlan(withList(list(20_000, 1)), await live('by-name'));
    const prepare = plan.steps.filter(({ kind }) => kind === 'prepare-nft');
    expect(prepare.length).toBe(1);
    await execute(kernel, prepare);
    const { nft } = await live('by-name');
    const [name = ''] = [...(nft?.sets.keys() ?? [])].filter((each) => each.includes('-list4-'));
    await kernel.exec({ file: 'nft', args: ['flush', 'set', 'inet', 'seawall', name] });
    await carryOut(makePlan(withList(list(20_000, 1)), await live('by-name')));
  });

  test('that somebody changed is put right in place', async () => {
    const members = list(20_000, 1);
    await carryOut(makePlan(withList(members), await live('whole')));
    const { nft } = await live('by-name');
    const name = [...(nft?.sets.keys() ?? [])].find((each) => /-list4-.*-32$/.test(each)) ?? '';
    const { code } = await kernel.exec({
      file: 'nft',
      args: ['delete', 'element', 'inet', 'seawall', name, '{ 11.0.0.0 }'],
    });
    expect(code).toBe(0);
    await carryOut(makePlan(withList(members), await live('whole')));
  });
});
