// `npm test`: sets up what is missing, builds, runs every test. Words behind `--` go to vitest: npm test -- --project unit
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setup } from './setup.mjs';

const words = process.argv.slice(2);
setup({ packages: !words.includes('unit') });
await import('./build.mjs');

// Tests that inject faults write down here what came of it.
rmSync('dist/faults.jsonl', { force: true });

const folder = mkdtempSync(join(tmpdir(), 'seawall-test-'));
const report = join(folder, 'report.json');
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...words], {
  stdio: 'inherit',
});
const { numPassedTests, numFailedTests, numTotalTestSuites } = readReport();
rmSync(folder, { recursive: true });
process.stdout.write(`${numPassedTests} passed, ${numFailedTests} failed\n`);
// A run without any test is no proof of anything.
process.exitCode = status === 0 && numPassedTests > 0 && numTotalTestSuites > 0 ? 0 : 1;

function readReport() {
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numTotalTestSuites: 0 };
  }
}
