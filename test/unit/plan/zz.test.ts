import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readKernel } from '../../../src/live/kernel.ts';
import { makePlan } from '../../../src/plan/plan.ts';
import { applyTo, watchApply, type Wrong } from '../../support/changing.ts';
import { FakeKernel } from '../../support/fake-kernel.ts';
import { foreignText } from '../../support/foreign.ts';
import { patient, runs } from '../../support/runs.ts';
import { policiesArb } from '../../support/small-world.ts';
import { tableTamperingArb, tamperingArb } from '../../support/tamper.ts';
const shown = (wrong: readonly Wrong[]): string[] =>
  wrong.map(({ moment, packet, before, verdict }) =>
    `${moment.tool} ${moment.text.split('\n')[0]}: IPv${packet.family} ${packet.protocol} ${packet.source.value & 7n} ${packet.link}>${packet.out ?? packet.to}:${packet.port} was ${before}, is ${verdict}`);
for (const [name, arb] of [['tables', tableTamperingArb], ['all', tamperingArb]] as const)
for (const strict of [false, true])
test(`${name} ${strict}`, patient, async () => {
  await fc.assert(
    fc.asyncProperty(policiesArb(2), arb, async ([first, second], tamperings) => {
      const kernel = new FakeKernel();
      if (!first || !second) return;
      kernel.tables[4].restore('*mangle\n-A PREROUTING -i eth9 -j MARK --set-xmark 0x1/0xffffffff\nCOMMIT\n', { noflush: true, committed() {} });
      await applyTo(kernel, first);
      for (const tamper of tamperings) tamper(kernel);
      const foreign = foreignText(kernel);
      const { wrong } = await watchApply(kernel, second, {});
      if (strict) expect(shown(wrong)).toEqual([]);
      expect(foreignText(kernel)).toBe(foreign);
      expect(makePlan(second, await readKernel(kernel, 'whole')).steps).toEqual([]);
    }),
    { ...runs(100) },
  );
});
