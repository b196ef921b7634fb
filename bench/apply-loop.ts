import { setTimeout as sleep } from 'node:timers/promises';
import { must } from '../lab/command.ts';
import { createWorld, type World } from '../lab/world.ts';
import { WITHOUT_DISTURBING } from './environment.ts';
import { count, microseconds, times } from './report/format.ts';
import type { Bar, Measurement, Result, Verdict } from './result.ts';
import { paired, type Sample, type Samples, scaled } from './rounds.ts';
import { seawall } from './seawall.ts';
import { CLIENTS, PLACES, Site } from './site.ts';

/** Target 4: what changing the rules over and over does to the traffic of trusted clients. */
export const applyLoop: Measurement = {
  name: 'apply-loop',
  targets: [4],
  title: 'Traffic while the rules change',
  async run(effort) {
    const site = await Site.build(Array.from({ length: 250 }, (_, index) => `10.0.0.${index + 1}`));
    try {
      const twin = await createWorld({ engine: false });
      try {
        return report(await measure(site, twin, effort));
      } finally {
        await twin.remove();
      }
    } finally {
      await site.remove();
    }
  },
};

/** No changes; changes on another host; changes on the host with the traffic. */
type Arm = 'still' | 'elsewhere' | 'here' | 'again';
const THINGS = ['round trip', 'connection', 'failed', 'repeated', 'connections', 'applies'] as const;
type Thing = (typeof THINGS)[number];

const ROUND_TRIPS = 40_000;
const CONNECTIONS = 8000;

/** Each differs from the other in the trusted set and in the public ports. */
const CONFIGS = [
  `version: 1\ntrusted: [192.0.2.0/30, ${CLIENTS}, 198.51.100.0/24]\npublic: [22/tcp]\n`,
  `version: 1\ntrusted: [192.0.2.0/30, ${CLIENTS}, 203.0.113.0/24]\npublic: [22/tcp, 443/tcp]\n`,
] as const;

async function measure(site: Site, twin: World, effort: number): Promise<Samples<Arm, Thing>> {
  for (const world of [site.world, twin]) {
    await world.writeConfig(CONFIGS[0]);
    seawall(world, ['apply', '--yes']);
  }
  const during = (changing: World | undefined) => async (): Promise<Sample<Thing>> => {
    const loop = changing === undefined ? undefined : new Loop(changing);
    await sleep(200);
    const found = await traffic(site);
    return { ...found, applies: (await loop?.stop()) ?? 0 };
  };
  const arms = { still: during(undefined), elsewhere: during(twin), here: during(site.world), again: during(twin) };
  return paired<Arm, Thing>(arms, scaled(12, effort));
}

/** The worse of host and container. */
async function traffic(site: Site): Promise<Omit<Sample<Thing>, 'applies'>> {
  const trips: number[] = [];
  const all = [];
  const before = await site.repeated();
  for (const place of PLACES) {
    trips.push((await site.roundTrips(place, ROUND_TRIPS)).p99);
    all.push(await site.connections(place, CONNECTIONS));
  }
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
  return {
    'round trip': Math.max(...trips),
    connection: Math.max(...all.map(({ byteP99 }) => byteP99)),
    failed: sum(all.map(({ failed }) => failed)),
    repeated: (await site.repeated()) - before,
    connections: PLACES.length * CONNECTIONS,
  };
}

/** Applies one config and the other in turns until it is stopped. */
class Loop {
  readonly #world: World;
  readonly #done: Promise<number>;
  #stopped = false;

  constructor(world: World) {
    this.#world = world;
    this.#done = this.#run();
  }

  /** Waits for the last apply and returns how many there were. */
  stop(): Promise<number> {
    this.#stopped = true;
    return this.#done;
  }

  async #run(): Promise<number> {
    let applies = 0;
    for (; !this.#stopped; applies++) {
      await this.#world.writeConfig(CONFIGS[applies % 2 === 0 ? 1 : 0]);
      const argv = [...this.#world.enter('host'), ...this.#world.seawallArgv(['apply', '--yes'])];
      await must(argv, { env: WITHOUT_DISTURBING });
    }
    return applies;
  }
}

function report(samples: Samples<Arm, Thing>): Result {
  const ratio = (arm: Arm, thing: Thing): number => samples.ratio(arm, 'elsewhere', thing);
  const failures = samples.sum('here', 'failed') + samples.sum('here', 'repeated');
  const total = count(samples.sum('here', 'connections'));
  const applies = count(samples.sum('here', 'applies'));
  const tail = (what: string, thing: Thing, limit: number): Verdict => ({
    target: 4,
    what: `${what}, rules changing here / elsewhere`,
    ratio: ratio('here', thing),
    limit,
    noise: ratio('again', thing),
  });
  const row = (what: string, thing: Thing, target: string): string[] => [
    what,
    microseconds(samples.median('still', thing)),
    microseconds(samples.median('elsewhere', thing)),
    microseconds(samples.median('here', thing)),
    times(ratio('here', thing)),
    target,
    times(ratio('again', thing)),
  ];
  const bar = (label: string, arm: Arm, kind: Bar['kind']): Bar => ({
    label,
    value: samples.median(arm, 'connection'),
    kind,
  });
  return {
    how:
      '`seawall apply` in a loop, each time with other trusted addresses and other public ports, while trusted clients ' +
      'exchange bytes and open connections, to the host and to a container. The traffic has one processor core, the loop ' +
      'the other. In the control the same loop runs on another host of the same machine: it takes as much of the ' +
      'processor, but changes no rule that the traffic meets. 99 of 100 are faster than what is shown; of host and ' +
      'container the slower one counts.',
    verdicts: [
      {
        target: 4,
        what: `connections that failed or repeated a packet, of ${total} during ${applies} applies`,
        ratio: failures,
        limit: 0,
      },
      tail('round trip p99', 'round trip', 1.05),
      tail('new connection p99', 'connection', 1.1),
    ],
    tables: [
      {
        head: ['99th percentile', 'no changes', 'changes elsewhere', 'changes here', 'ratio', 'target', 'noise'],
        rows: [row('round trip', 'round trip', '1.05'), row('new connection', 'connection', '1.1')],
      },
    ],
    pictures: [
      {
        file: 'apply-loop',
        title: 'New connections while rules change, 99th percentile, microseconds',
        bars: [
          bar('no changes', 'still', 'control'),
          bar('changes on another host', 'elsewhere', 'control'),
          bar('changes on this host', 'here', 'seawall'),
        ],
        limit: 1.1 * samples.median('elsewhere', 'connection'),
        format: microseconds,
      },
    ],
    notes: [],
  };
}
