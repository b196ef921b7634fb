// One text file a scenario: config, facts about the machine, and the rules that follow, as the kernel's tools take them.
// UPDATE_GOLDEN=1 rewrites what follows; read the difference before you commit it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outcomeOf } from './outcome.ts';
import { parseScenario, scenarioText } from './scenario.ts';

const FOLDER = join(import.meta.dirname, 'scenarios');

test.each(readdirSync(FOLDER))('%s', (name) => {
  const path = join(FOLDER, name);
  const scenario = parseScenario(readFileSync(path, 'utf8'));
  const outcome = outcomeOf(scenario);
  if (process.env['UPDATE_GOLDEN']) writeFileSync(path, scenarioText(scenario, outcome));
  expect(scenarioText(scenario, outcome)).toBe(readFileSync(path, 'utf8'));
});
