import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readKernel } from '../../../src/live/kernel.ts';
import { makePlan } from '../../../src/plan/plan.ts';
import { applyTo, watchApply, wrongText } from '../../support/changing.ts';
import { FakeKernel } from '../../support/fake-kernel.ts';
import { patient, runs } from '../../support/runs.ts';
import { policiesArb } from '../../support/small-world.ts';

const readingArb = fc.constantFrom('whole' as const, 'by-name' as const);

test('at every moment of a change, every packet is judged as before it or as after it', patient, async () => {
  await fc.assert(
    fc.asyncProperty(policiesArb(3), readingArb, async (policies, sets) => {
      const kernel = new FakeKernel();
      for (const policy of policies) {
        const { wrong } = await watchApply(kernel, policy, { sets });
        expect(wrong.map(wrongText)).toEqual([]);
        expect(makePlan(policy, await readKernel(kernel, 'whole')).steps).toEqual([]);
      }
    }),
    runs(15),
  );
});

const killsArb = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 2, maxLength: 2 });

test('so it is when a run is killed anywhere and another change follows', patient, async () => {
  await fc.assert(
    fc.asyncProperty(policiesArb(4), killsArb, readingArb, async (policies, kills, sets) => {
      const kernel = new FakeKernel();
      for (const [index, policy] of policies.entries()) {
        // The first run stands, the next two are killed, the last one has to bring everything in order.
        const killAt = kills[index - 1] ?? Infinity;
        const { wrong } = await watchApply(kernel, policy, { sets, killAt });
        expect(wrong.map(wrongText)).toEqual([]);
      }
      const last = policies.at(-1);
      if (last) expect(makePlan(last, await readKernel(kernel, 'whole')).steps).toEqual([]);
    }),
    runs(15),
  );
});

test('the second apply runs nothing', patient, async () => {
  await fc.assert(
    fc.asyncProperty(policiesArb(2), readingArb, async (policies, sets) => {
      const kernel = new FakeKernel();
      for (const policy of policies) {
        await applyTo(kernel, policy, sets);
        expect(await applyTo(kernel, policy, sets)).toEqual([]);
      }
    }),
    runs(15),
  );
});
