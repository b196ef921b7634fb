// Rules that real Docker Engines have made, recorded state by state: Seawall has to read them and to leave them alone.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { execute } from '../../../src/apply/execute.ts';
import { parseSave } from '../../../src/iptables/save.ts';
import { readKernel } from '../../../src/live/kernel.ts';
import { planRemoval } from '../../../src/plan/plan.ts';
import { applyTo } from '../../support/changing.ts';
import { FakeKernel } from '../../support/fake-kernel.ts';
import { foreignText } from '../../support/foreign.ts';
import { policyArb } from '../../support/small-world.ts';

const ROOT = join(import.meta.dirname, '../../corpus/docker-rules');

const recordings = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('tables-save'))
  .toSorted()
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

const policy = fc.sample(policyArb, { numRuns: 1, seed: 1 })[0];
if (!policy) throw new Error('no sample');

test('there are recordings of every engine', () => {
  expect(new Set(recordings.map(({ path }) => path.split('/')[0])).size).toBe(5);
  expect(recordings.length).toBeGreaterThan(50);
});

/** The tables of a file: their names and their text, with the name and `COMMIT`. */
const tablesOf = (text: string): { name: string; table: string }[] =>
  [...text.matchAll(/^\*(\S+)\n[^*]*?^COMMIT\n/gm)].map(([table, name = '']) => ({ name, table }));

describe.each(recordings)('$path', ({ path, text }) => {
  test('every rule of every chain is read, in order', () => {
    const tables = tablesOf(text);
    expect(tables.length).toBeGreaterThan(0);
    for (const { name, table } of tables) {
      const { chains } = parseSave(table.replace(`*${name}`, '*mangle'));
      const lines = table.split('\n').filter((line) => line.startsWith('-A '));
      const read = [...chains].flatMap(([chain, { rules }]) => rules.map((rule) => `-A ${chain} ${rule}`));
      expect(read.toSorted()).toEqual(lines.toSorted());
      for (const [chain, { rules }] of chains)
        expect(rules.map((rule) => `-A ${chain} ${rule}`)).toEqual(
          lines.filter((line) => line.startsWith(`-A ${chain} `)),
        );
      const declared = table.split('\n').filter((line) => line.startsWith(':'));
      expect([...chains].map(([chain, { policy: end }]) => `:${chain} ${end ?? '-'}`)).toEqual(declared);
    }
  });

  test('Seawall comes and goes and leaves it as it was', async () => {
    const family = path.endsWith('ip6tables-save') ? 6 : 4;
    const kernel = new FakeKernel();
    kernel.tables[family].restore(text, { noflush: false, committed: () => undefined });
    const before = kernel.tables[family].save();
    const foreign = foreignText(kernel);
    await applyTo(kernel, policy);
    expect(kernel.tables[family].rules('mangle', 'PREROUTING')[0]).toContain('-j SEAWALL-PRE');
    for (const line of before.split('\n').filter((each) => each.startsWith('-A ')))
      expect(kernel.tables[family].save()).toContain(line);
    expect(withoutEmptyTable(foreignText(kernel))).toBe(withoutEmptyTable(foreign));
    await execute(kernel, planRemoval(await readKernel(kernel, 'whole')));
    expect(withoutEmptyTable(kernel.tables[family].save())).toBe(withoutEmptyTable(before));
  });
});

/** A table that is used for the first time comes into being with its empty chains; nft removes it again (apply/before.ts). */
const withoutEmptyTable = (text: string): string =>
  text.replaceAll(/^# Generated.*\n\*mangle\n(?::\S+ ACCEPT \[0:0\]\n)*COMMIT\n# Completed\n?/gm, '').trim();
