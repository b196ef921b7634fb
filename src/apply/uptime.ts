import type { Effects } from '../effects/types.ts';

/** Seconds since the machine was started, and which start that was. */
export async function uptime({
  files,
}: Pick<Effects, 'files'>): Promise<{ readonly seconds: number; readonly boot: string }> {
  const [up, id] = await Promise.all(
    ['/proc/uptime', '/proc/sys/kernel/random/boot_id'].map(async (path) => (await files.read(path))?.toString() ?? ''),
  );
  return { seconds: Math.floor(Number.parseFloat(up ?? '')), boot: id?.trim() ?? '' };
}
