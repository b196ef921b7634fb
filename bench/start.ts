import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanEnvironment } from './environment.ts';
import { milliseconds, times } from './report/format.ts';
import type { Measurement, Result } from './result.ts';
import { paired, scaled } from './rounds.ts';
import { seawallProgram } from './seawall.ts';
import { timed } from './timed.ts';
import { withFolder } from './folder.ts';

/** Its last line is a mistake, so that `status` reads all of it and ends before it looks at the machine. */
const CONFIG = `version: 1
trusted:
  - 192.0.2.7
  - 198.51.100.0/24
  - 2001:db8:1::/48
public: [22/tcp, 443/tcp, 443/udp, 8000-8010/tcp]
allow:
  - {from: [10.9.0.0/16], to: [9100/tcp], note: monitoring}
mistake: true
`;

/** Target 8: what every command costs before it does anything. */
export const start: Measurement = {
  name: 'start',
  targets: [8],
  title: 'Start of the program',
  run: (effort) => withFolder((folder) => measure(folder, effort)),
};

async function measure(folder: string, effort: number): Promise<Result> {
  const config = join(folder, 'seawall.yaml');
  writeFileSync(config, CONFIG);
  const env = cleanEnvironment();
  const node = (words: readonly string[], codes?: readonly number[]) => () => ({
    time: timed([process.execPath, ...words], env, codes).ms,
  });
  const program = seawallProgram();
  const samples = await paired(
    {
      node: node(['-e', '0']),
      version: node([program, '--version']),
      status: node([program, 'status', '--config', config, '--state-dir', folder], [1]),
      again: node(['-e', '0']),
    },
    scaled(60, effort),
  );
  const ratio = (arm: 'version' | 'status' | 'again'): number => samples.ratio(arm, 'node', 'time');
  const row = (name: string, arm: 'node' | 'version' | 'status', target: string): string[] => [
    name,
    milliseconds(samples.median(arm, 'time')),
    arm === 'node' ? '1.00' : times(ratio(arm)),
    target,
  ];
  const bar = (label: string, value: number, kind: 'seawall' | 'control') => ({ label, value, kind });
  return {
    how:
      '`node -e 0` against two starts of Seawall, one after the other, in an environment without `NODE_OPTIONS` and ' +
      '`NODE_EXTRA_CA_CERTS`. The start of `status` is all that it does until it has read and checked its config: the ' +
      'config has a mistake in its last line, so it ends there, before it looks at the machine.',
    verdicts: [
      { target: 8, what: '`--version` / `node -e 0`', ratio: ratio('version'), limit: 1.2, noise: ratio('again') },
      { target: 8, what: 'start of `status` / `node -e 0`', ratio: ratio('status'), limit: 1.9, noise: ratio('again') },
    ],
    tables: [
      {
        head: ['start', 'median', 'ratio', 'target'],
        rows: [
          row('`node -e 0`', 'node', ''),
          row('`seawall --version`', 'version', '1.2'),
          row('`seawall status`, until its config is read', 'status', '1.9'),
        ],
      },
    ],
    pictures: [
      {
        file: 'start',
        title: 'Start of the program, milliseconds',
        bars: [
          bar('node -e 0', samples.median('node', 'time'), 'control'),
          bar('seawall --version', samples.median('version', 'time'), 'seawall'),
          bar('seawall status, config read', samples.median('status', 'time'), 'seawall'),
        ],
        format: milliseconds,
      },
    ],
    notes: [],
  };
}
