import { setTimeout as sleep } from 'node:timers/promises';
import { HOST, INTERNET, type NodeName, type Pair } from '../../../lab/addresses.ts';
import type { Container } from '../../../lab/containers.ts';
import { type World, mustExec } from '../../../lab/world.ts';
import { type Heard, type Talk, Talker } from './talk.ts';

/** Someone who holds connections, and the addresses that it does so from. */
export interface Client extends Pair {
  readonly name: string;
  readonly node: NodeName;
  /** Also dials the container's own address, which only the trusted may. Default true. */
  readonly direct?: boolean;
}

/** Ports that talk: a host program, and a container's, published under another number and under its own. */
export const HOST_PORT = 7000;
export const OTHER_NUMBER = 8300;
export const SAME_NUMBER = 7301;
/** Where servers outside talk: numbers that are served by this machine too. */
const OUTSIDE_PORTS = [HOST_PORT, OTHER_NUMBER];

const INNER_PORT = 7300;
const both = (port: number) => [{ protocol: 'tcp', port } as const, { protocol: 'udp', port } as const];

/** Runs the container that `Stage` dials. */
export const runBox = (world: World): Promise<Container> =>
  world.engine.containers.run({
    name: 'box',
    cmd: ['/bin/sleep', '10000'],
    publish: [`${OTHER_NUMBER}:${INNER_PORT}`, `${SAME_NUMBER}:${SAME_NUMBER}`].flatMap((text) => [
      text,
      `${text}/udp`,
    ]),
  });

interface Held {
  readonly talk: Talk;
  readonly talker: Talker;
  /** Undefined behind Docker's proxy: what that passes on comes from the proxy. */
  readonly server: Talker | undefined;
}

/** Bytes that came through a connection: in the direction that had fewer, and in the one that had more. */
export interface Flow {
  readonly least: number;
  readonly most: number;
}

/**
 * Connections of many kinds that stay, from outside to the host and to a container, and from both of these to the
 * outside: which of them still carry bytes, both ways?
 */
export class Stage {
  readonly #world: World;
  readonly #box: Container;
  readonly #talkers = new Map<string, Talker>();
  readonly #held = new Map<string, Held>();
  #lastPort: number;

  private constructor(world: World, box: Container, firstPort: number) {
    this.#world = world;
    this.#box = box;
    this.#lastPort = firstPort;
  }

  /** `firstPort`: source ports from here on; a new stage takes new ones, for the kernel remembers the old. */
  static async set(world: World, box: Container, clients: readonly Client[], firstPort: number): Promise<Stage> {
    const stage = new Stage(world, box, firstPort);
    try {
      await stage.#begin(clients);
      return stage;
    } catch (error) {
      await stage.end();
      throw error;
    }
  }

  async #begin(clients: readonly Client[]): Promise<void> {
    const host = await this.#talker('host', [HOST_PORT]);
    const inBox = await this.#talker('box', [INNER_PORT, SAME_NUMBER]);
    const internet = await this.#talker('internet', OUTSIDE_PORTS);
    const boxAddress = { v4: this.#box.v4, v6: '' };
    for (const client of clients) {
      // A server that is dialled at its second address answers datagrams from its first.
      const first = !this.#talkers.has(client.node);
      const talker = await this.#talker(client.node, [HOST_PORT]);
      await this.#inward(client, talker, host, inBox);
      if (!first) continue;
      await this.#outward(`host → ${client.name}`, host, HOST, client, talker, [HOST_PORT]);
      await this.#outward(`container → ${client.name}`, inBox, boxAddress, client, talker, [HOST_PORT]);
    }
    await this.#outward('host → internet', host, HOST, INTERNET, internet, OUTSIDE_PORTS);
    await this.#outward('container → internet', inBox, boxAddress, INTERNET, internet, OUTSIDE_PORTS);
    await this.#untilAllTalk();
  }

  get names(): string[] {
    return [...this.#held.keys()];
  }

  /** What comes through within a while. */
  async watch(milliseconds: number): Promise<ReadonlyMap<string, Flow>> {
    const before = await this.#counts();
    await sleep(milliseconds);
    const after = await this.#counts();
    return new Map(
      [...after].map(([name, counts]) => {
        const grown = counts.map((count, at) => count - (before.get(name)?.[at] ?? 0));
        return [name, { least: Math.min(...grown), most: Math.max(...grown) }];
      }),
    );
  }

  /** The kernel's id of each connection that it tracks: a new one under the same name has another. */
  async trackedIds(): Promise<ReadonlyMap<string, string>> {
    const text = await mustExec(this.#world, 'host', ['conntrack', '-L', '-o', 'id']);
    const lines = text.split('\n');
    return new Map(
      [...this.#held].flatMap(([name, { talk }]) => {
        const { protocol, from, address, sourcePort, port } = talk;
        const tuple = ` src=${from} dst=${address} sport=${sourcePort} dport=${port} `;
        const line = lines.find((each) => each.startsWith(`${protocol} `) && each.includes(tuple));
        const id = /\bid=(\d+)/.exec(line ?? '')?.[1];
        return id === undefined ? [] : [[name, id] as const];
      }),
    );
  }

  async end(): Promise<void> {
    await Promise.all([...this.#talkers.values()].map((talker) => talker.end()));
  }

  async #inward({ name, v4, v6, direct }: Client, talker: Talker, host: Talker, inBox: Talker): Promise<void> {
    const dial = (what: string, address: string, port: number, server: Talker | undefined): Promise<void> =>
      this.#dial(`${name} → ${what}`, talker, address.includes(':') ? v6 : v4, address, port, server);
    await dial('host v4', HOST.v4, HOST_PORT, host);
    await dial('host v6', HOST.v6, HOST_PORT, host);
    await dial('container by NAT', HOST.v4, OTHER_NUMBER, inBox);
    await dial('container by NAT, same number', HOST.v4, SAME_NUMBER, inBox);
    await dial('container by proxy', HOST.v6, OTHER_NUMBER, undefined);
    await dial('container by proxy, same number', HOST.v6, SAME_NUMBER, undefined);
    if (direct !== false) await dial('container itself', this.#box.v4, INNER_PORT, inBox);
  }

  async #outward(
    name: string,
    talker: Talker,
    own: Pair,
    to: Pair,
    server: Talker,
    ports: readonly number[],
  ): Promise<void> {
    for (const port of ports) {
      await this.#dial(`${name} v4 ${port}`, talker, own.v4, to.v4, port, server);
      if (own.v6 !== '') await this.#dial(`${name} v6 ${port}`, talker, own.v6, to.v6, port, server);
    }
  }

  async #dial(
    name: string,
    talker: Talker,
    from: string,
    address: string,
    port: number,
    server: Talker | undefined,
  ): Promise<void> {
    for (const protocol of ['tcp', 'udp'] as const) {
      this.#lastPort++;
      const talk: Talk = { name: `${name} ${protocol}`, protocol, address, port, from, sourcePort: this.#lastPort };
      this.#held.set(talk.name, { talk, talker, server });
      await talker.dial([talk]);
    }
  }

  /** The talker of a node, or of the container; it serves from its start. */
  async #talker(where: NodeName | 'box', ports: readonly number[]): Promise<Talker> {
    const there = this.#talkers.get(where);
    if (there !== undefined) return there;
    const made = await (where === 'box' ? Talker.inContainer(this.#world, where) : Talker.atNode(this.#world, where));
    this.#talkers.set(where, made);
    await made.serve(...ports.flatMap(both));
    return made;
  }

  async #counts(): Promise<Map<string, readonly number[]>> {
    const heard = new Map<Talker, Heard>();
    for (const talker of this.#talkers.values()) heard.set(talker, await talker.heard());
    return new Map(
      [...this.#held].map(([name, { talk, talker, server }]) => {
        const back = heard.get(talker)?.[name] ?? 0;
        return [name, server === undefined ? [back] : [back, atServer(heard.get(server) ?? {}, talk)]];
      }),
    );
  }

  async #untilAllTalk(): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      const counts = await this.#counts();
      if ([...counts.values()].every((each) => each.every((count) => count > 3))) return;
      await sleep(100);
    }
    const silent = [...(await this.#counts())].filter(([, each]) => each.some((count) => count <= 3));
    throw new Error(`silent from the start: ${silent.map(([name]) => name).join(', ')}`);
  }
}

/** A container's traffic to the outside comes from the host's address, but keeps its source port. */
function atServer(heard: Heard, { protocol, sourcePort }: Talk): number {
  const found = Object.entries(heard).find(([key]) => key.startsWith(`${protocol} `) && key.endsWith(` ${sourcePort}`));
  return found?.[1] ?? 0;
}
