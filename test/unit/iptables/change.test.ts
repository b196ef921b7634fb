import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diffTable, removalOf, renderChange, tableTexts } from '../../../src/iptables/change.ts';
import { ownPart, parseSave, type OwnTable } from '../../../src/iptables/save.ts';
import { FAMILIES, type Family } from '../../../src/net/family.ts';
import { compileFamily } from '../../../src/policy/compile.ts';
import type { FamilyRules } from '../../../src/ruleset/ruleset.ts';
import { FakeKernel } from '../../support/fake-kernel.ts';
import { foreignText } from '../../support/foreign.ts';
import { garbageArb } from '../../support/garbage.ts';
import { patient, runs } from '../../support/runs.ts';
import { policyArb } from '../../support/small-world.ts';

const caseArb = fc
  .constantFrom(...FAMILIES)
  .chain((family) =>
    fc.tuple(fc.constant(family), garbageArb(family), policyArb, fc.constantFrom({}, { trusted: 'b' as const })),
  );

function kernelWith(family: Family, garbage: string, wanted: FamilyRules): FakeKernel {
  const kernel = new FakeKernel();
  for (const name of ['admins', ...wanted.sets.map((set) => set.name)]) kernel.sets.run(`create ${name} hash:net`);
  restore(kernel, family, garbage);
  return kernel;
}

const restore = (kernel: FakeKernel, family: Family, text: string): void =>
  kernel.tables[family].restore(text, { noflush: true, committed: () => undefined });

const read = (kernel: FakeKernel, family: Family): OwnTable => ownPart(parseSave(kernel.tables[family].save()), family);

describe('from any state', () => {
  test('one transaction makes the table what it should be, and leaves what others have', patient, () => {
    fc.assert(
      fc.property(caseArb, ([family, garbage, policy, slots]) => {
        const wanted = compileFamily(policy, family, slots);
        const kernel = kernelWith(family, garbage, wanted);
        const foreign = foreignText(kernel);
        const change = diffTable(wanted, read(kernel, family));
        if (change) restore(kernel, family, renderChange(change));
        const { chains, hooks } = tableTexts(wanted);
        const now = read(kernel, family);
        expect(now.chains).toEqual(chains);
        expect(now.hooks.map(({ point, text, position }) => ({ point, text, position })).toSorted(byPoint)).toEqual(
          hooks.map((hook) => ({ ...hook, position: 1 })).toSorted(byPoint),
        );
        expect(diffTable(wanted, now)).toBeUndefined();
        expect(foreignText(kernel)).toBe(foreign);
      }),
      runs(80),
    );
  });

  test('the removal takes out all that is own, and nothing else', patient, () => {
    fc.assert(
      fc.property(caseArb, ([family, garbage, policy, slots]) => {
        const kernel = kernelWith(family, garbage, compileFamily(policy, family, slots));
        const foreign = foreignText(kernel);
        const change = removalOf(read(kernel, family));
        if (change) restore(kernel, family, renderChange(change));
        expect(
          kernel.tables[family]
            .save()
            .split('\n')
            .filter((line) => line.includes('SEAWALL-') && !line.includes('--comment')),
        ).toEqual([]);
        expect(removalOf(read(kernel, family))).toBeUndefined();
        expect(foreignText(kernel)).toBe(foreign);
      }),
      runs(80),
    );
  });
});

const byPoint = (a: { point: string }, b: { point: string }): number => a.point.localeCompare(b.point);

describe('the difference', () => {
  const policy = fc.sample(policyArb, { numRuns: 1, seed: 7 })[0];
  if (!policy) throw new Error('no sample');
  const wanted = compileFamily(policy, 4, {});
  const { chains, hooks } = tableTexts(wanted);
  const standing: OwnTable = {
    family: 4,
    exists: true,
    chains,
    hooks: hooks.map((hook) => ({ ...hook, position: 1 })),
    dropped: 0,
  };

  test('is none where all stands', () => {
    expect(diffTable(wanted, standing)).toBeUndefined();
  });

  const [first] = standing.hooks;
  const withRules = (name: string, change: (rules: readonly string[]) => readonly string[]): OwnTable => ({
    ...standing,
    chains: new Map([...chains].map(([chain, rules]) => [chain, chain === name ? change(rules) : rules])),
  });

  test.each<[string, OwnTable, readonly string[]]>([
    ['a rule is gone', withRules('SEAWALL-HOST', (rules) => rules.slice(1)), ['SEAWALL-HOST']],
    ['a rule stands twice', withRules('SEAWALL-DENY', (rules) => [...rules, '-j DROP']), ['SEAWALL-DENY']],
    ['two rules changed places', withRules('SEAWALL-PRE', (rules) => rules.toReversed()), ['SEAWALL-PRE']],
    ['a chain is gone', { ...standing, chains: new Map([...chains].slice(1)) }, [[...chains.keys()][0] ?? '']],
    ['a chain is empty', withRules('SEAWALL-DENY', () => []), ['SEAWALL-DENY']],
  ])('%s: that chain alone is written', (_name, live, written) => {
    const change = diffTable(wanted, live);
    expect(change?.write.map(({ chain }) => chain)).toEqual(written);
    expect(change).toMatchObject({ unhook: [], hook: [], remove: [] });
  });

  test.each<[string, OwnTable['hooks'], number, number]>([
    ['a hook is gone', standing.hooks.slice(1), 0, 1],
    [
      'a hook is not the first rule',
      standing.hooks.map((hook) => ({ ...hook, position: 2 })),
      hooks.length,
      hooks.length,
    ],
    ['a hook stands twice', [...standing.hooks, ...(first ? [{ ...first, position: 2 }] : [])], 2, 1],
    [
      'a hook is narrower',
      standing.hooks.map((hook) => ({ ...hook, text: `-i eth0 ${hook.text}` })),
      hooks.length,
      hooks.length,
    ],
    [
      'a jump stands where none belongs',
      [...standing.hooks, { point: 'input', position: 1, text: '-j SEAWALL-HOST' }],
      1,
      0,
    ],
  ])('%s: hooks alone are put right', (_name, live, unhooked, hooked) => {
    const change = diffTable(wanted, { ...standing, hooks: live });
    expect([change?.unhook.length, change?.hook.length]).toEqual([unhooked, hooked]);
    expect(change).toMatchObject({ write: [], remove: [] });
  });

  test('a chain of ours that is no longer wanted goes', () => {
    const change = diffTable(wanted, { ...standing, chains: new Map([...chains, ['SEAWALL-OLD', ['-j DROP']]]) });
    expect(change).toMatchObject({ write: [], unhook: [], hook: [], remove: ['SEAWALL-OLD'] });
    expect(change && renderChange(change)).toBe('*mangle\n:SEAWALL-OLD - [0:0]\n-X SEAWALL-OLD\nCOMMIT\n');
  });
});
