// `npm run nightly`: the fuzz tests with many cases, and those packet tests that have more to do in a night.
// Words: `--fuzz` leaves the packet tests out. FC_RUNS sets how many cases, FC_SEED plays a night again.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Cases of each property about a text; of those that run whole commands, a share. */
const RUNS = process.env.FC_RUNS ?? '20000';
const SEED = process.env.FC_SEED ?? String(randomInt(2 ** 31));
const FUZZ = 'test/unit/fuzz';
const PACKETS = 'test/packets';

const words = process.argv.slice(2);
const nightly = words.includes('--fuzz')
  ? []
  : readdirSync(PACKETS)
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => `${PACKETS}/${name}`)
      .filter((path) => readFileSync(path, 'utf8').includes('SEAWALL_NIGHTLY'));

say(`seed ${SEED}, ${RUNS} cases a property; the same night again: FC_SEED=${SEED} FC_RUNS=${RUNS} npm run nightly`);
const results = [run(['unit'], [FUZZ])];
if (nightly.length > 0) {
  // Packet tests run what was built.
  await import('./build.mjs');
  results.push(run(['packets', 'moments'], nightly));
}
const sum = (key) => results.reduce((all, result) => all + result[key], 0);
say(`seed ${SEED}`);
say(`${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;

function run(projects, paths) {
  const folder = mkdtempSync(join(tmpdir(), 'seawall-nightly-'));
  const report = join(folder, 'report.json');
  const options = [
    ...projects.flatMap((project) => ['--project', project]),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  const env = { ...process.env, SEAWALL_NIGHTLY: '1', FC_RUNS: RUNS, FC_SEED: SEED };
  const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...options, ...paths], {
    stdio: 'inherit',
    env,
  });
  const { numPassedTests: passed, numFailedTests: failed } = read(report);
  rmSync(folder, { recursive: true });
  // A run without any test is no proof of anything.
  return { passed, failed, ok: status === 0 && passed > 0 };
}

function read(report) {
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0 };
  }
}

function say(line) {
  process.stdout.write(`${line}\n`);
}
