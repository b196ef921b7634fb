// A plan that was kept, whatever happened to the file: refused, or a whole plan that touches nothing of others.
import * as fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { execute } from '../../../src/apply/execute.ts';
import { apply } from '../../../src/cli/commands/apply.ts';
import { plan } from '../../../src/cli/commands/plan.ts';
import { readKernel } from '../../../src/live/kernel.ts';
import { rulesetFingerprint } from '../../../src/plan/boot-files.ts';
import { readPlan } from '../../../src/plan/plan-file.ts';
import { planRuleset } from '../../../src/plan/plan.ts';
import { FakeKernel } from '../../support/fake-kernel.ts';
import { CONFIG, FakeMachine } from '../../support/fake-machine.ts';
import { foreignText } from '../../support/foreign.ts';
import { damageArb, oddityArb, type Damage } from '../../support/mutate.ts';
import { patient, runs } from '../../support/runs.ts';
import { copyOf, settleOthers, strayLines, tryOn, watchLines, YES } from '../../support/trial.ts';

const FIRST = 'version: 1\ntrusted: [203.0.113.7]\npublic: [22/tcp]\n';
const SECOND = `version: 1
trusted: [203.0.113.4/30, 2001:db8:1::/48]
block: [203.0.113.99]
allow: [{from: [10.9.0.0/16], to: [9100/tcp], note: "two words, \\"quoted\\""}]
public: [22/tcp, 8000-8010/tcp, 443/udp]
log: limited
`;
const FILE = '/root/plan.json';

let machine: FakeMachine;
let whole: string;
beforeAll(async () => {
  machine = new FakeMachine(FIRST);
  settleOthers(machine);
  await machine.run(apply, [], YES);
  machine.files.put(CONFIG, SECOND);
  await machine.run(plan, [], { out: FILE });
  whole = machine.files.contents.get(FILE)?.toString() ?? '';
});

type Plan = Record<string, unknown> & { files: Record<string, string> };

/** The plan with one of the files in it damaged, or its JSON, or the text of it. */
const changeArb: fc.Arbitrary<(text: string) => string> = fc.oneof(
  damageArb.map((damage) => (text: string) => damage(text).toString()),
  fc.tuple(fc.nat(), damageArb).map(
    ([which, damage]) =>
      (text: string) =>
        inFile(text, which, damage),
  ),
  fc.tuple(fc.nat(), fc.nat(), damageArb).map(
    ([which, other, damage]) =>
      (text: string) =>
        inFile(inFile(text, which, damage), other, damage),
  ),
  oddityArb.map((odd) => (text: string) => JSON.stringify(odd(JSON.parse(text))) ?? ''),
);

function inFile(text: string, which: number, damage: Damage): string {
  const read = JSON.parse(text) as Plan;
  const names = Object.keys(read.files);
  const name = names[which % names.length] ?? '';
  read.files[name] = damage(read.files[name] ?? '').toString();
  return JSON.stringify(read);
}

test('a plan that was not touched is read as it was, and applied', async () => {
  const target = readPlan(whole)?.target;
  expect(target).toBeDefined();
  const copy = copyOf(machine);
  const lines = watchLines(copy);
  expect((await tryOn(copy, apply, [], { ...YES, plan: FILE })).code).toBe(0);
  expect(lines.length).toBeGreaterThan(10);
  expect(strayLines(lines)).toEqual([]);
});

test('no plan is read that could not be carried out as it stands', patient, async () => {
  await fc.assert(
    fc.asyncProperty(changeArb, async (change) => {
      const read = readPlan(change(whole));
      if (!read) return;
      const kernel = new FakeKernel();
      const stands = planRuleset(read.target, await readKernel(kernel, 'whole'));
      await execute(kernel, stands.steps);
      expect(planRuleset(read.target, await readKernel(kernel, 'whole')).steps).toEqual([]);
    }),
    runs(500),
  );
});

test(
  'whatever became of a plan, what is applied is a whole plan, and of others nothing is touched',
  patient,
  async () => {
    const meant = readPlan(whole);
    await fc.assert(
      fc.asyncProperty(changeArb, async (change) => {
        const copy = copyOf(machine);
        const [others, before] = [foreignText(copy.kernel), copy.kernel.text()];
        const text = change(whole);
        copy.files.put(FILE, text);
        const lines = watchLines(copy);
        const { code } = await tryOn(copy, apply, [], { ...YES, plan: FILE });
        expect(foreignText(copy.kernel)).toBe(others);
        expect(strayLines(lines)).toEqual([]);
        if (code !== 0) {
          expect(copy.kernel.text()).toBe(before);
          return;
        }
        const read = readPlan(text);
        if (!read || !meant) throw new Error('something was applied that is no plan');
        const live = await readKernel(copy.kernel, 'whole');
        expect(planRuleset(read.target, live).steps).toEqual([]);
        expect([read.madeFrom, read.config]).toEqual([meant.madeFrom, meant.config]);
        expect(rulesetFingerprint(read.target)).toMatch(/^[0-9a-f]{64}$/);
      }),
      runs(150, 0.2),
    );
  },
);
