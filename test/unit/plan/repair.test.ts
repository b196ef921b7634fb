import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readKernel } from '../../../src/live/kernel.ts';
import { makePlan, planRemoval } from '../../../src/plan/plan.ts';
import { execute } from '../../../src/apply/execute.ts';
import { applyTo, watchApply, wrongText } from '../../support/changing.ts';
import { FakeKernel } from '../../support/fake-kernel.ts';
import { foreignText } from '../../support/foreign.ts';
import { verdictOf } from '../../support/packet.ts';
import { patient, runs } from '../../support/runs.ts';
import { policiesArb } from '../../support/small-world.ts';
import { oneSetTamperingArb, tableTamperingArb, tamperingArb, type Tampering } from '../../support/tamper.ts';
import type { Policy } from '../../../src/policy/policy.ts';

const OTHERS = `*mangle
:OTHERS - [0:0]
-A PREROUTING -i eth9 -j MARK --set-xmark 0x1/0xffffffff
-A PREROUTING -j OTHERS
-A OTHERS -j RETURN
COMMIT
`;

/** A policy that stands beside rules and sets of others, and what then happened to it. */
async function tampered(policy: Policy, tamperings: readonly Tampering[]): Promise<FakeKernel> {
  const kernel = new FakeKernel();
  for (const family of [4, 6] as const)
    kernel.tables[family].restore(OTHERS, { noflush: true, committed: () => undefined });
  kernel.sets.run('create admins hash:ip family inet');
  await applyTo(kernel, policy);
  for (const tamper of tamperings) tamper(kernel);
  return kernel;
}

const twoPolicies = policiesArb(2).map(([first, second]) => {
  if (!first || !second) throw new Error('two policies were asked for');
  return [first, second] as const;
});

test('whatever was done to sets and rules, one apply puts it right and leaves what others have', patient, async () => {
  await fc.assert(
    fc.asyncProperty(twoPolicies, tamperingArb, async ([first, second], tamperings) => {
      const kernel = await tampered(first, tamperings);
      const foreign = foreignText(kernel);
      await applyTo(kernel, second);
      expect(makePlan(second, await readKernel(kernel, 'whole')).steps).toEqual([]);
      expect(foreignText(kernel)).toBe(foreign);
    }),
    runs(12),
  );
});

test('while rules are repaired, every packet is judged as before or as after', patient, async () => {
  await fc.assert(
    fc.asyncProperty(twoPolicies, tableTamperingArb, async ([first, second], tamperings) => {
      const kernel = await tampered(first, tamperings);
      const { wrong } = await watchApply(kernel, second);
      expect(wrong.map(wrongText)).toEqual([]);
    }),
    runs(12),
  );
});

test(
  'while a set is repaired too, every packet is judged as before, as after, or as the old policy had meant it',
  patient,
  async () => {
    await fc.assert(
      fc.asyncProperty(twoPolicies, oneSetTamperingArb, async ([first, second], tamperings) => {
        const [, ...toTables] = tamperings;
        const healed = await tampered(first, toTables);
        const kernel = await tampered(first, tamperings);
        const { wrong } = await watchApply(kernel, second);
        const unmeant = wrong.filter(({ packet, verdict }) => verdictOf(healed, packet) !== verdict);
        expect(unmeant.map(wrongText)).toEqual([]);
      }),
      runs(12),
    );
  },
);

test('the removal leaves nothing of ours and everything of others', patient, async () => {
  await fc.assert(
    fc.asyncProperty(twoPolicies, tamperingArb, async ([first], tamperings) => {
      const kernel = await tampered(first, tamperings);
      const foreign = foreignText(kernel);
      await execute(kernel, planRemoval(await readKernel(kernel, 'by-name')));
      expect(kernel.text()).not.toMatch(/seawall-|SEAWALL-/);
      expect(foreignText(kernel)).toBe(foreign);
      expect(planRemoval(await readKernel(kernel, 'whole'))).toEqual([]);
    }),
    runs(12),
  );
});
