import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createWorld, type World } from '../lab/world.ts';
import { prefixes, writeLines } from './prefixes.ts';
import { microseconds, milliseconds, nanoseconds, seconds, times } from './report/format.ts';
import type { Measurement, Result, Table } from './result.ts';
import { paired, type Sample, type Samples, scaled } from './rounds.ts';
import { type RuleSet, RuleSets } from './rule-sets.ts';
import { onHost, seawall } from './seawall.ts';
import { Site } from './site.ts';

/** Both backends beside each other, and beside the tools that they use. */
export const backends: Measurement = {
  name: 'backends',
  targets: [],
  title: 'iptables and nftables',
  async run(effort) {
    const [load, one, packets] = [
      await measureLoad(effort),
      await measureCommands(effort),
      await measurePackets(effort),
    ];
    return report(load, one, packets);
  },
};

const BACKENDS = ['iptables', 'nftables'] as const;
type Backend = (typeof BACKENDS)[number];
const ENTRIES = 1_000_000;
/** For a set of intervals, which takes ten times as long for ten times as much, and more. */
const FEWER = 100_000;

type LoadArm = 'ipset' | 'hash' | 'intervals' | Backend | 'again';
type Time = Samples<LoadArm, 'time'>;

async function measureLoad(effort: number): Promise<Time> {
  const world = await createWorld({ engine: false });
  try {
    const file = (name: string): string => join(world.dir, name);
    await writeLines(file('list.txt'), prefixes('single', ENTRIES));
    const create = `create plain hash:net family inet hashsize ${2 ** 19} maxelem ${ENTRIES}\n`;
    await writeLines(file('list.ipset'), prefixes('single', ENTRIES), create, 'add plain ');
    writeNft(file('hash.nft'), `size ${ENTRIES};`, ENTRIES);
    writeNft(file('intervals.nft'), 'flags interval;', FEWER);
    const nft = (name: string) => (): Sample<'time'> => {
      const { ms } = onHost(world, ['nft', '-f', file(name)]);
      onHost(world, ['nft', 'delete', 'table', 'inet', 'plain']);
      return { time: ms };
    };
    const ipset = (): Sample<'time'> => {
      const { ms } = onHost(world, ['sh', '-c', `exec ipset restore <${file('list.ipset')}`]);
      onHost(world, ['ipset', 'destroy', 'plain']);
      return { time: ms };
    };
    const apply = (backend: Backend) => (): Sample<'time'> => {
      writeFileSync(world.configFile, configOf(backend, file('list.txt')));
      const { ms } = seawall(world, ['apply', '--yes']);
      seawall(world, ['down', '--yes']);
      rmSync(world.stateDir, { recursive: true, force: true });
      return { time: ms };
    };
    const arms = { ipset, hash: nft('hash.nft'), intervals: nft('intervals.nft') };
    return await paired<LoadArm, 'time'>(
      { ...arms, iptables: apply('iptables'), nftables: apply('nftables'), again: ipset },
      scaled(3, effort),
    );
  } finally {
    await world.remove();
  }
}

function writeNft(path: string, options: string, entries: number): void {
  const list = [...prefixes('single', entries)].join(',\n');
  writeFileSync(path, `table inet plain {\n set plain { type ipv4_addr; ${options} elements = {\n${list} } }\n}\n`);
}

const configOf = (backend: Backend, list: string): string =>
  `version: 1\nbackend: ${backend}\ntrusted:\n  - {file: ${list}}\npublic: [22/tcp]\n`;

type CommandThing = 'add' | 'idle';

/** Beside a list of 10^6. */
async function measureCommands(effort: number): Promise<Samples<Backend | 'again', CommandThing>> {
  const worlds = new Map<Backend, World>();
  try {
    for (const backend of BACKENDS) worlds.set(backend, await hostWith(backend));
    let address = 0;
    const arm = (backend: Backend) => (): Sample<CommandThing> => {
      const world = worlds.get(backend);
      if (!world) throw new Error(`no world of ${backend}`);
      address++;
      const added = `10.1.${address >> 8}.${address & 255}`;
      const add = seawall(world, ['trust', 'add', added, '--yes']).ms;
      return { add, idle: seawall(world, ['apply', '--yes']).ms };
    };
    return await paired<Backend | 'again', CommandThing>(
      { iptables: arm('iptables'), nftables: arm('nftables'), again: arm('iptables') },
      scaled(10, effort),
    );
  } finally {
    for (const world of worlds.values()) await world.remove();
  }
}

async function hostWith(backend: Backend): Promise<World> {
  const world = await createWorld({ engine: false });
  const list = join(world.dir, 'list.txt');
  await writeLines(list, prefixes('single', ENTRIES));
  await world.writeConfig(configOf(backend, list));
  seawall(world, ['apply', '--yes']);
  // What is known of a file counts only if it wasn't written at the same moment: the second look keeps it.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  seawall(world, ['apply', '--yes']);
  return world;
}

const PACKET_THINGS = ['round trip', 'packet', 'new connection'] as const;
type PacketThing = (typeof PACKET_THINGS)[number];
type PacketArm = Exclude<RuleSet, 'usual'> | 'again';

async function measurePackets(effort: number): Promise<Samples<PacketArm, PacketThing>> {
  const site = await Site.build(['10.0.0.1']);
  try {
    const rules = await RuleSets.of(site.world);
    const under = (state: RuleSet) => async (): Promise<Sample<PacketThing>> => {
      rules.enter(state);
      await site.roundTrips('container', 500);
      return {
        'round trip': (await site.roundTrips('container', 4000)).p50,
        packet: await site.packets('container', 40_000),
        'new connection': (await site.connections('container', 2000)).byte,
      };
    };
    const arms = { docker: under('docker'), seawall: under('seawall'), nftables: under('nftables') };
    return await paired<PacketArm, PacketThing>({ ...arms, again: under('docker') }, scaled(15, effort));
  } finally {
    await site.remove();
  }
}

function report(
  load: Time,
  commands: Samples<Backend | 'again', CommandThing>,
  packets: Samples<PacketArm, PacketThing>,
): Result {
  return {
    how:
      'A million single addresses from their file into the kernel by `seawall apply`, with either backend, against what ' +
      'the tools take for the same entries ready as their input; one address more beside them; an apply that finds ' +
      'nothing to do; and packets to a published container. In turns, as above. nftables keeps long lists as hashes, one ' +
      `a prefix length; a set of intervals is shown with ${FEWER.toLocaleString('en')} entries only.`,
    verdicts: [],
    tables: [loadTable(load), commandTable(commands), packetTable(packets)],
    pictures: [],
    notes: [],
  };
}

function loadTable(load: Time): Table {
  const row = (arm: LoadArm, what: string, control: LoadArm): string[] => [
    what,
    seconds(load.median(arm, 'time') / 1000),
    times(load.ratio(arm, control, 'time')),
  ];
  return {
    head: ['10^6 single addresses', 'median', 'ratio'],
    rows: [
      row('ipset', '`ipset restore`', 'ipset'),
      row('iptables', '`seawall apply`, iptables', 'ipset'),
      row('hash', '`nft -f`, a hash', 'hash'),
      row('nftables', '`seawall apply`, nftables', 'hash'),
      row('nftables', 'the same / `seawall apply`, iptables', 'iptables'),
      row('intervals', '`nft -f`, intervals, 10^5 only / a hash of 10^6', 'hash'),
      row('again', 'noise', 'ipset'),
    ],
  };
}

function commandTable(commands: Samples<Backend | 'again', CommandThing>): Table {
  const row = (thing: CommandThing, what: string): string[] => [
    what,
    milliseconds(commands.median('iptables', thing)),
    milliseconds(commands.median('nftables', thing)),
    times(commands.ratio('nftables', 'iptables', thing)),
    times(commands.ratio('again', 'iptables', thing)),
  ];
  return {
    head: ['beside 10^6 entries', 'iptables', 'nftables', 'ratio', 'noise'],
    rows: [row('add', '`trust add`'), row('idle', '`apply`, nothing to do')],
  };
}

function packetTable(packets: Samples<PacketArm, PacketThing>): Table {
  const format = { 'round trip': microseconds, packet: nanoseconds, 'new connection': microseconds } as const;
  return {
    head: ['to a published container', 'Docker alone', 'iptables', 'nftables', 'noise'],
    rows: PACKET_THINGS.map((thing) => [
      thing,
      format[thing](packets.median('docker', thing)),
      times(packets.ratio('seawall', 'docker', thing)),
      times(packets.ratio('nftables', 'docker', thing)),
      times(packets.ratio('again', 'docker', thing)),
    ]),
  };
}
