import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { NodeName } from '../../../lab/addresses.ts';
import { start } from '../../../lab/command.ts';
import type { World } from '../../../lab/world.ts';

/**
 * Both ends of connections that stay: every end sends a byte each 20 ms of its own accord and counts what arrives, by
 * the other end. Servers talk without being asked, as chats, queues and databases do.
 */
const PROGRAM = `
import { createServer, connect } from 'node:net';
import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';
const heard = {};
const count = (key, bytes) => { heard[key] = (heard[key] ?? 0) + bytes; };
const plain = (address) => address.replace(/^::ffff:/, '');
const talk = (send) => setInterval(send, 20);
function serve(protocol, port) {
  return new Promise((ready) => {
    if (protocol === 'tcp') {
      createServer({ noDelay: true }, (socket) => {
        const key = protocol + ' ' + port + ' ' + plain(socket.remoteAddress) + ' ' + socket.remotePort;
        socket.on('error', () => {}).on('data', (data) => count(key, data.length));
        const timer = talk(() => socket.write('s'));
        socket.on('close', () => clearInterval(timer));
      }).listen({ port, host: '::' }, ready);
      return;
    }
    const socket = createSocket('udp6');
    const peers = new Map();
    socket.on('error', () => {}).on('message', (data, peer) => {
      const key = protocol + ' ' + port + ' ' + plain(peer.address) + ' ' + peer.port;
      count(key, data.length);
      if (!peers.has(key)) peers.set(key, talk(() => socket.send('s', peer.port, peer.address, () => {})));
    });
    socket.bind(port, '::', ready);
  });
}
function dial({ name, protocol, address, port, from, sourcePort }) {
  const own = { localAddress: from, localPort: sourcePort };
  if (protocol === 'tcp') {
    const socket = connect({ host: address, port, noDelay: true, ...own });
    socket.on('error', () => {}).on('data', (data) => count(name, data.length));
    const timer = talk(() => socket.write('c'));
    socket.on('close', () => clearInterval(timer));
    return;
  }
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('error', () => {}).on('message', (data) => count(name, data.length));
  socket.bind({ address: from, port: sourcePort }, () => talk(() => socket.send('c', port, address, () => {})));
}
createInterface({ input: process.stdin }).on('close', () => process.exit()).on('line', async (line) => {
  const { serve: ports = [], dial: flows = [] } = JSON.parse(line);
  await Promise.all(ports.map(({ protocol, port }) => serve(protocol, port)));
  flows.forEach(dial);
  process.stdout.write(JSON.stringify(heard) + '\\n');
});
`;

/** A connection that is to stay. Its name says which end is meant when counts are read. */
export interface Talk {
  readonly name: string;
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly from: string;
  /** So that the server's count can be found. */
  readonly sourcePort: number;
}

/** Bytes that arrived: for a server by `PROTOCOL PORT PEER PEERPORT`, for a client by the name of the talk. */
export type Heard = Readonly<Record<string, number>>;

/** One process that serves and dials, in one network namespace. */
export class Talker {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout === null) throw new Error('no output');
    this.#answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  static async at(world: World, enter: readonly string[]): Promise<Talker> {
    const file = join(world.dir, 'talk.mjs');
    await writeFile(file, PROGRAM);
    return new Talker(start([...enter, process.execPath, file]));
  }

  static atNode = (world: World, node: NodeName): Promise<Talker> => Talker.at(world, world.enter(node));

  static async inContainer(world: World, name: string): Promise<Talker> {
    return Talker.at(world, await world.engine.enterContainer(name));
  }

  serve(...ports: readonly { readonly protocol: 'tcp' | 'udp'; readonly port: number }[]): Promise<Heard> {
    return this.#ask({ serve: ports });
  }

  dial(talks: readonly Talk[]): Promise<Heard> {
    return this.#ask({ dial: talks });
  }

  heard(): Promise<Heard> {
    return this.#ask({});
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await once(this.#child, 'close');
  }

  async #ask(request: object): Promise<Heard> {
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error('the talker ended');
    return JSON.parse(value) as Heard;
  }
}
