import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { Received, ServeRequest } from '../protocol.ts';
import { bannerOf } from './banner.ts';
import { formatPeer } from './peer.ts';

interface Counter {
  count: number;
  readonly by: Map<string, number>;
}

const counters = new Map<string, Counter>();

/** What arrived at a service of this agent so far. */
export async function received(which: { protocol: string; port: number }): Promise<Received> {
  const counter = counters.get(`${which.protocol} ${which.port}`);
  if (counter === undefined) throw new Error(`nothing of this agent listens on ${which.port}/${which.protocol}`);
  return { count: counter.count, by: Object.fromEntries(counter.by) };
}

function note(counter: Counter, peer: string): void {
  counter.count++;
  const address = formatPeer(peer);
  counter.by.set(address, (counter.by.get(address) ?? 0) + 1);
}

function counterFor(protocol: string, port: number): Counter {
  const counter: Counter = { count: 0, by: new Map() };
  counters.set(`${protocol} ${port}`, counter);
  return counter;
}

/** Listens, speaks a banner and echoes. Resolves to the port (which the system picks for 0). */
export function serveTcp(request: ServeRequest): Promise<number> {
  let counter: Counter | undefined;
  const server = createServer({ noDelay: true }, (socket) => {
    const peer = socket.remoteAddress ?? '';
    if (counter !== undefined) note(counter, peer);
    socket.on('error', () => {});
    socket.write(bannerOf(request.name, peer));
    socket.pipe(socket);
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    // A full accept queue would look like a firewall that drops.
    server.listen({ port: request.port, host: request.address ?? '::', backlog: 4096 }, () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : request.port;
      counter = counterFor('tcp', port);
      resolve(port);
    });
  });
}

/** Answers datagrams with the banner line and what they held, or just counts them. */
export function serveUdp(request: ServeRequest): Promise<number> {
  const host = request.address ?? '::';
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 8 << 20 });
  let counter: Counter | undefined;
  socket.on('message', (message, peer) => {
    if (counter !== undefined) note(counter, peer.address);
    if (request.echo === false) return;
    const reply = Buffer.concat([Buffer.from(bannerOf(request.name, peer.address)), message]);
    socket.send(reply, peer.port, peer.address, () => {});
  });
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.bind(request.port, host, () => {
      counter = counterFor('udp', socket.address().port);
      resolve(socket.address().port);
    });
  });
}
