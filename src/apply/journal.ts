import type { Effects } from '../effects/types.ts';
import { FILE_MODE, type StatePaths } from './state.ts';
import { uptime } from './uptime.ts';

type WithFiles = Pick<Effects, 'files'>;

/** Notes that the kernel is being changed. The note that is still there later is that of a run that was killed. */
export async function openJournal(
  { files, clock }: Pick<Effects, 'files' | 'clock'>,
  paths: StatePaths,
): Promise<void> {
  const { boot } = await uptime({ files });
  await files.write(paths.journal, [`since ${new Date(clock.now()).toISOString()}\nboot ${boot}\n`], FILE_MODE);
}

export const closeJournal = ({ files }: WithFiles, paths: StatePaths): Promise<void> => files.remove(paths.journal);

/** Since when a change has been under way; of one that nobody works on any more, if the caller holds the lock. */
export async function readJournal({ files }: WithFiles, paths: StatePaths): Promise<string | undefined> {
  const text = (await files.read(paths.journal))?.toString();
  return text === undefined ? undefined : (/^since (\S+)$/m.exec(text)?.[1] ?? 'an unknown time');
}
