import { microseconds, nanoseconds, times } from './report/format.ts';
import type { Bar, Measurement, Result, Verdict } from './result.ts';
import { paired, type Sample, type Samples, scaled } from './rounds.ts';
import { type RuleSet, RuleSets } from './rule-sets.ts';
import { type Place, PLACES, Site } from './site.ts';

/** Target 1: what the rules cost a connection that stands. */
export const established: Measurement = {
  name: 'established',
  targets: [1],
  title: 'Established connections',
  async run(effort) {
    const site = await Site.build(['10.0.0.1']);
    try {
      return report(await measure(site, effort));
    } finally {
      await site.remove();
    }
  },
};

type Arm = Exclude<RuleSet, 'nftables'> | 'again';
type Thing = `${Place} ${'round trip' | 'packet'}`;

const ROUND_TRIPS = 4000;
const PACKETS = 40_000;

async function measure(site: Site, effort: number): Promise<Samples<Arm, Thing>> {
  const rules = await RuleSets.of(site.world);
  const under = (state: RuleSet) => async (): Promise<Sample<Thing>> => {
    rules.enter(state);
    const found: Partial<Record<Thing, number>> = {};
    for (const place of PLACES) {
      await site.roundTrips(place, 500);
      found[`${place} round trip`] = (await site.roundTrips(place, ROUND_TRIPS)).p50;
      found[`${place} packet`] = await site.packets(place, PACKETS);
    }
    return found as Sample<Thing>;
  };
  const arms = { docker: under('docker'), seawall: under('seawall'), usual: under('usual'), again: under('docker') };
  return paired<Arm, Thing>(arms, scaled(25, effort));
}

const WORDS: Readonly<Record<Place, string>> = { host: 'a program of the host', container: 'a published container' };

function report(samples: Samples<Arm, Thing>): Result {
  const verdict = (place: Place, kind: 'round trip' | 'packet', limit: number): Verdict => ({
    target: 1,
    what: `${kind} to ${WORDS[place]} / Docker alone`,
    ratio: samples.ratio('seawall', 'docker', `${place} ${kind}`),
    limit,
    noise: samples.ratio('again', 'docker', `${place} ${kind}`),
  });
  const row = (thing: Thing, what: string, format: (value: number) => string, limit: string): string[] => [
    what,
    format(samples.median('docker', thing)),
    times(samples.ratio('seawall', 'docker', thing)),
    limit,
    times(samples.ratio('usual', 'docker', thing)),
    times(samples.ratio('again', 'docker', thing)),
  ];
  const bars = (thing: Thing): Bar[] => [
    { label: 'Docker alone', value: 1, kind: 'control' },
    { label: 'Seawall', value: samples.ratio('seawall', 'docker', thing), kind: 'seawall' },
    { label: 'DOCKER-USER + ipset', value: samples.ratio('usual', 'docker', thing), kind: 'usual' },
  ];
  return {
    how:
      'A client with open connections to a program of the host and to a published container, on a cable of its own. The ' +
      'rules around them change in turns: those of Docker alone, with Seawall (`apply`, later `down`), and with what ' +
      'people use today, a set of addresses in DOCKER-USER and behind INPUT. A round trip is a byte there and back over ' +
      'TCP, its median; the cost of a packet is that of a datagram of an established flow, from the call that sends it ' +
      "until it lies in its receiver's buffer, the sender's own part included.",
    verdicts: PLACES.flatMap((place) => [verdict(place, 'round trip', 1.02), verdict(place, 'packet', 1.03)]),
    tables: [
      {
        head: ['established', 'Docker alone', 'Seawall', 'target', 'DOCKER-USER + ipset', 'noise'],
        rows: PLACES.flatMap((place) => [
          row(`${place} round trip`, `round trip, ${WORDS[place]}`, microseconds, '1.02'),
          row(`${place} packet`, `packet, ${WORDS[place]}`, nanoseconds, '1.03'),
        ]),
      },
    ],
    pictures: [
      {
        file: 'packet',
        title: 'Cost of a packet to a published container, times Docker alone',
        bars: bars('container packet'),
        limit: 1.03,
        format: times,
      },
    ],
    notes: [],
  };
}
