import type { Effects } from '../effects/types.ts';
import { bootFiles, meaningFingerprint, rulesetFingerprint } from '../plan/boot-files.ts';
import type { Backend } from '../ruleset/backend.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { currentGeneration, generationNumbers } from './generation-numbers.ts';
import { CONFIG, isThis, META, type Meta, RECORD_SUMS, SUMS } from './generation-record.ts';
import { FILE_MODE, FOLDER_MODE, SCRIPT_MODE, type StatePaths } from './state.ts';
import { writeSummed } from './summed-files.ts';

type WithFiles = Pick<Effects, 'files'>;

/** How many generations are kept, the current one among them. */
const KEPT = 20;

/** What the next generation will be made of. */
export interface NewGeneration {
  readonly ruleset: Ruleset;
  readonly backend: Backend;
  readonly config: string;
  readonly meta: Omit<Meta, 'version' | 'backend' | 'fingerprint' | 'meaning'>;
}

export interface Prepared {
  readonly number: number;
  /** False where the current generation is this very one, whole and undamaged. */
  readonly fresh: boolean;
}

/**
 * Fills a folder for a new generation, which nothing names before `commitGeneration`; so it may run beside the change of
 * the kernel. Long lists are taken over from the current one where they stand there.
 */
export async function prepareGeneration(
  effects: WithFiles,
  paths: StatePaths,
  { ruleset, backend, config, meta }: NewGeneration,
): Promise<Prepared> {
  const { files } = effects;
  const current = await currentGeneration(effects, paths);
  const fingerprint = rulesetFingerprint(ruleset);
  const wanted = bootFiles(ruleset, backend);
  if (
    current !== undefined &&
    (await isThis(files, paths.generation(current), { fingerprint, config, backend }, wanted))
  )
    return { number: current, fresh: false };
  // Where it is lost which one is current, none of those that there are is written over.
  const number = (current ?? (await generationNumbers(effects, paths)).at(-1) ?? 0) + 1;
  const folder = paths.generation(number);
  await files.folder(paths.generations, FOLDER_MODE);
  await files.remove(folder);
  await files.folder(folder, FOLDER_MODE);
  const from = current === undefined ? undefined : paths.generation(current);
  await writeSummed(files, folder, SUMS, wanted, from);
  const record: Meta = { version: 1, backend, fingerprint, meaning: meaningFingerprint(ruleset), ...meta };
  await writeSummed(files, folder, RECORD_SUMS, [
    { name: CONFIG, content: () => [config] },
    { name: META, content: () => [`${JSON.stringify(record, null, 2)}\n`] },
  ]);
  return { number, fresh: true };
}

/** What belongs to a generation that stands, besides its own files. */
export interface Commit {
  /** What loads it at boot. */
  readonly script: string;
  /** Writes the config, where that is part of the change. */
  readonly config?: { readonly run: () => Promise<void> } | undefined;
}

/**
 * Names the generation as the current one, by one rename: a power cut leaves the old or the new one. If it fails, the one
 * before is named, and what was taken down is down. The config is written just before that: what isn't written need not
 * be written back, perhaps to a disk that is full.
 */
export async function commitGeneration(
  { files }: WithFiles,
  paths: StatePaths,
  number: number,
  { script, config }: Commit,
): Promise<void> {
  await writeScript({ files }, paths, script);
  const text = `${number}\n`;
  const [down, before] = await Promise.all([files.read(paths.down), files.read(paths.current)]);
  try {
    await files.remove(paths.down);
    await config?.run();
    if (before?.toString() !== text) await files.write(paths.current, [text], FILE_MODE);
  } catch (error) {
    // What could not be written for sure may be there all the same.
    await putBackFile({ files }, paths.current, before);
    await putBackFile({ files }, paths.down, down);
    throw error;
  }
}

async function putBackFile({ files }: WithFiles, path: string, before: Buffer | undefined): Promise<void> {
  const now = await files.read(path);
  if (before === undefined && now) await files.remove(path);
  if (before && !now?.equals(before)) await files.write(path, [before], FILE_MODE);
}

export async function writeScript({ files }: WithFiles, paths: StatePaths, script: string): Promise<void> {
  if ((await files.read(paths.script))?.toString() === script) return;
  await files.folder(paths.boot, FOLDER_MODE);
  await files.write(paths.script, [script], SCRIPT_MODE);
}

/** Removes the oldest ones, and those that never came to be confirmed. */
export async function pruneGenerations(effects: WithFiles, paths: StatePaths): Promise<void> {
  const current = await currentGeneration(effects, paths);
  if (current === undefined) return;
  for (const number of await generationNumbers(effects, paths))
    if (number > current || number <= current - KEPT) await effects.files.remove(paths.generation(number));
}
