// What the unit tests take for granted of the kernel's tools: they take our texts, and print them as we do.
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { execute } from '../../src/apply/execute.ts';
import { createSet, makeSet } from '../../src/ipset/create.ts';
import { sameSet } from '../../src/ipset/save.ts';
import { diffTable, renderChange, tableTexts } from '../../src/iptables/change.ts';
import { readKernel } from '../../src/live/kernel.ts';
import { FAMILIES, type Family } from '../../src/net/family.ts';
import { plainFiles } from '../../src/plan/boot-files.ts';
import { makePlan, planRemoval } from '../../src/plan/plan.ts';
import type { FamilyRules, Ruleset } from '../../src/ruleset/ruleset.ts';
import { rulesOf } from '../golden/outcome.ts';
import { parseScenario, scenarioPaths } from '../golden/scenario.ts';
import { FakeKernel } from '../support/fake-kernel.ts';
import { load } from '../support/load.ts';
import { RealKernel, VARIANTS } from '../support/real-kernel.ts';
import { prefixArb, ruleArb } from '../support/rules-arb.ts';
import { patient, runs } from '../support/runs.ts';
import { policiesArb } from '../support/small-world.ts';
import { PrefixSet } from '../../src/net/prefix-set.ts';

const CHAINS = ['SEAWALL-A', 'SEAWALL-B', 'SEAWALL-C'];

/** Rules of any kind, in chains that only lead on, and a set of prefixes. */
const rulesArb = (family: Family): fc.Arbitrary<FamilyRules> => {
  const set = `seawall-list${family}-0123456789ab`;
  return fc
    .record({
      members: fc.array(prefixArb(family), { maxLength: 30 }),
      rules: fc.tuple(
        ...CHAINS.map((_, at) =>
          fc.array(ruleArb(family, { sets: [set], chains: CHAINS.slice(at + 1) }), { maxLength: 6 }),
        ),
      ),
    })
    .map(({ members, rules }) => ({
      family,
      sets: [{ kind: 'net', name: set, family, members: PrefixSet.of(family, members) }],
      chains: CHAINS.map((name, at) => ({ name, rules: rules[at] ?? [] })),
      hooks: [
        {
          point: 'forward',
          match: [{ kind: 'state', states: ['related', 'established'], not: true }],
          chain: 'SEAWALL-A',
        },
      ],
    }));
};

describe.each(VARIANTS)('with %s iptables', (variant) => {
  const kernel = new RealKernel(variant);
  const { exec } = kernel;
  beforeEach(() => kernel.fresh());
  afterAll(() => kernel.remove());

  const feed = async (file: string, args: readonly string[], input: Iterable<string | Uint8Array>): Promise<void> => {
    const { code, stderr } = await exec({ file, args, input });
    expect([code, stderr]).toEqual([0, '']);
  };

  test.each(FAMILIES)('any IPv%i rules and sets are printed as we would print them', patient, async (family) => {
    const restore = family === 4 ? 'iptables-restore' : 'ip6tables-restore';
    await fc.assert(
      fc.asyncProperty(rulesArb(family), async (wanted) => {
        const before = await readKernel(kernel, 'whole');
        await execute(kernel, planRemoval(before));
        await feed(
          'ipset',
          ['restore'],
          wanted.sets.flatMap((set) => [...makeSet(set)]),
        );
        const empty = (await readKernel(kernel, 'whole')).tables[family];
        const change = diffTable(wanted, empty);
        await feed(restore, ['--noflush'], [change ? renderChange(change) : '']);
        const live = await readKernel(kernel, 'whole');
        const { chains, hooks } = tableTexts(wanted);
        expect(live.tables[family].chains).toEqual(chains);
        expect(live.tables[family].hooks).toEqual(hooks.map((hook) => ({ ...hook, position: 1 })));
        for (const set of wanted.sets) expect(sameSet(set, live.sets.get(set.name))).toBe(true);
      }),
      runs(20),
    );
  });

  test('policies follow each other, and each stands as planned', patient, async () => {
    await fc.assert(
      fc.asyncProperty(policiesArb(2), fc.constantFrom('whole', 'by-name'), async (policies, reading) => {
        const fake = new FakeKernel();
        await execute(kernel, planRemoval(await readKernel(kernel, 'whole')));
        for (const policy of policies) {
          for (const each of [kernel, fake])
            await execute(each, makePlan(policy, await readKernel(each, reading)).steps);
          const live = await readKernel(kernel, 'whole');
          expect(makePlan(policy, live).steps).toEqual([]);
          // The fake that the other tests rely on says the same.
          const pretended = await readKernel(fake, 'whole');
          for (const family of FAMILIES) {
            expect(live.tables[family].chains).toEqual(pretended.tables[family].chains);
            expect(live.tables[family].hooks).toEqual(pretended.tables[family].hooks);
          }
          expect(new Map([...live.sets].toSorted())).toEqual(new Map([...pretended.sets].toSorted()));
        }
      }),
      runs(10),
    );
  });

  test.each(scenarioPaths())('scenario %s', async (_name, path) => {
    const { ruleset } = rulesOf(parseScenario(readFileSync(path, 'utf8')));
    await load(exec, plainFiles(ruleset));
    await stands(ruleset);
  });

  async function stands(ruleset: Ruleset): Promise<void> {
    const live = await readKernel(kernel, 'whole');
    for (const family of FAMILIES) {
      expect(diffTable(ruleset[family], live.tables[family])).toBeUndefined();
      for (const set of ruleset[family].sets)
        expect([set.name, sameSet(set, live.sets.get(set.name))]).toEqual([set.name, true]);
    }
  }

  describe('what the tools refuse, the fake refuses, and what stood stands', () => {
    const MANGLE =
      '*mangle\n:SEAWALL-A - [0:0]\n:SEAWALL-B - [0:0]\n-A SEAWALL-A -j SEAWALL-B\n-A SEAWALL-B -j DROP\n-A FORWARD -j SEAWALL-A\n-A FORWARD -m set --match-set used src -j DROP\nCOMMIT\n';
    const SETS =
      'create used hash:net family inet\ncreate idle hash:net family inet\ncreate other hash:net family inet6\ncreate ports bitmap:port range 0-65535\nadd idle 192.0.2.0/24\n';

    type Refused = [what: string, file: string, input: string];
    test.each<Refused>([
      ['a chain that is in use goes', 'iptables-restore', '*mangle\n-F SEAWALL-B\n-X SEAWALL-B\nCOMMIT\n'],
      ['a chain that is not empty goes', 'iptables-restore', '*mangle\n-F SEAWALL-A\n-X SEAWALL-B\nCOMMIT\n'],
      [
        'a rule that is not there goes',
        'iptables-restore',
        '*mangle\n-A SEAWALL-A -j RETURN\n-D FORWARD -j SEAWALL-B\nCOMMIT\n',
      ],
      [
        'a rule asks a set that is not there',
        'iptables-restore',
        '*mangle\n-F SEAWALL-A\n-A SEAWALL-A -m set --match-set gone src -j DROP\nCOMMIT\n',
      ],
      [
        'a rule leads to a chain that is not there',
        'iptables-restore',
        '*mangle\n-F SEAWALL-A\n-A SEAWALL-A -j SEAWALL-C\nCOMMIT\n',
      ],
      ['a rule goes to a chain that is not there', 'iptables-restore', '*mangle\n-A SEAWALL-C -j DROP\nCOMMIT\n'],
      ['the text ends before COMMIT', 'iptables-restore', '*mangle\n-F SEAWALL-A\n-A SEAWALL-A -j RETURN\n'],
      ['a chain is made twice', 'iptables-restore', '*mangle\n-N SEAWALL-A\nCOMMIT\n'],
      ['a chain leads back to itself', 'iptables-restore', '*mangle\n-I SEAWALL-B 1 -j SEAWALL-A\nCOMMIT\n'],
      ['a set that is in use goes', 'ipset', 'destroy used\n'],
      ['a set that is in use is renamed', 'ipset', 'rename used unused\n'],
      ['a set that is not there goes', 'ipset', 'destroy gone\n'],
      ['a set is made twice', 'ipset', 'create idle hash:net family inet\n'],
      ['a name that is taken', 'ipset', 'rename idle other\n'],
      ['sets of different types are swapped', 'ipset', 'swap idle ports\n'],
      ['sets of different IP versions are swapped', 'ipset', 'swap idle other\n'],
      ['an entry is added twice', 'ipset', 'add idle 192.0.2.0/24\n'],
      ['everyone is added', 'ipset', 'add idle 0.0.0.0/0\n'],
      ['an entry that is not there goes', 'ipset', 'del idle 192.0.2.1\n'],
    ])('%s', async (_what, file, input) => {
      const fake = new FakeKernel();
      const args = file === 'ipset' ? ['restore'] : ['--noflush'];
      for (const each of [kernel, fake]) {
        const run = (tool: string, more: readonly string[], text: string) =>
          each.exec({ file: tool, args: more, input: [text] });
        expect((await run('ipset', ['restore'], SETS)).code).toBe(0);
        expect((await run('iptables-restore', ['--noflush'], MANGLE)).code).toBe(0);
        const state = async () => [
          (await saved(each, 'iptables-save')).filter((line) => !line.startsWith('#')),
          (await saved(each, 'ipset')).toSorted(),
        ];
        const before = await state();
        const { code, stderr } = await run(file, args, input);
        expect(code).not.toBe(0);
        expect(stderr).not.toBe('');
        expect(await state()).toEqual(before);
      }
    });

    /** What stands, without what differs from run to run. */
    async function saved(of: Pick<RealKernel, 'exec'>, file: string): Promise<string[]> {
      const { stdout } = await of.exec({ file, args: file === 'ipset' ? ['save'] : [] });
      return stdout
        .toString()
        .replaceAll(/ bucketsize .*/g, '')
        .replaceAll(/\[\d+:\d+\]/g, '')
        .split('\n');
    }
  });
});

test('a text that only fills a set that is there already is refused, so nothing is ever filled twice', async () => {
  const kernel = new RealKernel('nft');
  try {
    await kernel.fresh();
    const [set] = rulesOfOne().sets;
    const text = set ? [...createSet(set)] : [];
    expect((await kernel.exec({ file: 'ipset', args: ['restore'], input: text })).code).toBe(0);
    expect((await kernel.exec({ file: 'ipset', args: ['restore'], input: text })).code).not.toBe(0);
  } finally {
    kernel.remove();
  }
});

const rulesOfOne = (): FamilyRules => {
  const [sample] = fc.sample(rulesArb(4), { numRuns: 1, seed: 3 });
  if (!sample) throw new Error('no sample');
  return sample;
};
