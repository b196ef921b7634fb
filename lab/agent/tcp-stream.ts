import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TcpStreamRequest } from '../protocol.ts';
import { after, settle, stateOf } from './probe.ts';
import { register } from './streams.ts';
import { Tally } from './tally.ts';

/** Opens connections one after the other, several at a time, until it is stopped. */
export async function tcpStream(request: TcpStreamRequest): Promise<number> {
  const tally = new Tally();
  const sources = request.from ?? [undefined];
  const state = { going: true, turn: 0 };
  const parallel = request.parallel ?? 4;
  const worker = async (_: unknown, index: number): Promise<void> => {
    // Evenly spread, so that a short gap in a firewall doesn't fall between two volleys.
    if (request.banner === false) await sleep((timeoutOf(request) * index) / parallel);
    while (state.going) {
      await attempt(request, sources[state.turn++ % sources.length], tally);
      await sleep(request.pauseMs ?? 5);
    }
  };
  const workers = Promise.all(Array.from({ length: parallel }, worker));
  // A mistake of the test (say, a source address that nobody has) is told when the stream is stopped.
  workers.catch(() => {});
  const finish = async (): Promise<void> => {
    state.going = false;
    await workers;
  };
  return register({ tally, finish });
}

function timeoutOf(request: TcpStreamRequest): number {
  return request.timeoutMs ?? 5000;
}

function attempt(request: TcpStreamRequest, from: string | undefined, tally: Tally): Promise<void> {
  tally.attempt();
  const began = performance.now();
  const socket = connect({
    host: request.address,
    port: request.port,
    ...(from === undefined ? {} : { localAddress: from }),
  });
  return new Promise((resolve, reject) => {
    let opened = false;
    let done = false;
    const finish = (failure?: string): void => {
      if (done) return;
      done = true;
      cancel();
      const milliseconds = performance.now() - began;
      if (failure === undefined) tally.succeeded(milliseconds);
      else tally.failed(failure, milliseconds);
      // RST instead of FIN: no TIME_WAIT, or the source ports would run out. (Before it is open this would go on trying.)
      if (opened) socket.resetAndDestroy();
      else socket.destroy();
      resolve();
    };
    const cancel = after(timeoutOf(request), () => finish(opened ? 'silent' : 'closed'));
    socket.on('connect', () => {
      opened = true;
      if (request.banner === false) finish();
    });
    socket.once('data', () => finish());
    socket.on('end', () => finish('silent'));
    socket.on('error', (error) => {
      if (!done) settle(() => finish(opened ? 'reset' : stateOf(error)), reject);
    });
  });
}
