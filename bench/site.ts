import type { ChildProcess } from 'node:child_process';
import { cpus } from 'node:os';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { must, start } from '../lab/command.ts';
import { addLinks } from '../lab/link.ts';
import { repositoryRoot } from '../lab/repository.ts';
import { createWorld, type World } from '../lab/world.ts';
import { Instrument } from './instrument.ts';
import type { RoundTrips, SenderRequest } from './instruments/sender.ts';

/** The core on which the whole way of a measured packet lies; the other one is for everything else. */
export const MEASURED_CORE = cpus().length - 1;
export const OTHER_CORE = 0;

/** The client's cable leads straight into the host, so that nothing else is on the way. */
const HOST = '192.0.2.1';
const CLIENT = '192.0.2.2';
/** Addresses that the client has besides: connections come from any of them. */
export const CLIENTS = '10.0.0.0/8';

/** Ports as dialled: of a program of the host, and of a container behind Docker's NAT. */
const PORTS = {
  host: { echo: 7000, accept: 7001, sink: 7002 },
  container: { echo: 8000, accept: 8001, sink: 8002 },
} as const satisfies Record<string, Ports>;

interface Ports {
  readonly echo: number;
  readonly accept: number;
  readonly sink: number;
}

export type Place = keyof typeof PORTS;
export const PLACES = ['host', 'container'] as const satisfies readonly Place[];

/** In the order of their opening by bash: TCP to an echo and UDP to a sink, in both places. */
const SOCKETS = { host: { tcp: 3, udp: 4 }, container: { tcp: 5, udp: 6 } } as const;

/** New connections, one after the other; times in microseconds. */
export interface Connections {
  /** From the first SYN until the connection stands, the median. */
  readonly open: number;
  /** From the first SYN until the server's first byte is there: the median, and what one in a hundred exceeds. */
  readonly byte: number;
  readonly byteP99: number;
  readonly failed: number;
}

/**
 * A host with a real dockerd, the same three services on the host and in a container, and a client with open
 * connections to all of them, which live through every change of the rules.
 */
export class Site {
  readonly world: World;
  readonly #services: Services;
  readonly #sender: Instrument;
  readonly #connector: Instrument;

  private constructor(world: World, services: Services, sender: Instrument, connector: Instrument) {
    this.world = world;
    this.#services = services;
    this.#sender = sender;
    this.#connector = connector;
  }

  /** `sources`: addresses out of CLIENTS from which new connections come. */
  static async build(sources: readonly string[]): Promise<Site> {
    // With it everything that it starts from now on, but for what is told otherwise.
    await pinSelf(String(OTHER_CORE));
    const world = await createWorld();
    try {
      await layCable(world);
      const services = await startServices(world);
      const sender = new Instrument(onClient(world, ['bash', '-c', senderScript()]));
      const connector = new Instrument(onClient(world, connectorWords(world, sources)));
      const site = new Site(world, services, sender, connector);
      for (const place of PLACES) await site.roundTrips(place, 10);
      for (const sink of services.sinks) sink.kill('SIGSTOP');
      return site;
    } catch (error) {
      await world.remove();
      throw error;
    }
  }

  roundTrips(place: Place, count: number): Promise<RoundTrips> {
    return this.#send({ op: 'round-trips', socket: SOCKETS[place].tcp, count });
  }

  /** Nanoseconds a packet, from the sender's call until the packet lies before its receiver. */
  packets(place: Place, count: number): Promise<number> {
    return this.#send({ op: 'packets', socket: SOCKETS[place].udp, count });
  }

  connections(place: Place, count: number): Promise<Connections> {
    return this.#connector.ask(`${HOST} ${PORTS[place].accept} ${count}`);
  }

  /** How many packets the client had to send again so far, as its kernel counts them. */
  async repeated(): Promise<number> {
    const { stdout } = await this.world.exec('trusted-a', ['cat', '/proc/net/snmp']);
    const [names = [], values = []] = [...stdout.matchAll(/^Tcp: (.*)$/gm)].map(([, words = '']) => words.split(' '));
    return Number(values[names.indexOf('RetransSegs')]);
  }

  async remove(): Promise<void> {
    this.#sender.end();
    this.#connector.end();
    for (const service of this.#services.all) service.kill('SIGKILL');
    await this.world.remove();
    await pinSelf(`0-${cpus().length - 1}`);
  }

  #send<Answer>(request: SenderRequest): Promise<Answer> {
    return this.#sender.ask(JSON.stringify(request));
  }
}

const pinSelf = (cores: string): Promise<string> => must(['taskset', '-apc', cores, String(process.pid)]);

async function layCable(world: World): Promise<void> {
  const [host, client] = [world.netns('host'), world.netns('trusted-a')];
  await addLinks([
    [
      { netns: host, name: 'eth1' },
      { netns: client, name: 'eth1' },
    ],
  ]);
  await world.ip('host', `addr add ${HOST}/30 dev eth1`, 'link set eth1 up', `route add ${CLIENTS} via ${CLIENT}`);
  // Every address of the range is the client's own.
  await world.ip(
    'trusted-a',
    `addr add ${CLIENT}/30 dev eth1`,
    'link set eth1 up',
    `route add local ${CLIENTS} dev lo`,
  );
}

/** On the measured core, before everything else that wants it: nobody's work gets between a packet and its answer. */
const MEASURED = ['taskset', '-c', String(MEASURED_CORE), 'chrt', '-f', '1'];
const program = (name: string): string => join(repositoryRoot(), `dist/bench/${name}.mjs`);
const script = (name: string): string => join(repositoryRoot(), `bench/instruments/${name}.pl`);
const onClient = (world: World, argv: readonly string[]): string[] => [
  ...world.enter('trusted-a'),
  ...MEASURED,
  ...argv,
];

interface Services {
  readonly all: readonly ChildProcess[];
  /**
   * Take datagrams: they answer a flow's first one and are then to be stopped, so that what follows fills a buffer and
   * is dropped there, at no cost that varies.
   */
  readonly sinks: readonly ChildProcess[];
}

async function startServices(world: World): Promise<Services> {
  const { echo, accept, sink } = PORTS.container;
  const publish = [`${echo}:80`, `${accept}:81`, `${sink}:82/udp`];
  await world.engine.containers.run({ name: 'app', cmd: ['/bin/sleep', '3600'], publish });
  // In the container's network alone: a process of the container could not be put before others.
  const inside = await world.engine.enterContainer('app');
  const host = serve(world, world.enter('host'), PORTS.host);
  const container = serve(world, inside, { echo: 80, accept: 81, sink: 82 });
  // Until all of them listen.
  await sleep(1000);
  return { all: [...host.all, ...container.all], sinks: [...host.sinks, ...container.sinks] };
}

function serve(world: World, enter: readonly string[], { echo, accept, sink }: Ports): Services {
  const run = (...argv: string[]): ChildProcess => start([...WITH_US, ...enter, ...argv]);
  const sinks = [run(process.execPath, world.programs.service, 'sink', `udp:${sink}`)];
  const echoes = run(...MEASURED, 'busybox', 'nc', '-ll', '-p', String(echo), '-e', '/bin/cat');
  return { all: [...sinks, echoes, run(...MEASURED, 'perl', script('accept'), String(accept))], sinks };
}

/** The container's network outlives its world as long as somebody is in it: our end is the end of these, too. */
const WITH_US = ['setpriv', '--pdeathsig', 'KILL'];

/** The shell opens the sockets, for Node has none that block; a first datagram each way makes the flow established. */
function senderScript(): string {
  const open = PLACES.map((place) => {
    const { tcp, udp } = SOCKETS[place];
    const greeting = `printf x >&${udp}; read -r -t 5 -N 1 -u ${udp} || exit 1`;
    return `exec ${tcp}<>/dev/tcp/${HOST}/${PORTS[place].echo} ${udp}<>/dev/udp/${HOST}/${PORTS[place].sink}; ${greeting}`;
  });
  return `${open.join('; ')}; exec ${process.execPath} ${program('sender')}`;
}

/** clock_gettime(2), which Perl alone has no other word for. */
const CLOCK_CALL: Readonly<Record<string, number>> = { x64: 228, arm64: 113, riscv64: 113, ppc64: 246, s390x: 260 };

function connectorWords(world: World, sources: readonly string[]): string[] {
  const file = join(world.dir, 'sources.txt');
  writeFileSync(file, `${sources.join('\n')}\n`);
  return ['perl', script('connect'), String(CLOCK_CALL[process.arch] ?? 113), file];
}
