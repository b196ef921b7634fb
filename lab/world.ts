import type { ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeName } from './addresses.ts';
import { type Programs, bundlePrograms } from './bundle.ts';
import { AgentClient } from './client.ts';
import { type CommandOptions, type Outcome, must, run, start } from './command.ts';
import { Engine, type EngineOptions } from './engine.ts';
import { configure, linksUp } from './link.ts';
import { type Holder, startMachine } from './machine.ts';
import { PREFIX, enterNetns } from './netns.ts';
import { type Claim, claim, reclaim, sweep } from './reclaim.ts';
import { repositoryRoot } from './repository.ts';
import { type Snapshot, takeSnapshot } from './snapshot.ts';
import { NODES, type TopologyOptions, buildTopology, setPathMtu } from './topology.ts';

/**
 * A small internet on one machine: a host with a real dockerd, clients in namespaces of their own, real packets.
 * lab/addresses.ts shows who sits where.
 *
 *     const world = await createWorld();                       // about 1 s, dockerd included
 *     const targets = await populate(world);                   // lab/populate.ts, 2 s: services and containers
 *     await world.writeConfig('version: 1\ntrusted: [203.0.113.7]\npublic: [22/tcp]\n');
 *     await world.seawall(['apply', '--yes']);                 // dist/seawall.mjs inside the host
 *     const alice = await world.agent('trusted-a');
 *     await alice.tcp('198.51.100.10', 8080);                  // { state: 'open', service: 'app', seenAs: '203.0.113.7' }
 *     const flood = await (await world.agent('untrusted')).startSynFlood({ address: '198.51.100.10', port: 8080 });
 *     await world.engine.restart();
 *     (await flood.stop()).succeeded;                          // 0
 *     await world.remove();
 *
 * Nothing of it touches the machine's own network, and nothing of it stays, however the process ends (lab/reclaim.ts).
 */
export interface WorldOptions extends TopologyOptions {
  /** dockerd's options; false: a host without Docker. */
  readonly engine?: EngineOptions | false;
  /** Which of the two iptables variants the host's `iptables` is. Default: whatever this machine has. */
  readonly iptables?: 'nft' | 'legacy';
}

/** Makes a world. Worlds that were left behind by killed processes go first. */
export async function createWorld(options: WorldOptions = {}): Promise<World> {
  sweep();
  const claimed = claim();
  try {
    return await World.build(claimed, options);
  } catch (error) {
    reclaim(claimed);
    throw error;
  }
}

export class World {
  /** A folder of the world's own; gone with it. */
  readonly dir: string;
  readonly configFile: string;
  readonly stateDir: string;
  readonly programs: Programs;
  readonly #claim: Claim;
  readonly #machine: Holder;
  readonly #agents = new Map<string, AgentClient>();
  readonly #engine: Engine | undefined;

  static async build(claimed: Claim, options: WorldOptions): Promise<World> {
    const netns = (node: NodeName): string => `${PREFIX}${claimed.id}-${node}`;
    mkdirSync(join(claimed.dir, 'bin'));
    const [programs] = await Promise.all([bundlePrograms(claimed.dir), buildTopology(netns, options)]);
    const machine = await startMachine(netns('host'), join(claimed.dir, 'mounts'));
    const world = new World(claimed, machine, programs, options);
    await world.#chooseIptables(options.iptables);
    await Promise.all([...NODES.map((node) => linksUp(netns(node))), world.#startEngine(options)]);
    return world;
  }

  private constructor(claimed: Claim, machine: Holder, programs: Programs, options: WorldOptions) {
    this.#claim = claimed;
    this.#machine = machine;
    this.programs = programs;
    this.dir = claimed.dir;
    this.configFile = join(this.dir, 'seawall.yaml');
    this.stateDir = join(this.dir, 'state');
    const { engine } = options;
    if (engine === false) return;
    const withPath = { ...engine, env: { ...this.#path(engine?.folders), ...engine?.env } };
    this.#engine = new Engine(machine, join(this.dir, 'docker'), `${PREFIX}${claimed.id}`, withPath);
  }

  get id(): string {
    return this.#claim.id;
  }

  get engine(): Engine {
    if (this.#engine === undefined) throw new Error('this world was made without Docker');
    return this.#engine;
  }

  /** Name of a node's network namespace. */
  netns(node: NodeName): string {
    return `${PREFIX}${this.id}-${node}`;
  }

  /** The words that put a command into a node; `host` is a machine with its own /run and /sys. */
  enter(node: NodeName): readonly string[] {
    return node === 'host' ? this.#machine.enter : enterNetns(this.netns(node));
  }

  /** Runs a command in a node to its end, whatever its exit code. */
  exec(node: NodeName, argv: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
    return run([...this.enter(node), ...argv], { ...options, env: { ...this.#path(), ...options.env } });
  }

  /** Starts a command in a node; the child's pid is the command's own. */
  spawn(node: NodeName, argv: readonly string[], options: CommandOptions = {}): ChildProcess {
    return start([...this.enter(node), ...argv], { ...options, env: { ...this.#path(), ...options.env } });
  }

  /** Runs `ip` lines in a node: `addr add 172.17.0.9/32 dev eth0`, … */
  ip(node: NodeName, ...lines: string[]): Promise<void> {
    return configure(this.netns(node), lines);
  }

  /** The probe agent of a node; started at the first call. */
  async agent(node: NodeName): Promise<AgentClient> {
    return this.#agentAt(node, () => Promise.resolve(this.enter(node)));
  }

  /** A probe agent in a container's network. It ends with `closeContainerAgent`, not with the container. */
  containerAgent(name: string): Promise<AgentClient> {
    return this.#agentAt(`container ${name}`, () => this.engine.enterContainer(name));
  }

  /** Ends a container's agent; the next call of `containerAgent` enters the network that the container then has. */
  async closeContainerAgent(name: string): Promise<void> {
    await this.#agents.get(`container ${name}`)?.close();
    this.#agents.delete(`container ${name}`);
  }

  /** Runs `node dist/seawall.mjs ARGS --config … --state-dir …` inside the host. */
  seawall(args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
    return this.exec('host', this.seawallArgv(args), this.#withDocker(options));
  }

  /** Starts it instead, for `watch` and for tests that kill it. */
  spawnSeawall(args: readonly string[], options: CommandOptions = {}): ChildProcess {
    return this.spawn('host', this.seawallArgv(args), this.#withDocker(options));
  }

  seawallArgv(args: readonly string[]): string[] {
    const program = join(repositoryRoot(), 'dist/seawall.mjs');
    return [process.execPath, program, ...args, '--config', this.configFile, '--state-dir', this.stateDir];
  }

  /** A config that names no backend is for that of the whole test run. */
  async writeConfig(text: string): Promise<void> {
    const backend = process.env['SEAWALL_TEST_BACKEND'];
    const named = backend === undefined || /^backend:/m.test(text);
    await writeFile(this.configFile, named ? text : `${text.trimEnd()}\nbackend: ${backend}\n`);
  }

  /** Puts a script before every program of that name on the host: `shim('ip6tables-restore', 'exit 1')`. */
  async shim(name: string, script: string): Promise<void> {
    const file = join(this.dir, 'bin', name);
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
  }

  /** What stands in the host's kernel, counters and times aside. */
  snapshot(): Promise<Snapshot> {
    return takeSnapshot((argv) => this.exec('host', argv));
  }

  /** A hop with a small MTU on the way to a client; see lab/topology.ts. */
  setPathMtu(node: 'untrusted' | 'trusted-a' | 'trusted-b' | 'internet', mtu: number): Promise<void> {
    return setPathMtu(this.netns('net'), node, mtu);
  }

  /** Ends all processes of the world and removes everything that it had. */
  async remove(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.close()));
    reclaim(this.#claim);
  }

  async #startEngine(options: WorldOptions): Promise<void> {
    if (options.engine === false || options.engine?.autostart === false) return;
    await this.engine.start();
  }

  async #chooseIptables(variant: 'nft' | 'legacy' | undefined): Promise<void> {
    if (variant === undefined) return;
    await mkdir(join(this.dir, 'bin'), { recursive: true });
    const names = ['iptables', 'ip6tables'].flatMap((n) => ['', '-save', '-restore'].map((part) => [n, part] as const));
    await Promise.all(names.map(([name, part]) => this.shim(`${name}${part}`, `exec ${name}-${variant}${part} "$@"`)));
  }

  #agentAt(key: string, enter: () => Promise<readonly string[]>): Promise<AgentClient> {
    const known = this.#agents.get(key);
    if (known !== undefined) return Promise.resolve(known);
    return enter().then((words) => {
      const made = this.#agents.get(key) ?? new AgentClient(words, this.programs.agent);
      this.#agents.set(key, made);
      return made;
    });
  }

  #path(folders: readonly string[] = []): Record<string, string> {
    const usual = process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin';
    return { PATH: [join(this.dir, 'bin'), ...folders, usual].join(':') };
  }

  #withDocker(options: CommandOptions): CommandOptions {
    const docker = this.#engine === undefined ? {} : { DOCKER_HOST: `unix://${this.#engine.socket}` };
    // The session that runs the tests is none of the world's.
    return {
      ...options,
      env: { NO_COLOR: '1', SSH_CONNECTION: undefined, SSH_CLIENT: undefined, ...docker, ...options.env },
    };
  }
}

/** Like `world.exec`, for a command that has to succeed. @throws CommandError */
export function mustExec(world: World, node: NodeName, argv: readonly string[]): Promise<string> {
  return must([...world.enter(node), ...argv]);
}
