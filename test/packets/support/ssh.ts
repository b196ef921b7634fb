import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HOST, type NodeName } from '../../../lab/addresses.ts';
import { type CommandOptions, type Outcome, must } from '../../../lab/command.ts';
import { allPids, procFile } from '../../../lab/processes.ts';
import { type World, mustExec } from '../../../lab/world.ts';

/** The client closes at once what it can't open, asks nobody, and knows nobody's keys. */
const CLIENT_OPTIONS = [
  'BatchMode=yes',
  'ConnectTimeout=2',
  'IdentitiesOnly=yes',
  'LogLevel=ERROR',
  'StrictHostKeyChecking=no',
  'UserKnownHostsFile=/dev/null',
].flatMap((option) => ['-o', option]);

/** A real sshd in the host's namespace, and logins to it from the others. */
export class Ssh {
  readonly #world: World;
  readonly port: number;
  #server: ChildProcess | undefined;

  private constructor(world: World, port: number) {
    this.#world = world;
    this.port = port;
  }

  static async make(world: World, port: number): Promise<Ssh> {
    const ssh = new Ssh(world, port);
    const file = (name: string): string => join(world.dir, name);
    for (const key of ['host_key', 'login_key'])
      await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'lab', '-f', file(key)]);
    const config = [
      `Port ${port}`,
      `HostKey ${file('host_key')}`,
      `AuthorizedKeysFile ${file('login_key.pub')}`,
      'StrictModes no',
      'UsePAM no',
      'PidFile none',
      'PermitRootLogin yes',
      'PasswordAuthentication no',
    ];
    await writeFile(file('sshd_config'), `${config.join('\n')}\n`);
    // Where sshd separates privileges; the world's /run is its own.
    await mustExec(world, 'host', ['mkdir', '-p', '/run/sshd']);
    await ssh.start();
    return ssh;
  }

  /** The listener's process. */
  get pid(): number {
    return this.#server?.pid ?? 0;
  }

  async start(): Promise<void> {
    const argv = ['/usr/sbin/sshd', '-D', '-e', '-f', join(this.#world.dir, 'sshd_config')];
    this.#server = this.#world.spawn('host', argv);
    const [said] = (await once(this.#server.stderr ?? this.#server, 'data')) as [Buffer];
    if (!said.includes('listening')) throw new Error(`sshd: ${said.toString()}`);
  }

  argv(command: string, options: readonly string[] = []): string[] {
    const key = join(this.#world.dir, 'login_key');
    const to = ['-p', `${this.port}`, `root@${HOST.v4}`, command];
    return ['ssh', '-F', '/dev/null', '-i', key, ...CLIENT_OPTIONS, ...options, ...to];
  }

  /** Runs a command in a session of its own. */
  run(node: NodeName, command: string, options: CommandOptions = {}): Promise<Outcome> {
    return this.#world.exec(node, this.argv(command), { timeoutMs: 15_000, ...options });
  }

  /** A session that stays; `terminal`: with one of its own, as people have. */
  open(node: NodeName, command: string, { terminal = false } = {}): ChildProcess {
    return this.#world.spawn(node, this.argv(command, terminal ? ['-tt'] : []));
  }

  /** A session that stays, once its shell runs: before, sshd may have a connection that nobody is logged in by. */
  async login(node: NodeName): Promise<ChildProcess> {
    const session = this.open(node, 'echo in; exec cat');
    const [said] = (await once(session.stdout ?? session, 'data')) as [Buffer];
    if (said.toString() !== 'in\n') throw new Error(`ssh: ${said.toString()}`);
    return session;
  }

  async opens(node: NodeName): Promise<boolean> {
    return (await this.run(node, 'true')).code === 0;
  }
}

/** All processes that this one started, and those that they did. */
export function descendants(pid: number): number[] {
  const parents = new Map(allPids().map((each) => [each, parentOf(each)]));
  const below = (id: number): number[] =>
    [...parents].filter(([, parent]) => parent === id).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

const parentOf = (pid: number): number => Number(/^PPid:\t(\d+)$/m.exec(procFile(pid, 'status') ?? '')?.[1] ?? 0);

/** Asks every 50 ms. @throws Error after 20 s */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; !(await holds()); await sleep(50))
    if (Date.now() > deadline) throw new Error(`not within 20 s: ${what}`);
}
