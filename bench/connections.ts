import { join } from 'node:path';
import { dotted, randomFrom, writeLines } from './prefixes.ts';
import { microseconds, times } from './report/format.ts';
import type { Measurement, Result, Verdict } from './result.ts';
import { paired, type Sample, type Samples, scaled } from './rounds.ts';
import { type RuleSet, RuleSets } from './rule-sets.ts';
import { seawall } from './seawall.ts';
import { type Place, PLACES, Site } from './site.ts';

/** Target 2: what the rules cost a new connection, and what the length of a list adds. */
export const connections: Measurement = {
  name: 'connections',
  targets: [2],
  title: 'New connections',
  async run(effort) {
    const site = await Site.build(sources());
    try {
      const byRules = await measureRules(site, effort);
      return report(byRules, await measureLength(site, effort));
    } finally {
      await site.remove();
    }
  },
};

type Arm = Exclude<RuleSet, 'nftables'> | 'again';
type Thing = `${Place} ${'byte' | 'open'}`;
type Lengths = 'short' | 'long' | 'again';

/**
 * Both lists trust every source: the short one by 1,024 networks of /19, every second one of 10.0.0.0/8 (neighbours would
 * be merged), the long one by a million single addresses, half of them in these networks. So the rules and the number of
 * look-ups are the same, and what differs is how many entries a look-up has to tell apart.
 */
const NETWORKS = 1024;
const NETWORK_BITS = 13;
const TEN = 10 * 2 ** 24;
const LONG = 1_000_000;

const CONNECTIONS = 2000;

function* networks(): Generator<string> {
  for (let i = 0; i < NETWORKS; i++) yield `${dotted(TEN + i * 2 ** (NETWORK_BITS + 1))}/${32 - NETWORK_BITS}`;
}

/** One of every 16 addresses, so that no two are neighbours. */
function* addresses(): Generator<number> {
  const random = randomFrom(1);
  for (let i = 0; i < LONG; i++) yield TEN + i * 16 + Math.floor(random() * 8) * 2;
}

function sources(): string[] {
  const inNetwork = (address: number): boolean => ((address >>> NETWORK_BITS) & 1) === 0;
  return [...addresses()].filter(inNetwork).map(dotted);
}

async function sample(site: Site): Promise<Sample<Thing>> {
  const found: Partial<Record<Thing, number>> = {};
  for (const place of PLACES) {
    const { open, byte, failed } = await site.connections(place, CONNECTIONS);
    if (failed > 0) throw new Error(`${failed} of ${CONNECTIONS} connections failed`);
    found[`${place} byte`] = byte;
    found[`${place} open`] = open;
  }
  return found as Sample<Thing>;
}

async function measureRules(site: Site, effort: number): Promise<Samples<Arm, Thing>> {
  const rules = await RuleSets.of(site.world);
  const under = (state: RuleSet) => (): Promise<Sample<Thing>> => {
    rules.enter(state);
    return sample(site);
  };
  const arms = { docker: under('docker'), seawall: under('seawall'), usual: under('usual'), again: under('docker') };
  const samples = await paired<Arm, Thing>(arms, scaled(25, effort));
  rules.enter('docker');
  return samples;
}

async function measureLength(site: Site, effort: number): Promise<Samples<Lengths, Thing>> {
  const { world } = site;
  const files = { short: join(world.dir, 'short.txt'), long: join(world.dir, 'long.txt') };
  await writeLines(files.short, networks());
  await writeLines(files.long, [...addresses()].map(dotted));
  const beside = (list: 'short' | 'long') => async (): Promise<Sample<Thing>> => {
    await world.writeConfig(`version: 1\ntrusted:\n  - 192.0.2.0/30\n  - {file: ${files[list]}}\npublic: [22/tcp]\n`);
    seawall(world, ['apply', '--yes']);
    return sample(site);
  };
  return paired<Lengths, Thing>(
    { short: beside('short'), long: beside('long'), again: beside('short') },
    scaled(10, effort),
  );
}

const WORDS: Readonly<Record<Place, string>> = { host: 'a program of the host', container: 'a published container' };

function report(rules: Samples<Arm, Thing>, lengths: Samples<Lengths, Thing>): Result {
  const verdicts = PLACES.flatMap((place): Verdict[] => [
    {
      target: 2,
      what: `new connection to ${WORDS[place]} / Docker alone`,
      ratio: rules.ratio('seawall', 'docker', `${place} byte`),
      limit: 1.03,
      noise: rules.ratio('again', 'docker', `${place} byte`),
    },
    {
      target: 2,
      what: `new connection to ${WORDS[place]}, 10^6 trusted entries / 10^3`,
      ratio: lengths.ratio('long', 'short', `${place} byte`),
      limit: 1.03,
      noise: lengths.ratio('again', 'short', `${place} byte`),
    },
  ]);
  const row = (place: Place, part: 'byte' | 'open', what: string, limit: string): string[] => [
    `${what}, ${WORDS[place]}`,
    microseconds(rules.median('docker', `${place} ${part}`)),
    times(rules.ratio('seawall', 'docker', `${place} ${part}`)),
    limit,
    times(rules.ratio('usual', 'docker', `${place} ${part}`)),
    times(rules.ratio('again', 'docker', `${place} ${part}`)),
  ];
  const lengthRow = (place: Place, part: 'byte' | 'open', what: string, limit: string): string[] => [
    `${what}, ${WORDS[place]}`,
    microseconds(lengths.median('short', `${place} ${part}`)),
    times(lengths.ratio('long', 'short', `${place} ${part}`)),
    limit,
    times(lengths.ratio('again', 'short', `${place} ${part}`)),
  ];
  const worst = (arm: Arm): number => Math.max(...PLACES.map((place) => rules.ratio(arm, 'docker', `${place} byte`)));
  return {
    how:
      'A new connection is the time from its first SYN until the first byte of a server that answers at once, client and ' +
      'server on one core; each comes from another of half a million trusted addresses, so that no look-up finds its entry ' +
      'in the cache of the processor by chance. The rules change in turns as above. Then the length of the list changes: ' +
      '1,024 networks or a million single addresses. The handshake alone, of which the rules are a larger part, has no target.',
    verdicts,
    tables: [
      {
        head: ['', 'Docker alone', 'Seawall', 'target', 'DOCKER-USER + ipset', 'noise'],
        rows: PLACES.flatMap((place) => [
          row(place, 'byte', 'new connection', '1.03'),
          row(place, 'open', 'handshake alone', ''),
        ]),
      },
      {
        head: ['', '10^3 entries', '10^6 entries', 'target', 'noise'],
        rows: PLACES.flatMap((place) => [
          lengthRow(place, 'byte', 'new connection', '1.03'),
          lengthRow(place, 'open', 'handshake alone', ''),
        ]),
      },
    ],
    pictures: [
      {
        file: 'connection',
        title: 'Time of a new connection, times Docker alone (the slower of host and container)',
        bars: [
          { label: 'Docker alone', value: 1, kind: 'control' },
          { label: 'Seawall', value: worst('seawall'), kind: 'seawall' },
          { label: 'DOCKER-USER + ipset', value: worst('usual'), kind: 'usual' },
        ],
        limit: 1.03,
        format: times,
      },
    ],
    notes: [],
  };
}
