import type { ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from './command.ts';
import { Containers } from './containers.ts';
import { DockerApi } from './docker-api.ts';
import { IMAGE, imageTar } from './image.ts';
import { type Holder, startInit } from './machine.ts';
import { firstChild } from './processes.ts';

export interface EngineOptions {
  /** Path of dockerd; default: the one in PATH. */
  readonly dockerd?: string;
  /** Where dockerd and what it starts are looked for before PATH; see lab/other-engines.ts. */
  readonly folders?: readonly string[];
  /** More of daemon.json: `{ipv6: true, 'fixed-cidr-v6': …, ip6tables: true, experimental: true, bridge: 'none', …}`. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** false: `createWorld` leaves the start to the test. */
  readonly autostart?: boolean;
}

const READY_MS = 30_000;

/** A dockerd of its own: data, sockets, containerd and pid namespace are nobody else's. */
export class Engine {
  readonly containers = new Containers(() => this.api);
  readonly socket: string;
  readonly #machine: Holder;
  readonly #dir: string;
  readonly #cgroup: string;
  #options: EngineOptions;
  #init: Holder | undefined;
  #child: ChildProcess | undefined;
  #api: DockerApi | undefined;
  #imported = false;

  constructor(machine: Holder, dir: string, cgroup: string, options: EngineOptions) {
    this.#machine = machine;
    this.#dir = dir;
    this.#cgroup = cgroup;
    this.#options = options;
    this.socket = join(dir, 'docker.sock');
  }

  /** The API of the engine that runs. @throws Error while none does */
  get api(): DockerApi {
    if (this.#api === undefined) throw new Error('the engine does not run');
    return this.#api;
  }

  /** Pid of dockerd as this process sees it; undefined while it doesn't run. */
  get pid(): number | undefined {
    const wrapper = this.#child?.pid;
    return wrapper === undefined ? undefined : firstChild(wrapper);
  }

  /** Starts dockerd with what is in its data folder and waits until it answers. `config` replaces the daemon.json. */
  async start(config?: Readonly<Record<string, unknown>>): Promise<void> {
    if (config !== undefined) this.#options = { ...this.#options, config };
    await mkdir(this.#dir, { recursive: true });
    await writeFile(this.#file('daemon.json'), JSON.stringify(this.#daemonConfig(), undefined, 2));
    this.#init ??= await startInit(this.#machine);
    const argv = [...this.#init.enter, this.#options.dockerd ?? 'dockerd', '--config-file', this.#file('daemon.json')];
    const child = start(argv, this.#options.env === undefined ? {} : { env: this.#options.env });
    this.#child = child;
    const log = createWriteStream(this.#file('dockerd.log'), { flags: 'a' });
    child.stderr?.pipe(log);
    child.stdin?.end();
    await this.#ready(child);
    if (!this.#imported) await this.importImage();
    this.#imported = true;
  }

  /** SIGTERM and wait until it is gone; containers end too, unless live-restore is on. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** SIGKILL: containers may live on, as after a crash. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Makes the lab's image known; the first start does it. */
  async importImage(): Promise<void> {
    await this.api.upload(`/images/create?fromSrc=-&repo=${IMAGE}&tag=latest`, await imageTar());
  }

  /** What dockerd wrote so far, for a test that wants to know why. */
  log(): Promise<string> {
    return readFile(this.#file('dockerd.log'), 'utf8');
  }

  /** The words that run a command in a container's network (the lab's files stay visible). */
  async enterContainer(idOrName: string): Promise<string[]> {
    return ['nsenter', `--net=/proc/${await this.containers.pid(idOrName)}/ns/net`, '--'];
  }

  #file(name: string): string {
    return join(this.#dir, name);
  }

  #daemonConfig(): object {
    return {
      // The second one is where programs of the machine expect it.
      hosts: [`unix://${this.socket}`, 'unix:///run/docker.sock'],
      'data-root': this.#file('data'),
      'exec-root': this.#file('exec'),
      pidfile: this.#file('docker.pid'),
      'storage-driver': 'vfs',
      'cgroup-parent': `/${this.#cgroup}`,
      // systemd's cgroup driver would need its bus, which is not in this machine.
      'exec-opts': ['native.cgroupdriver=cgroupfs'],
      ...this.#options.config,
    };
  }

  async #ready(child: ChildProcess): Promise<void> {
    const api = new DockerApi(this.socket);
    const deadline = performance.now() + READY_MS;
    for (;;) {
      if (child.exitCode !== null || performance.now() > deadline) {
        throw new Error(`dockerd did not start:\n${(await this.log()).split('\n').slice(-15).join('\n')}`);
      }
      const answers = await api.call('GET', '/_ping').then(
        () => true,
        () => false,
      );
      if (answers) break;
      await sleep(20);
    }
    this.#api = api;
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const [child, pid] = [this.#child, this.pid];
    if (child === undefined || pid === undefined) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    process.kill(pid, signal);
    await gone;
    this.#child = undefined;
    this.#api?.close();
    this.#api = undefined;
  }
}
