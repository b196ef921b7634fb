import type { StreamReport } from '../protocol.ts';
import type { Tally } from './tally.ts';

/** A stream under way: `finish` stops new attempts and resolves when those in flight have their answer. */
export interface Stream {
  readonly tally: Tally;
  finish(): Promise<void>;
}

const streams = new Map<number, Stream>();
let last = 0;

export function register(stream: Stream): number {
  last++;
  streams.set(last, stream);
  return last;
}

function find(id: number): Stream {
  const stream = streams.get(id);
  if (stream === undefined) throw new Error(`no stream ${id}`);
  return stream;
}

export async function peek(id: number): Promise<StreamReport> {
  return find(id).tally.report();
}

export async function stop(id: number): Promise<StreamReport> {
  const stream = find(id);
  streams.delete(id);
  await stream.finish();
  stream.tally.end();
  return stream.tally.report();
}
