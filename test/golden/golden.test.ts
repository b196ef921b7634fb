// One text file a scenario: config, facts about the machine, and the rules that follow, as the kernel's tools take them.
// UPDATE_GOLDEN=1 rewrites what follows; read the difference before you commit it.
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ownPart, parseSave } from '../../src/iptables/save.ts';
import { diffTable } from '../../src/iptables/change.ts';
import { parseSets, sameSet } from '../../src/ipset/save.ts';
import { FAMILIES } from '../../src/net/family.ts';
import { plainFiles } from '../../src/plan/boot-files.ts';
import { FakeKernel } from '../support/fake-kernel.ts';
import { load } from '../support/load.ts';
import { outcomeOf, rulesOf } from './outcome.ts';
import { parseScenario, scenarioPaths, scenarioText } from './scenario.ts';

const paths = scenarioPaths();

test.each(paths)('%s', (_name, path) => {
  const scenario = parseScenario(readFileSync(path, 'utf8'));
  const outcome = outcomeOf(scenario);
  if (process.env['UPDATE_GOLDEN']) writeFileSync(path, scenarioText(scenario, outcome));
  expect(scenarioText(scenario, outcome)).toBe(readFileSync(path, 'utf8'));
});

test.each(paths)('%s: the boot files load, and are what stands then', async (_name, path) => {
  const { ruleset } = rulesOf(parseScenario(readFileSync(path, 'utf8')));
  const kernel = new FakeKernel();
  await load(kernel.exec, plainFiles(ruleset));
  const sets = parseSets(Buffer.from(kernel.sets.save()));
  for (const family of FAMILIES) {
    const table = ownPart(parseSave(kernel.tables[family].save()), family);
    expect(diffTable(ruleset[family], table)).toBeUndefined();
    for (const set of ruleset[family].sets)
      expect([set.name, sameSet(set, sets.get(set.name))]).toEqual([set.name, true]);
  }
});
