import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../lab/repository.ts';
import { MEASUREMENTS } from './measurements.ts';
import { writeDocument } from './report/document.ts';
import { textTable } from './report/text-table.ts';
import { holds, type Measurement, type Result, verdictLine } from './result.ts';

const HELP = `npm run bench [-- WORD...]

  5 6           only the measurements of targets 5 and 6
  rule-counts   a measurement by its name: ${MEASUREMENTS.map(({ name }) => name).join(', ')}
  --quick       few rounds: a look, no figures to publish

All of them without --quick write docs/performance.md and its pictures.
`;

/** A fifth of the rounds shows the order of magnitude. */
const QUICK_EFFORT = 0.2;

async function main(words: readonly string[]): Promise<number> {
  if (words.includes('--help')) {
    console.log(HELP);
    return 0;
  }
  const quick = words.includes('--quick');
  const asked = words.filter((word) => word !== '--quick');
  const unknown = asked.find((word) => !MEASUREMENTS.some((each) => isAsked(each, [word])));
  if (unknown !== undefined) {
    console.error(`there is no measurement ${unknown}\n\n${HELP}`);
    return 1;
  }
  const chosen = MEASUREMENTS.filter((each) => asked.length === 0 || isAsked(each, asked));
  const results = new Map<Measurement, Result>();
  for (const each of chosen) results.set(each, await measure(each, quick ? QUICK_EFFORT : 1));
  console.log(`\n${summary([...results.values()])}`);
  if (chosen.length === MEASUREMENTS.length && !quick) await writeDocument(join(repositoryRoot(), 'docs'), results);
  return [...results.values()].every(({ verdicts }) => verdicts.every(holds)) ? 0 : 2;
}

const isAsked = ({ name, targets }: Measurement, words: readonly string[]): boolean =>
  words.some((word) => word === name || targets.some((target) => word === String(target)));

async function measure(each: Measurement, effort: number): Promise<Result> {
  console.error(`${each.title} …`);
  const from = performance.now();
  const result = await each.run(effort);
  for (const table of result.tables) console.log(`\n${textTable(table)}`);
  for (const note of result.notes) console.log(note);
  for (const verdict of result.verdicts) console.log(verdictLine(verdict));
  console.error(`(${((performance.now() - from) / 1000).toFixed(0)} s)`);
  return result;
}

function summary(results: readonly Result[]): string {
  const rows = results.flatMap(({ verdicts }) =>
    verdicts.map((verdict) => [
      String(verdict.target),
      verdict.what.replaceAll('`', ''),
      verdict.ratio.toFixed(3),
      verdict.limit.toFixed(2),
      verdict.noise?.toFixed(3) ?? '',
      holds(verdict) ? 'holds' : 'MISSES',
    ]),
  );
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, Linux ${release()}, Node ${process.version}`;
  return `${textTable({ head: ['target', 'what', 'ratio', 'limit', 'noise', ''], rows })}\n${machine}`;
}

process.exitCode = await main(process.argv.slice(2));
