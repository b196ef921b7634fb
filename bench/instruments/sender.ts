import { readSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { quantile } from '../statistics.ts';

/**
 * The client of the traffic benchmarks: reads a request a line and answers it with a line of JSON. Its sockets are
 * descriptors that were open when it was started; reading and writing them blocks, so that nothing of Node's event loop
 * is in what it measures.
 */
export type SenderRequest =
  /** One byte there and back, `count` times; the answer's times are microseconds. */
  | { readonly op: 'round-trips'; readonly socket: number; readonly count: number }
  /** `count` datagrams that nobody answers; the answer is nanoseconds a packet. */
  | { readonly op: 'packets'; readonly socket: number; readonly count: number };

export interface RoundTrips {
  readonly p50: number;
  readonly p99: number;
}

const BYTE = Buffer.from('x');
const DATAGRAM = Buffer.alloc(64, 'x');
/** Packets between two looks at the clock: few enough that most batches run without a disturbance. */
const BATCH = 1000;

function roundTrips(socket: number, count: number): RoundTrips {
  const answer = Buffer.alloc(64);
  const times = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const from = performance.now();
    writeSync(socket, BYTE);
    readSync(socket, answer);
    times[i] = (performance.now() - from) * 1000;
  }
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

function packets(socket: number, count: number): number {
  const batches: number[] = [];
  for (let sent = 0; sent < count; sent += BATCH) {
    const from = performance.now();
    for (let i = 0; i < BATCH; i++) writeSync(socket, DATAGRAM);
    batches.push(((performance.now() - from) * 1e6) / BATCH);
  }
  return quantile(batches, 0.5);
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const request = JSON.parse(line) as SenderRequest;
  const work = request.op === 'packets' ? packets : roundTrips;
  process.stdout.write(`${JSON.stringify(work(request.socket, request.count))}\n`);
});
