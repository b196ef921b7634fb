import { setTimeout as sleep } from 'node:timers/promises';
import { HOST } from '../lab/addresses.ts';
import type { StreamHandle } from '../lab/client.ts';
import type { StreamReport } from '../lab/protocol.ts';
import type { World } from '../lab/world.ts';
import { allAnswer } from './scene.ts';

/** What a restart of Docker did to those who were talking to the machine meanwhile. */
export interface RestartReport {
  readonly seconds: number;
  readonly floods: readonly { readonly to: string; readonly report: StreamReport }[];
  /** A trusted client and a program of the host: Docker has no part in it. */
  readonly host: StreamReport;
  /** A trusted client and a container, before Docker was told to stop and after its containers were back. */
  readonly around: readonly StreamReport[];
  /** The same while Docker had taken the container away. */
  readonly meanwhile: StreamReport;
}

const WEB = { address: HOST.v4, port: 8081 };
const AROUND_MS = 700;

/** Stops and starts Docker while untrusted clients knock without a pause and trusted ones open connections. */
export async function restartUnderFire(world: World): Promise<RestartReport> {
  const [untrusted, trusted] = await Promise.all([world.agent('untrusted'), world.agent('trusted-b')]);
  const floods = [
    new Flood('v4, port 5432', await untrusted.startSynFlood({ address: HOST.v4, port: 5432, parallel: 200 })),
    new Flood('v6, port 8081', await untrusted.startSynFlood({ address: HOST.v6, port: 8081, parallel: 200 })),
  ];
  const host = await trusted.startTcpStream({ address: HOST.v6, port: 9100 });
  const before = await forMoments(await trusted.startTcpStream(WEB));
  // While the container is away an attempt that gets no answer at all must not hold up the count.
  const during = await trusted.startTcpStream({ ...WEB, timeoutMs: 1000, pauseMs: 20 });
  const began = performance.now();
  await world.engine.restart();
  await Promise.all(floods.map((flood) => flood.endIfThrough()));
  await allAnswer(world);
  const seconds = (performance.now() - began) / 1000;
  const meanwhile = await during.stop();
  const after = await forMoments(await trusted.startTcpStream(WEB));
  const reports = await Promise.all(floods.map(async (flood) => ({ to: flood.to, report: await flood.end() })));
  return { seconds, floods: reports, host: await host.stop(), around: [before, after], meanwhile };
}

async function forMoments(stream: StreamHandle): Promise<StreamReport> {
  await sleep(AROUND_MS);
  return stream.stop();
}

/** Attempts that got any answer: a connection, a refusal, an ICMP error. Silence is what was promised. */
export function gotThrough({ succeeded, failed, reasons }: StreamReport): number {
  return succeeded + failed - (reasons['closed'] ?? 0);
}

class Flood {
  readonly to: string;
  readonly #stream: StreamHandle;
  #report: Promise<StreamReport> | undefined;

  constructor(to: string, stream: StreamHandle) {
    this.to = to;
    this.#stream = stream;
  }

  end(): Promise<StreamReport> {
    this.#report ??= this.#stream.stop();
    return this.#report;
  }

  /** A flood that nothing holds back has shown what there is to show, and would keep Docker's proxy from working. */
  async endIfThrough(): Promise<void> {
    if (gotThrough(await this.#stream.peek()) > 0) await this.end();
  }
}
