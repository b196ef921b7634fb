import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readKernel } from '../../../src/live/kernel.ts';
import { liveFingerprint } from '../../../src/plan/fingerprint.ts';
import { makePlan } from '../../../src/plan/plan.ts';
import { planData, readPlan } from '../../../src/plan/plan-file.ts';
import { toJson } from '../../../src/report/json.ts';
import { applyTo } from '../../support/changing.ts';
import { FakeKernel } from '../../support/fake-kernel.ts';
import { policy } from '../../support/machine.ts';
import { patient, runs } from '../../support/runs.ts';
import { policiesArb } from '../../support/small-world.ts';
import { standingText, whole } from '../../support/whole.ts';

const ZONES = { internal: ['docker0'], except: [], outer: ['eth0'], bridges: [] };

interface Data {
  readonly steps: readonly { readonly tool: string; readonly input: string }[];
  readonly undo: Data['steps'];
}

/** Feeds texts to the tools by hand, as a person would. */
async function feed(kernel: FakeKernel, steps: Data['steps']): Promise<void> {
  for (const { tool, input } of steps) {
    const [file = '', ...args] = tool.split(' ');
    const { code, stderr } = await kernel.exec({ file, args, input: [input] });
    if (code !== 0) throw new Error(stderr);
  }
}

test('a plan survives JSON; its steps and their undo work by hand', patient, async () => {
  await fc.assert(
    fc.asyncProperty(policiesArb(2), async ([first, second]) => {
      if (!first || !second) throw new Error('two policies were asked for');
      const kernel = new FakeKernel();
      await applyTo(kernel, first);
      const live = await readKernel(kernel, 'whole');
      const [text, plan] = [standingText(kernel), makePlan(second, live)];
      const json = toJson(planData(plan, live, '# é\nversion: 1\n', ZONES));
      const read = readPlan(json);
      expect(read && whole(read.target)).toBe(whole(plan.target));
      expect(read).toMatchObject({ madeFrom: liveFingerprint(live), config: '# é\nversion: 1\n', zones: ZONES });
      const { steps, undo } = JSON.parse(json) as Data;
      const byHand = kernel.clone();
      await feed(byHand, steps);
      await applyTo(kernel, second);
      expect(standingText(byHand)).toBe(standingText(kernel));
      await feed(byHand, undo);
      expect(standingText(byHand)).toBe(text);
    }),
    runs(12),
  );
});

describe('no plan', () => {
  const good = async (): Promise<Record<string, unknown>> => {
    const live = await readKernel(new FakeKernel(), 'whole');
    const plan = makePlan(policy('trusted: [203.0.113.7]'), live);
    return JSON.parse(toJson(planData(plan, live, 'version: 1\n', ZONES))) as Record<string, unknown>;
  };

  test.each(['', '{', 'null', '[]', '"seawall-plan"', '{"kind":"seawall-plan"}', '{"schemaVersion":1}'])(
    'is in %j',
    (text) => {
      expect(readPlan(text)).toBeUndefined();
    },
  );

  test('is one of another version or kind, or with a part missing or broken', async () => {
    const data = await good();
    expect(readPlan(JSON.stringify(data))).toBeDefined();
    for (const key of ['schemaVersion', 'kind', 'madeFrom', 'config', 'zones', 'files'])
      for (const value of [undefined, null, 2, 'other', {}]) {
        if (key === 'config' && typeof value === 'string') continue;
        expect([key, value, readPlan(JSON.stringify({ ...data, [key]: value }))]).toEqual([key, value, undefined]);
      }
  });
});
