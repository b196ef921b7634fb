import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { execute } from '../../../src/apply/execute.ts';
import { readKernel } from '../../../src/live/kernel.ts';
import { liveFingerprint } from '../../../src/plan/fingerprint.ts';
import { restoreSteps } from '../../../src/plan/restore.ts';
import { applyTo, PACKETS, verdicts, watchApply } from '../../support/changing.ts';
import { FakeKernel } from '../../support/fake-kernel.ts';
import type { Verdict } from '../../support/packet.ts';
import { patient, runs } from '../../support/runs.ts';
import { policiesArb } from '../../support/small-world.ts';
import { standingText } from '../../support/whole.ts';
import type { Policy } from '../../../src/policy/policy.ts';

/** At which moments packets were judged as neither of both. */
async function watchReturn(
  kernel: FakeKernel,
  work: () => Promise<void>,
  after: readonly Verdict[],
): Promise<string[]> {
  const before = verdicts(kernel);
  const wrong: string[] = [];
  kernel.onMoment = ({ tool, text }) => {
    const now = verdicts(kernel);
    if (PACKETS.some((_, at) => now[at] !== before[at] && now[at] !== after[at]))
      wrong.push(`${tool} ${text.slice(0, 80)}`);
  };
  await work();
  kernel.onMoment = () => undefined;
  return wrong;
}

/** Stops a change at every moment of it, goes back from there, and checks the way. */
async function backFromEverywhere(start: FakeKernel, wanted: Policy): Promise<void> {
  const before = await readKernel(start, 'whole');
  const [text, judged] = [standingText(start), verdicts(start)];
  const { moments } = await watchApply(start.clone(), wanted);
  for (let killAt = 1; killAt <= moments; killAt++) {
    const kernel = start.clone();
    await watchApply(kernel, wanted, { killAt });
    const back = async (): Promise<void> => execute(kernel, restoreSteps(before, await readKernel(kernel, 'by-name')));
    expect(await watchReturn(kernel, back, judged)).toEqual([]);
    expect(standingText(kernel)).toBe(text);
    expect(liveFingerprint(await readKernel(kernel, 'whole'))).toBe(liveFingerprint(before));
  }
}

test('from every moment of a change the way back leads to what was, and through nothing else', patient, async () => {
  await fc.assert(
    fc.asyncProperty(policiesArb(2), async ([first, second]) => {
      if (!first || !second) throw new Error('two policies were asked for');
      const kernel = new FakeKernel();
      await applyTo(kernel, first);
      await backFromEverywhere(kernel, second);
    }),
    runs(3),
  );
});

test('so it does where a killed run had left sets behind', patient, async () => {
  await fc.assert(
    fc.asyncProperty(policiesArb(3), fc.integer({ min: 1, max: 40 }), async ([first, killed, third], killAt) => {
      if (!first || !killed || !third) throw new Error('three policies were asked for');
      const kernel = new FakeKernel();
      await applyTo(kernel, first);
      await watchApply(kernel, killed, { killAt });
      // Half a set that nothing asks is none that anybody wants back.
      await kernel.exec({ file: 'ipset', args: ['destroy', 'seawall-scratch'] });
      await backFromEverywhere(kernel, third);
    }),
    runs(3),
  );
});

test('from nothing to nothing takes no step, and neither does what stands already', patient, async () => {
  const kernel = new FakeKernel();
  const nothing = await readKernel(kernel, 'whole');
  expect(restoreSteps(nothing, nothing)).toEqual([]);
  await fc.assert(
    fc.asyncProperty(policiesArb(1), async ([only]) => {
      if (only) await applyTo(kernel, only);
      const now = await readKernel(kernel, 'whole');
      expect(restoreSteps(now, now)).toEqual([]);
    }),
    runs(5),
  );
});
