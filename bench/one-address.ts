import { createWorld, type World } from '../lab/world.ts';
import { join } from 'node:path';
import { prefixes, writeLines } from './prefixes.ts';
import { milliseconds, times } from './report/format.ts';
import type { Measurement, Result } from './result.ts';
import { paired, scaled } from './rounds.ts';
import { seawall } from './seawall.ts';

/** Target 6: one address more, beside a long list. */
export const oneAddress: Measurement = {
  name: 'one-address',
  targets: [6],
  title: 'One more address',
  async run(effort) {
    const worlds: World[] = [];
    try {
      const long = await host(worlds, 1_000_000);
      const short = await host(worlds, 1000);
      return await measure(long, short, effort);
    } finally {
      for (const world of worlds) await world.remove();
    }
  },
};

/** A host that trusts a list of so many prefixes. */
async function host(worlds: World[], entries: number): Promise<World> {
  const world = await createWorld({ engine: false });
  worlds.push(world);
  const list = join(world.dir, 'list.txt');
  await writeLines(list, prefixes('mixed', entries));
  await world.writeConfig(`version: 1\ntrusted:\n  - {file: ${list}}\npublic: [22/tcp]\n`);
  seawall(world, ['apply', '--yes']);
  // What is known of a file counts only if it wasn't written at the same moment: the second look keeps it.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  seawall(world, ['apply', '--yes']);
  return world;
}

async function measure(long: World, short: World, effort: number): Promise<Result> {
  let address = 0;
  const add = (world: World) => (): { time: number } => {
    address++;
    return { time: seawall(world, ['trust', 'add', `10.1.${address >> 8}.${address & 255}`, '--yes']).ms };
  };
  const samples = await paired({ long: add(long), short: add(short), again: add(short) }, scaled(30, effort));
  const ratio = samples.ratio('long', 'short', 'time');
  const median = (arm: 'long' | 'short'): number => samples.median(arm, 'time');
  return {
    how:
      '`seawall trust add ADDRESS --yes` on two hosts that differ in the length of a trusted list alone. It edits the ' +
      'config, reads the machine, changes the set and leaves the files for the next boot.',
    verdicts: [
      {
        target: 6,
        what: 'one address added beside 10^6 entries / beside 10^3',
        ratio,
        limit: 1.2,
        noise: samples.ratio('again', 'short', 'time'),
      },
    ],
    tables: [
      {
        head: ['`trust add` beside', 'median', 'ratio', 'target'],
        rows: [
          ['1,000 entries', milliseconds(median('short')), '1.00', ''],
          ['1,000,000 entries', milliseconds(median('long')), times(ratio), '1.2'],
        ],
      },
    ],
    pictures: [
      {
        file: 'one-address',
        title: 'seawall trust add, milliseconds',
        bars: [
          { label: 'beside 1,000 entries', value: median('short'), kind: 'control' },
          { label: 'beside 1,000,000 entries', value: median('long'), kind: 'seawall' },
        ],
        limit: 1.2 * median('short'),
        format: milliseconds,
      },
    ],
    notes: [],
  };
}
