import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import type { UdpStreamRequest } from '../protocol.ts';
import { register } from './streams.ts';
import { Tally } from './tally.ts';

const TICK_MS = 2;

/** Sends numbered datagrams at a rate and matches the answers, until it is stopped. */
export async function udpStream(request: UdpStreamRequest): Promise<number> {
  const sender = new Sender(request);
  await sender.openFlow();
  const running = sender.run();
  running.catch(() => {});
  const finish = async (): Promise<void> => {
    sender.going = false;
    await running;
  };
  return register({ tally: sender.tally, finish });
}

class Sender {
  readonly tally = new Tally();
  going = true;
  readonly #request: UdpStreamRequest;
  /** Sequence number → when it was sent; what stays in here was lost. */
  readonly #open = new Map<number, number>();
  readonly #sockets = new Set<Socket>();
  #current: Socket | undefined;
  #sequence = 0;
  #inFlow = 0;

  constructor(request: UdpStreamRequest) {
    this.#request = request;
  }

  openFlow(): Promise<void> {
    const { address, port, from } = this.#request;
    const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 4 << 20 });
    this.#sockets.add(socket);
    socket.on('message', (message) => this.#answered(message));
    return new Promise((resolve, reject) => {
      // "Connection refused" and the like of later datagrams: the datagram goes without answer and counts as lost.
      socket.on('error', reject);
      socket.bind({ address: from ?? '', port: 0 }, () => {
        socket.connect(port, address, () => {
          const before = this.#current;
          if (before !== undefined) this.#retire(before);
          this.#current = socket;
          this.#inFlow = 0;
          resolve();
        });
      });
    });
  }

  async run(): Promise<void> {
    const began = performance.now();
    const perMs = (this.#request.rate ?? 100) / 1000;
    while (this.going) {
      // At most 100 ms worth of datagrams at once: after a pause of this process no burst that overruns a queue.
      const due = Math.floor((performance.now() - began) * perMs) - this.#sequence;
      await this.#sendMany(Math.min(due, Math.ceil(perMs * 100)));
      await sleep(TICK_MS);
    }
    await this.#settle();
  }

  async #sendMany(count: number): Promise<void> {
    const perFlow = this.#request.perFlow ?? Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      if (this.#inFlow >= perFlow) await this.openFlow();
      this.#send();
    }
  }

  #send(): void {
    this.#sequence++;
    this.#inFlow++;
    this.tally.attempt();
    if (this.#request.echo !== false) this.#open.set(this.#sequence, performance.now());
    this.#current?.send(`#${this.#sequence}\n`, () => {});
  }

  #answered(message: Buffer): void {
    const sequence = Number(/#(\d+)\n$/.exec(message.toString())?.[1]);
    const sent = this.#open.get(sequence);
    if (sent === undefined) return;
    this.#open.delete(sequence);
    this.tally.succeeded(performance.now() - sent);
  }

  async #settle(): Promise<void> {
    const deadline = performance.now() + (this.#request.graceMs ?? 3000);
    while (this.#open.size > 0 && performance.now() < deadline) await sleep(10);
    for (let i = 0; i < this.#open.size; i++) this.tally.failed('closed');
    for (const socket of this.#sockets) socket.close();
    this.#sockets.clear();
  }

  #retire(socket: Socket): void {
    setTimeout(() => {
      if (this.#sockets.delete(socket)) socket.close();
    }, this.#request.graceMs ?? 3000).unref();
  }
}
