import { readFileSync, readdirSync, statSync } from 'node:fs';
import { netnsPath } from './netns.ts';

/** All process ids of the machine at this moment. */
export function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Reads a file of /proc/PID; undefined when the process is gone. */
export function procFile(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}

/** Fields of /proc/PID/stat from the state on; the name before it may hold spaces and brackets. */
function statFields(pid: number): string[] {
  const text = procFile(pid, 'stat') ?? '';
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** When a process was started, in clock ticks since boot: with the pid it names a process for good. */
export function startTime(pid: number): string | undefined {
  return statFields(pid)[19];
}

/** True while a process runs; a zombie doesn't. */
export function isAlive(pid: number): boolean {
  const state = statFields(pid)[0] ?? '';
  return state !== '' && state !== 'Z' && state !== 'X';
}

/**
 * Living processes of a world: whose network namespace is one of the named ones or that of a container in the world's
 * cgroup. They can only be the world's own.
 */
export function pidsOfWorld(namespaces: readonly string[], cgroup: string): number[] {
  const pids = allPids();
  const inContainers = pids.filter((pid) => (procFile(pid, 'cgroup') ?? '').includes(`/${cgroup}/`));
  const inodes = new Set([...namespaces.map(namespaceInode), ...inContainers.map(networkOf)]);
  inodes.delete(undefined);
  inodes.delete(networkOf(process.pid));
  return pids.filter((pid) => inodes.has(networkOf(pid)) && isAlive(pid));
}

function networkOf(pid: number): number | undefined {
  return inodeOf(`/proc/${pid}/ns/net`);
}

function namespaceInode(name: string): number | undefined {
  return inodeOf(netnsPath(name));
}

function inodeOf(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch {
    return undefined;
  }
}

/** The pid, as this process sees it, of the first child of a process. */
export function firstChild(pid: number): number | undefined {
  const text = procFile(pid, `task/${pid}/children`) ?? '';
  const child = Number.parseInt(text, 10);
  return Number.isNaN(child) ? undefined : child;
}

/** The pid, as this process sees it, of a container's first process: the one that is 1 in its own pid namespace. */
export function containerInit(containerId: string): number | undefined {
  return allPids().find((pid) => {
    if (!(procFile(pid, 'cgroup') ?? '').includes(containerId)) return false;
    const levels = /^NSpid:\s+(.*)$/m.exec(procFile(pid, 'status') ?? '')?.[1]?.split(/\s+/) ?? [];
    return levels.length > 1 && levels.at(-1) === '1';
  });
}

/** Ends processes at once, by their ids. */
export function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself between the look and the signal.
    }
  }
}
