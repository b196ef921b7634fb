import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { holds, type Measurement, type Result, type Verdict } from '../result.ts';
import { svgOf } from './svg.ts';
import { markdownTable } from './text-table.ts';

const HEAD = `# Performance

Made by \`npm run bench\`; don't edit it by hand. Absolute times belong to the machine below, ratios travel better: both
sides of each were measured in turns in the same run (A B, B A, A B …), and a figure is the median of the rounds' own
ratios. "Noise" is the control measured against itself in the same rounds: what lies within it says nothing. Traffic runs
through real namespaces, a real dockerd and real packets, with the whole path on one processor core.
`;

/** Writes performance.md and pictures/*.svg into the folder. */
export async function writeDocument(folder: string, results: ReadonlyMap<Measurement, Result>): Promise<void> {
  const pictures = join(folder, 'pictures');
  mkdirSync(pictures, { recursive: true });
  for (const { pictures: all } of results.values()) {
    for (const picture of all) writeFileSync(join(pictures, `bench-${picture.file}.svg`), svgOf(picture));
  }
  const sections = [...results].map(([measurement, result]) => section(measurement, result));
  const parts = [HEAD, machine(), overview([...results.values()].flatMap(({ verdicts }) => verdicts)), ...sections];
  writeFileSync(join(folder, 'performance.md'), parts.join('\n'));
}

function machine(): string {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const first = (file: string, words: string[]): string =>
    execFileSync(file, words, { encoding: 'utf8' }).split('\n')[0]?.trim() ?? '';
  const rows = [
    ['processor', `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${memory}`],
    ['kernel', release()],
    [
      'tools',
      [first('iptables', ['--version']), first('ipset', ['--version']), first('dockerd', ['--version'])].join('; '),
    ],
    ['Node', process.version],
  ];
  return `${markdownTable({ head: ['', ''], rows })}\n`;
}

function overview(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map((verdict) => [
    String(verdict.target),
    verdict.what,
    verdict.ratio.toFixed(3),
    verdict.limit.toFixed(2),
    verdict.noise?.toFixed(3) ?? '',
    holds(verdict) ? 'holds' : '**misses**',
  ]);
  return `## Targets\n\n${markdownTable({ head: ['target', 'what', 'ratio', 'at most', 'noise', ''], rows })}\n`;
}

function section({ title }: Measurement, { how, tables, pictures, notes }: Result): string {
  return [
    `## ${title}\n`,
    `${how}\n`,
    ...pictures.map(({ file, title: alt }) => `![${alt}](pictures/bench-${file}.svg)\n`),
    ...tables.map((table) => `${markdownTable(table)}\n`),
    ...notes.map((note) => `${note}\n`),
  ].join('\n');
}
