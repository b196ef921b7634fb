import { HOST, addressesOf } from '../../../lab/addresses.ts';
import type { HoldHandle, StreamHandle } from '../../../lab/client.ts';
import type { HoldReport, StreamReport } from '../../../lab/protocol.ts';
import type { World } from '../../../lab/world.ts';

/** A port of the host (or of another address) as it is dialled. */
export interface Dialled {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

const dial = (protocol: 'tcp' | 'udp', port: number): Dialled[] =>
  [HOST.v4, HOST.v6].map((address) => ({ protocol, address, port }));

export const HOST_SERVICES: readonly Dialled[] = [...dial('tcp', 7000), ...dial('udp', 7000)];
/** A container behind NAT (IPv4) and behind Docker's proxy (IPv6). */
export const PUBLISHED_SERVICES: readonly Dialled[] = [...dial('tcp', 8081), ...dial('udp', 5301)];
export const SERVICES: readonly Dialled[] = [...HOST_SERVICES, ...PUBLISHED_SERVICES];
/** Open to everyone: what proves that the same flood would get through. */
export const OPEN: readonly Dialled[] = [...dial('tcp', 22), ...dial('udp', 500)];

/** What a flood of strangers came to. */
export interface Flooded {
  readonly attempts: number;
  /** Connections that opened or were refused, datagrams that were answered: all that a stranger can see of a service. */
  readonly answered: number;
  readonly stalledMs: number;
}

/** A stranger that tries all its addresses in turn, at each port at once, and never stops. */
export async function startStrangers(
  world: World,
  at: readonly Dialled[],
  { parallel = 12, rate = 80, pauseMs = 0 } = {},
): Promise<{ stop(): Promise<Flooded> }> {
  const agent = await world.agent('untrusted');
  const from = (address: string): string[] =>
    addressesOf('untrusted').map(({ v4, v6 }) => (address.includes(':') ? v6 : v4));
  const streams = await Promise.all(
    at.map(({ protocol, address, port }) =>
      protocol === 'tcp'
        ? agent.startSynFlood({ address, port, parallel, pauseMs, from: from(address) })
        : // One flow that goes on, and a source port that is new again and again.
          agent.startUdpStream({ address, port, rate, perFlow: 40, graceMs: 200 }),
    ),
  );
  return {
    async stop() {
      const reports = await Promise.all(streams.map((stream) => stream.stop()));
      return {
        attempts: sum(reports, ({ attempts }) => attempts),
        answered: sum(reports, ({ succeeded, reasons }) => succeeded + (reasons['refused'] ?? 0)),
        stalledMs: Math.max(0, ...reports.map(({ stalledMs }) => stalledMs)),
      };
    },
  };
}

/** How the friends fared: streams of new connections and flows, and connections that stay. */
export interface Fared {
  readonly attempts: number;
  readonly lost: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly held: number;
  readonly exchanged: number;
  readonly ended: readonly string[];
  readonly longestMs: number;
  readonly seconds: number;
}

export interface Friends {
  /** How many attempts were made until now, and how many of them failed. */
  peek(): Promise<{ readonly attempts: number; readonly failed: number }>;
  stop(): Promise<Fared>;
}

/**
 * Two friends, one trusted by its address and one by a prefix. A lost SYN is sent again after 1, 3 and 7 s; the
 * time-out is so long that a machine that others keep busy doesn't look like a firewall. (Lost packets are counted by
 * the meter.)
 */
export async function startFriends(world: World, at: readonly Dialled[] = SERVICES): Promise<Friends> {
  const agents = await Promise.all((['trusted-a', 'trusted-b'] as const).map((node) => world.agent(node)));
  const streams: StreamHandle[] = await Promise.all(
    agents.flatMap((agent) =>
      at.map(({ protocol, address, port }) =>
        protocol === 'tcp'
          ? agent.startTcpStream({ address, port, parallel: 1, pauseMs: 20, timeoutMs: 10_000 })
          : agent.startUdpStream({ address, port, rate: 50, perFlow: 20, graceMs: 2500 }),
      ),
    ),
  );
  const tcp = at.filter(({ protocol }) => protocol === 'tcp');
  const holds: HoldHandle[] = await Promise.all(
    agents.flatMap((agent) => tcp.map(({ address, port }) => agent.hold({ address, port }))),
  );
  return {
    async peek() {
      const reports = await Promise.all(streams.map((stream) => stream.peek()));
      return { attempts: sum(reports, ({ attempts }) => attempts), failed: sum(reports, ({ failed }) => failed) };
    },
    async stop() {
      const held = await Promise.all(holds.map((hold) => hold.release()));
      return fared(await Promise.all(streams.map((stream) => stream.stop())), held);
    },
  };
}

function fared(reports: readonly StreamReport[], held: readonly HoldReport[]): Fared {
  const reasons: Record<string, number> = {};
  for (const report of reports) {
    for (const [reason, count] of Object.entries(report.reasons)) reasons[reason] = (reasons[reason] ?? 0) + count;
  }
  return {
    attempts: sum(reports, ({ attempts }) => attempts),
    lost: sum(reports, ({ failed }) => failed),
    reasons,
    held: held.length,
    exchanged: sum(held, ({ exchanged }) => exchanged),
    ended: held.flatMap(({ ended }) => (ended === undefined ? [] : [ended.what])),
    longestMs: Math.max(0, ...held.map(({ longestMs }) => longestMs)),
    seconds: Math.max(0, ...reports.map(({ seconds }) => seconds)),
  };
}

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0);
