import { join } from 'node:path';
import { createWorld, type World } from '../lab/world.ts';
import { repositoryRoot } from '../lab/repository.ts';
import { milliseconds, times } from './report/format.ts';
import type { Measurement, Result } from './result.ts';
import { paired, scaled } from './rounds.ts';
import { onHost, seawall } from './seawall.ts';

const CONFIG = `version: 1
trusted:
  - 192.0.2.7
  - 198.51.100.0/24
  - 2001:db8:1::/48
public: [22/tcp, 443/tcp, 443/udp, 8000-8010/tcp]
allow:
  - {from: [10.9.0.0/16], to: [9100/tcp], note: monitoring}
`;

/** Target 7: the commands that find nothing to do, against reading the same state by the tools alone. */
export const commands: Measurement = {
  name: 'commands',
  targets: [7],
  title: 'Commands that change nothing',
  async run(effort) {
    const world = await createWorld();
    try {
      return await measure(world, effort);
    } finally {
      await world.remove();
    }
  },
};

async function measure(world: World, effort: number): Promise<Result> {
  await world.engine.containers.run({ name: 'web', cmd: ['/bin/sleep', '600'], publish: ['8080:80'] });
  await world.writeConfig(CONFIG);
  seawall(world, ['apply', '--yes']);
  const read = [process.execPath, join(repositoryRoot(), 'dist/bench/read-state.mjs')];
  const samples = await paired(
    {
      read: () => ({ time: onHost(world, read).ms }),
      status: () => ({ time: seawall(world, ['status']).ms }),
      plan: () => ({ time: seawall(world, ['plan']).ms }),
      apply: () => ({ time: seawall(world, ['apply', '--yes']).ms }),
      again: () => ({ time: onHost(world, read).ms }),
    },
    scaled(40, effort),
  );
  const names = ['status', 'plan', 'apply'] as const;
  const ratio = (name: (typeof names)[number] | 'again'): number => samples.ratio(name, 'read', 'time');
  const control = samples.median('read', 'time');
  return {
    how:
      'A host with a dockerd, a container and Seawall, where all is as configured. The control is a program of 30 lines ' +
      'for Node that does nothing but read the same state by the same tools, all at once: the rules of both IP versions, ' +
      "the sets, the links and routes, Docker's networks.",
    verdicts: names.map((name) => ({
      target: 7,
      what: `\`seawall ${name}\`, nothing to do / reading the state`,
      ratio: ratio(name),
      limit: 1.5,
      noise: ratio('again'),
    })),
    tables: [
      {
        head: ['command', 'median', 'ratio', 'target'],
        rows: [
          ['reading the state', milliseconds(control), '1.00', ''],
          ...names.map((name) => [
            `\`seawall ${name}\``,
            milliseconds(samples.median(name, 'time')),
            times(ratio(name)),
            '1.5',
          ]),
        ],
      },
    ],
    pictures: [
      {
        file: 'commands',
        title: 'Commands that change nothing, milliseconds',
        bars: [
          { label: 'reading the state by the tools', value: control, kind: 'control' },
          ...names.map((name) => ({
            label: `seawall ${name}`,
            value: samples.median(name, 'time'),
            kind: 'seawall' as const,
          })),
        ],
        limit: 1.5 * control,
        format: milliseconds,
      },
    ],
    notes: [],
  };
}
