import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PrefixSet } from '../../../src/net/prefix-set.ts';
import { bootFiles, rulesetFingerprint } from '../../../src/plan/boot-files.ts';
import { planRuleset } from '../../../src/plan/plan.ts';
import { readStored } from '../../../src/plan/stored.ts';
import { compile } from '../../../src/policy/compile.ts';
import type { Ruleset } from '../../../src/ruleset/ruleset.ts';
import { readKernel } from '../../../src/live/kernel.ts';
import { applyTo } from '../../support/changing.ts';
import { FakeKernel } from '../../support/fake-kernel.ts';
import { policy } from '../../support/machine.ts';
import { patient, runs } from '../../support/runs.ts';
import { policiesArb, policyArb } from '../../support/small-world.ts';
import { joined } from '../../support/values.ts';
import { whole } from '../../support/whole.ts';

const filesOf = (ruleset: Ruleset): Map<string, Buffer> =>
  new Map(bootFiles(ruleset).map(({ name, content }) => [name, Buffer.from(joined(content()), 'latin1')]));

test('what was written is read back as it was', patient, () => {
  fc.assert(
    fc.property(policyArb, (applied) => {
      const ruleset = compile(applied);
      const read = readStored(filesOf(ruleset));
      expect(read && whole(read)).toBe(whole(ruleset));
      expect(read && rulesetFingerprint(read)).toBe(rulesetFingerprint(ruleset));
    }),
    runs(40),
  );
});

test('going back to it needs nothing where it stands, whatever stood in between', patient, async () => {
  await fc.assert(
    fc.asyncProperty(policiesArb(3), async ([first, ...rest]) => {
      if (!first) throw new Error('three policies were asked for');
      const kernel = new FakeKernel();
      for (const each of [first, ...rest, first]) await applyTo(kernel, each);
      const read = readStored(filesOf(compile(first)));
      expect(read && planRuleset(read, await readKernel(kernel, 'whole')).steps).toEqual([]);
    }),
    runs(10),
  );
});

describe('a ruleset with a long list', () => {
  const long = PrefixSet.of(
    4,
    Array.from({ length: 5000 }, (_, index) => ({ family: 4 as const, value: BigInt(index * 512), length: 24 })),
  );
  const lists = new Map([['long', { v4: long, v6: PrefixSet.empty(6) }]]);
  const ruleset = compile(policy('trusted: [203.0.113.7, {file: long}]\npublic: [22/tcp, 53/udp]', { lists }));
  const list = [...filesOf(ruleset).keys()].find((name) => name.includes('list4'));

  test('has it in a file of its own, and is read back with it', () => {
    expect(list).toMatch(/^seawall-list4-[0-9a-f]{12}\.ipset$/);
    const read = readStored(filesOf(ruleset));
    expect(read && sorted(read)).toEqual(sorted(ruleset));
    // Else a rollback to it would look like another ruleset.
    expect(read && rulesetFingerprint(read)).toBe(rulesetFingerprint(ruleset));
  });

  const sorted = (each: Ruleset): string[] => whole(each).split('\n').toSorted();

  test.each<[string, (files: Map<string, Buffer>) => unknown]>([
    ['rules are missing', (files) => files.delete('rules.iptables')],
    ['rules of IPv6 are missing', (files) => files.delete('rules.ip6tables')],
    ['hooks are missing', (files) => files.delete('hooks')],
    ['a chain is somebody else’s', (files) => edit(files, 'rules.iptables', /SEAWALL-HOST/g, 'DOCKER')],
    ['a rule is none that Seawall makes', (files) => edit(files, 'rules.iptables', /-j DROP/, '-j TARPIT')],
    ['a hook is at no place of Seawall’s', (files) => edit(files, 'hooks', /PREROUTING/, 'POSTROUTING')],
    ['a hook jumps nowhere', (files) => edit(files, 'hooks', /-j SEAWALL-PRE/, '-j DROP')],
  ])('is none where %s', (_name, damage) => {
    const files = filesOf(ruleset);
    damage(files);
    expect(readStored(files)).toBeUndefined();
  });

  const edit = (files: Map<string, Buffer>, name: string, from: RegExp, to: string): unknown =>
    files.set(name, Buffer.from((files.get(name)?.toString() ?? '').replace(from, to)));
});
