import type { Effects } from '../effects/types.ts';

/** An engine names the cgroups of a container by its id, whatever it has before and behind it. */
const CONTAINER_ID = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/;

/**
 * Lines of `ss -p` with the cgroup behind those that a container's process waits in, in the form of `ss --cgroup`; that
 * itself says nothing where cgroups are those of version 1.
 */
export async function withCgroups({ files }: Pick<Effects, 'files'>, lines: string): Promise<string> {
  const pidOf = (line: string): string | undefined => /,pid=(\d+)/.exec(line)?.[1];
  const pids = [...new Set(lines.split('\n').flatMap((line) => pidOf(line) ?? []))];
  const ids = new Map(await Promise.all(pids.map(async (pid) => [pid, await containerOf(files, pid)] as const)));
  return lines
    .split('\n')
    .map((line) => {
      const id = ids.get(pidOf(line) ?? '');
      return id === undefined ? line : `${line.trimEnd()} cgroup:/docker/${id}`;
    })
    .join('\n');
}

async function containerOf(files: Effects['files'], pid: string): Promise<string | undefined> {
  // It may have ended meanwhile, or be none of this user's.
  const text = await files.read(`/proc/${pid}/cgroup`).catch(() => undefined);
  return text && CONTAINER_ID.exec(text.toString())?.[0];
}

/** The id of the container whose cgroup a line of `ss` names. */
export const containerIn = (line: string): string | undefined =>
  CONTAINER_ID.exec(/ cgroup:(\S+)/.exec(line)?.[1] ?? '')?.[0];
