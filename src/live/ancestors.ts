import type { Effects } from '../effects/types.ts';

/** This process, or one above it: whoever started it, up to the first of all. */
export interface Ancestor {
  readonly pid: number;
  /** The program's name, cut off at 15 characters (proc(5)). */
  readonly name: string;
  /** SSH_CONNECTION or SSH_CLIENT, as the process was given it. */
  readonly connection: string | undefined;
  /** What it is typed at; `none` for daemons. */
  readonly terminal: 'none' | 'pseudo' | 'console';
}

type WithFiles = Pick<Effects, 'files'>;

/** Deeper than any chain of shells; a loop can't be, but a process may end and its number be given away meanwhile. */
const MOST = 64;

/**
 * This process first. It ends where another network begins: who is connected to that one can't be cut off from it by a
 * change of ours. What can't be read is taken for nothing.
 */
export async function readAncestors(effects: WithFiles): Promise<Ancestor[]> {
  return climb(effects, 'self', await network(effects, 'self'), MOST);
}

async function climb(effects: WithFiles, id: string, ownNetwork: string, left: number): Promise<Ancestor[]> {
  const [status, environment, stat, net] = await Promise.all([
    read(effects, `/proc/${id}/status`),
    read(effects, `/proc/${id}/environ`),
    read(effects, `/proc/${id}/stat`),
    network(effects, id),
  ]);
  const field = (name: string): string | undefined => new RegExp(`^${name}:\\t(.*)$`, 'm').exec(status)?.[1];
  const [pid, parent] = [Number(field('Pid')), Number(field('PPid'))];
  if (!pid || net !== ownNetwork) return [];
  const found: Ancestor = {
    pid,
    name: field('Name') ?? '',
    connection: connectionIn(environment),
    terminal: terminalOf(stat),
  };
  return [found, ...(parent && left > 0 ? await climb(effects, `${parent}`, ownNetwork, left - 1) : [])];
}

function connectionIn(environment: string): string | undefined {
  const variables = environment.split('\0');
  return ['SSH_CONNECTION=', 'SSH_CLIENT='].flatMap((name) =>
    variables.filter((each) => each.startsWith(name)).map((each) => each.slice(name.length)),
  )[0];
}

/** The seventh field of /proc/PID/stat is the terminal's device number; the second may hold spaces and brackets. */
function terminalOf(stat: string): Ancestor['terminal'] {
  const device = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[4]);
  if (!device) return 'none';
  const major = (device >> 8) & 0xfff;
  return major >= 136 && major <= 143 ? 'pseudo' : 'console';
}

async function network({ files }: WithFiles, id: string): Promise<string> {
  try {
    const found = await files.stamp(`/proc/${id}/ns/net`);
    return found ? `${found.device} ${found.inode}` : '';
  } catch {
    return '';
  }
}

async function read({ files }: WithFiles, path: string): Promise<string> {
  try {
    return (await files.read(path))?.toString() ?? '';
  } catch {
    // It has ended, or is somebody's whose business this is not.
    return '';
  }
}
