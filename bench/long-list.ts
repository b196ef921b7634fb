import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createWorld, type World } from '../lab/world.ts';
import { prefixes, type Shape, writeLines } from './prefixes.ts';
import { count, seconds, times } from './report/format.ts';
import type { Measurement, Result, Verdict } from './result.ts';
import { paired, type Samples, scaled } from './rounds.ts';
import { onHost, seawall } from './seawall.ts';

const ENTRIES = 1_000_000;
const MEMORY_LIMIT_MB = 200;
const SHAPES = ['single', 'mixed'] as const satisfies readonly Shape[];
const NAMES: Readonly<Record<Shape, string>> = { single: 'single addresses', mixed: 'ten prefix lengths' };

/** Target 5: a list of 10^6 prefixes from its file into the kernel, on a host where nothing of it is known yet. */
export const longList: Measurement = {
  name: 'long-list',
  targets: [5],
  title: 'A list of a million prefixes',
  async run(effort) {
    const world = await createWorld({ engine: false });
    try {
      return report(await measureAll(world, effort));
    } finally {
      await world.remove();
    }
  },
};

type Arm = 'ipset' | 'seawall' | 'again';
type Found = Readonly<Record<Shape, { readonly samples: Samples<Arm, 'time'>; readonly peakMb: number }>>;

async function measureAll(world: World, effort: number): Promise<Found> {
  return { single: await measure(world, 'single', effort), mixed: await measure(world, 'mixed', effort) };
}

async function measure(world: World, shape: Shape, effort: number): Promise<Found[Shape]> {
  const list = join(world.dir, 'list.txt');
  await writeLines(list, prefixes(shape, ENTRIES));
  const restore = join(world.dir, 'list.ipset');
  // Large enough from the start: growing while it is filled would cost the control more.
  const create = `create plain hash:net family inet hashsize ${2 ** 19} maxelem ${ENTRIES}\n`;
  await writeLines(restore, prefixes(shape, ENTRIES), create, 'add plain ');
  await world.writeConfig(`version: 1\ntrusted:\n  - {file: ${list}}\npublic: [22/tcp]\n`);
  const raw = (): { time: number } => {
    const { ms } = onHost(world, ['sh', '-c', `exec ipset restore <${restore}`]);
    onHost(world, ['ipset', 'destroy', 'plain']);
    return { time: ms };
  };
  const samples = await paired(
    {
      ipset: raw,
      seawall: () => {
        const { ms } = seawall(world, ['apply', '--yes']);
        forget(world);
        return { time: ms };
      },
      again: raw,
    },
    scaled(7, effort),
  );
  const peakMb = peakMemory(world);
  forget(world);
  return { samples, peakMb };
}

/** As before the first apply: neither sets nor the compiled form of the list. */
function forget(world: World): void {
  seawall(world, ['down', '--yes']);
  rmSync(world.stateDir, { recursive: true, force: true });
}

/** The largest resident size of `seawall apply` in MB, as the kernel counted it for the process itself. */
function peakMemory(world: World): number {
  const hook = join(world.dir, 'peak.cjs');
  const result = join(world.dir, 'peak');
  const write = `require('node:fs').writeFileSync(${JSON.stringify(result)}, String(process.resourceUsage().maxRSS))`;
  writeFileSync(hook, `process.on('exit', () => ${write});\n`);
  const [node = '', ...rest] = world.seawallArgv(['apply', '--yes']);
  onHost(world, [node, '--require', hook, ...rest]);
  return Number(readFileSync(result, 'utf8')) / 1024;
}

function report(found: Found): Result {
  const ratio = (shape: Shape, arm: Arm): number => found[shape].samples.ratio(arm, 'ipset', 'time');
  const median = (shape: Shape, arm: Arm): number => found[shape].samples.median(arm, 'time') / 1000;
  const verdicts = SHAPES.flatMap((shape): Verdict[] => [
    {
      target: 5,
      what: `10^6 ${NAMES[shape]} from file to live / \`ipset restore\``,
      ratio: ratio(shape, 'seawall'),
      limit: 1.25,
      noise: ratio(shape, 'again'),
    },
    {
      target: 5,
      what: `peak memory with 10^6 ${NAMES[shape]} / ${MEMORY_LIMIT_MB} MB`,
      ratio: found[shape].peakMb / MEMORY_LIMIT_MB,
      limit: 1,
    },
  ]);
  return {
    how:
      `${count(ENTRIES)} IPv4 prefixes in random order, one a line, of which no two can be merged, and the first ` +
      '`seawall apply --yes` on a host that knows nothing of them: reading the file, checking it, making the sets and the ' +
      'rules, writing the files for the next boot. The control is `ipset restore` of the same prefixes, ready as its ' +
      'input, into a set that is as large as it has to be from the start. Memory is the largest resident size of ' +
      'Seawall itself.',
    verdicts,
    tables: [
      {
        head: ['list', '`ipset restore`', '`seawall apply`', 'ratio', 'target', 'peak memory'],
        rows: SHAPES.map((shape) => [
          NAMES[shape],
          seconds(median(shape, 'ipset')),
          seconds(median(shape, 'seawall')),
          times(ratio(shape, 'seawall')),
          '1.25',
          `${found[shape].peakMb.toFixed(0)} MB`,
        ]),
      },
    ],
    pictures: [
      {
        file: 'long-list',
        title: 'A million prefixes from file to live, seconds',
        bars: SHAPES.flatMap((shape) => [
          { label: `ipset restore, ${NAMES[shape]}`, value: median(shape, 'ipset'), kind: 'control' },
          { label: `seawall apply, ${NAMES[shape]}`, value: median(shape, 'seawall'), kind: 'seawall' },
        ]),
        format: seconds,
      },
    ],
    notes: [],
  };
}
