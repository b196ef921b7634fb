import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { start } from './command.ts';
import { enterNetns, netnsPath } from './netns.ts';
import { firstChild } from './processes.ts';

/**
 * What makes the host's network namespace a machine of its own: a mount namespace with its own /run (locks, sockets)
 * and a /sys that shows the namespace's interfaces. dockerd gets a pid namespace on top of it, so that killing one
 * process ends the engine, its containerd, its proxies and its containers.
 *
 * Both are held by a process that ends when its standard input does, that is when the lab's process is gone: even
 * `kill -9` leaves nothing running.
 */
export interface Holder {
  /** A process in the namespaces, as this process sees it. */
  readonly pid: number;
  /** The words that run a command in there. They fail when the world is gone. */
  readonly enter: readonly string[];
  readonly netns: string;
}

const MACHINE = `
set -e
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/netns
mkdir "$1"
mount --rbind /sys/fs/cgroup "$1"
mount -t sysfs sysfs /sys
mount --rbind "$1" /sys/fs/cgroup
umount -l "$1"
rmdir "$1"
echo ready
exec cat
`;

// The shell waits for its child and so reaps every orphan of the pid namespace, as an init has to.
const INIT = `
exec 3<&0
echo ready
cat <&3 >/dev/null &
wait $!
`;

/** Gives the host's network namespace its own mounts. `dir` is an absolute path that doesn't exist yet. */
export async function startMachine(netns: string, dir: string): Promise<Holder> {
  const unshare = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', MACHINE, 'sh', dir];
  const child = start([...enterNetns(netns), ...unshare]);
  await ready(child, 'the machine');
  return holder(child.pid ?? 0, netns, ['-m']);
}

/** A pid namespace (and a copy of the mounts with its own /proc) inside the machine, for one engine. */
export async function startInit(machine: Holder): Promise<Holder> {
  const flags = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const child = start([...machine.enter, 'unshare', ...flags, 'sh', '-c', INIT]);
  await ready(child, 'the pid namespace');
  const pid = firstChild(child.pid ?? 0);
  if (pid === undefined) throw new Error('the pid namespace ended at once');
  return holder(pid, machine.netns, ['-m', '-p']);
}

/** The network comes by name, not by pid: a pid may belong to somebody else one day, and this machine has a firewall. */
function holder(pid: number, netns: string, flags: readonly string[]): Holder {
  return { pid, netns, enter: ['nsenter', '-t', String(pid), ...flags, `--net=${netnsPath(netns)}`, '--'] };
}

async function ready(child: ChildProcess, what: string): Promise<void> {
  const said: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  child.stdin?.on('error', () => {});
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${what} could not be started: ${said.join('').trim()}`);
  });
  // It ends at the latest with the world, when nobody waits any more.
  ended.catch(() => {});
  if (child.stdout !== null) await Promise.race([once(child.stdout, 'data'), ended]);
  // The holder must not keep this process alive; its end is what ends the holder.
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) unref(stream);
}

function unref(stream: unknown): void {
  if (stream instanceof Object && 'unref' in stream && typeof stream.unref === 'function') stream.unref();
}
