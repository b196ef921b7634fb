import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PREFIX } from './netns.ts';
import { isAlive, killAll, pidsOfWorld, startTime } from './processes.ts';

/**
 * What a world has on this machine, written before anything of it exists: a folder under the temporary directory,
 * network namespaces, a cgroup. Everything else (mounts, Docker's processes) dies with the processes in the namespaces.
 */
export interface Claim {
  /** Short and unique; namespaces are called `sw-ID-NODE`, the cgroup `sw-ID`. */
  readonly id: string;
  readonly dir: string;
  readonly owner: { readonly pid: number; readonly started: string | undefined };
}

const CLAIM_FILE = 'claim.json';
const held = new Map<string, Claim>();
let guarded = false;

/** Reserves an id and a folder, and makes sure that they are given back however this process ends. */
export function claim(): Claim {
  const id = randomBytes(3).toString('hex').slice(0, 5);
  const dir = join(tmpdir(), `${PREFIX}${id}`);
  mkdirSync(dir, { mode: 0o755 });
  const made: Claim = { id, dir, owner: { pid: process.pid, started: startTime(process.pid) } };
  writeFileSync(join(dir, CLAIM_FILE), JSON.stringify(made));
  held.set(id, made);
  guard();
  return made;
}

/** Ends every process of a world and removes its namespaces, cgroups and files. Synchronous, to serve at exit too. */
export function reclaim(gone: Claim): void {
  const names = namespacesOf(gone);
  const cgroup = `${PREFIX}${gone.id}`;
  endProcesses(names, cgroup);
  const lines = names.map((name) => `netns del ${name}\n`).join('');
  if (names.length > 0) spawnSync('ip', ['-force', '-batch', '-'], { input: lines });
  removeCgroups(cgroup);
  rmSync(gone.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  held.delete(gone.id);
}

/** Removes the worlds whose owner was killed before it could. Worlds of living processes are left alone. */
export function sweep(): Claim[] {
  const stale = claims().filter((c) => !isAlive(c.owner.pid) || startTime(c.owner.pid) !== c.owner.started);
  for (const gone of stale) reclaim(gone);
  return stale;
}

/** All worlds of this machine, by the files that they left. */
export function claims(): Claim[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(PREFIX))
    .flatMap((name) => readClaim(join(tmpdir(), name)));
}

function readClaim(dir: string): Claim[] {
  try {
    const read = JSON.parse(readFileSync(join(dir, CLAIM_FILE), 'utf8')) as Partial<Claim>;
    const { id, owner } = read;
    return id !== undefined && owner !== undefined && dir.endsWith(`${PREFIX}${id}`) ? [{ id, dir, owner }] : [];
  } catch {
    // Not ours, or being made at this moment.
    return [];
  }
}

/** The network namespaces of a world that exist now. */
export function namespacesOf(world: Claim): string[] {
  if (!existsSync('/run/netns')) return [];
  return readdirSync('/run/netns').filter((name) => name.startsWith(`${PREFIX}${world.id}-`));
}

function endProcesses(namespaces: readonly string[], cgroup: string): void {
  const deadline = performance.now() + 10_000;
  // A container's network is known by its processes: who only entered it is not found again once they have ended.
  const killed = new Map<number, string | undefined>();
  for (;;) {
    for (const pid of pidsOfWorld(namespaces, cgroup)) killed.set(pid, startTime(pid));
    const pids = [...killed].filter(([pid, started]) => isAlive(pid) && startTime(pid) === started).map(([pid]) => pid);
    if (pids.length === 0 || performance.now() > deadline) return;
    killAll(pids);
    pause(20);
  }
}

function removeCgroups(name: string): void {
  const root = '/sys/fs/cgroup';
  if (!existsSync(root)) return;
  const tops = [root, ...readdirSync(root).map((entry) => join(root, entry))].map((top) => join(top, name));
  for (const top of tops.filter((path) => existsSync(path))) removeCgroup(top);
}

function removeCgroup(path: string): void {
  // The kernel needs a moment after the last process: EBUSY until then. Another process may be sweeping as well.
  for (let tries = 0; tries < 50 && existsSync(path); tries++) {
    try {
      const inner = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
      for (const entry of inner) removeCgroup(join(path, entry.name));
      rmdirSync(path);
      return;
    } catch {
      pause(20);
    }
  }
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function guard(): void {
  if (guarded) return;
  guarded = true;
  process.on('exit', reclaimAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const handler = (): void => {
      reclaimAll();
      process.off(signal, handler);
      // Whoever else listens decides what the signal means; without anyone it means what it always does.
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    };
    process.on(signal, handler);
  }
}

function reclaimAll(): void {
  for (const world of held.values()) reclaim(world);
}
