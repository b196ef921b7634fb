import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readKernel } from '../../../src/live/kernel.ts';
import { makePlan, planRemoval } from '../../../src/plan/plan.ts';
import { execute } from '../../../src/apply/execute.ts';
import { applyTo, watchApply, wrongText } from '../../support/changing.ts';
import { FakeKernel } from '../../support/fake-kernel.ts';
import { list, policy } from '../../support/machine.ts';
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
async function tampered(standing: Policy, tamperings: readonly Tampering[]): Promise<FakeKernel> {
  const kernel = new FakeKernel();
  for (const family of [4, 6] as const)
    kernel.tables[family].restore(OTHERS, { noflush: true, committed: () => undefined });
  kernel.sets.run('create admins hash:ip family inet');
  await applyTo(kernel, standing);
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

test('a list that somebody changed is put right before a set of the same change takes effect', async () => {
  const lists = new Map([['a', list('203.0.113.1')]]);
  const before = policy('trusted: [{file: a}]\nblock: [203.0.113.2]', { lists });
  const after = policy('trusted: [{file: a}]\nblock: [203.0.113.3]', { lists });
  const kernel = new FakeKernel();
  await applyTo(kernel, before);
  const [name] = kernel.sets.names().filter((each) => each.startsWith('seawall-list4-'));
  kernel.sets.run(`add ${name} 203.0.113.2`);
  const changed: string[] = [];
  kernel.onMoment = ({ text }) => changed.push(text);
  const { wrong } = await watchApply(kernel.clone(), after);
  await applyTo(kernel, after);
  // The other way round, the address would be trusted for a moment: blocked no more, and still in the list.
  expect(wrong.map(wrongText)).toEqual([]);
  expect(changed.filter((line) => line.startsWith('swap'))).toEqual([
    `swap seawall-scratch ${name}`,
    'swap seawall-scratch seawall-block4a',
  ]);
});

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
