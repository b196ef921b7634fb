import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Effects } from '../effects/types.ts';
import { bootFiles, rulesetFingerprint, type PlainFile } from '../plan/boot-files.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { FILE_MODE, FOLDER_MODE, type StatePaths } from './state.ts';

const CHECKSUMS = 'SHA256SUMS';
const SCRIPT_MODE = 0o700;
const FOLDER_NAME = /^[0-9a-f]{16}$/;

/** What the next boot is to load, ready in a folder that nothing names yet. */
export interface PreparedBoot {
  readonly id: string;
  /** False where those of this ruleset stand already. */
  readonly fresh: boolean;
}

/**
 * Fills a new folder with what a boot loads. It may run beside the change of the kernel, for nothing refers to the
 * folder before `switchBootFiles`.
 */
export async function prepareBootFiles(
  { files }: Pick<Effects, 'files'>,
  paths: StatePaths,
  ruleset: Ruleset,
  script: string,
): Promise<PreparedBoot> {
  const id = rulesetFingerprint(ruleset).slice(0, 16);
  const wanted = bootFiles(ruleset);
  const current = (await files.read(paths.bootCurrent))?.toString().trim() ?? '';
  const fresh = current !== id || !(await standsReady({ files }, paths, id, wanted, script));
  const from = FOLDER_NAME.test(current) && current !== id ? current : '';
  if (fresh) await fill({ files }, paths, { id, from }, wanted);
  return { id, fresh };
}

/**
 * Names the prepared folder in `current` by one rename, so a power cut at any instant leaves the old files or the new
 * ones, and removes those that are no longer named.
 */
export async function switchBootFiles(
  { files }: Pick<Effects, 'files'>,
  paths: StatePaths,
  { id, fresh }: PreparedBoot,
  script: string,
): Promise<void> {
  if (fresh) {
    await files.write(paths.bootScript, [script], SCRIPT_MODE);
    await files.write(paths.bootCurrent, [`${id}\n`], FILE_MODE);
  }
  const others = (await files.list(paths.boot)).filter((name) => FOLDER_NAME.test(name) && name !== id);
  for (const name of others) await files.remove(join(paths.boot, name));
  await files.remove(paths.down);
}

/** Whether the boot files are those of this ruleset, as far as names tell; their checksums are the boot's to test. */
async function standsReady(
  { files }: Pick<Effects, 'files'>,
  paths: StatePaths,
  id: string,
  wanted: readonly PlainFile[],
  script: string,
): Promise<boolean> {
  const found = await files.list(join(paths.boot, id));
  if (![CHECKSUMS, ...wanted.map(({ name }) => name)].every((name) => found.includes(name))) return false;
  return (await files.read(paths.bootScript))?.toString() === script;
}

/** Long lists are taken over from the folder `from` where they stand there; everything else is written. */
async function fill(
  { files }: Pick<Effects, 'files'>,
  paths: StatePaths,
  { id, from }: { readonly id: string; readonly from: string },
  wanted: readonly PlainFile[],
): Promise<void> {
  const folder = join(paths.boot, id);
  await files.folder(paths.boot, FOLDER_MODE);
  await files.remove(folder);
  await files.folder(folder, FOLDER_MODE);
  const known = (await files.read(join(paths.boot, from, CHECKSUMS)))?.toString().split('\n') ?? [];
  const sums: string[] = [];
  for (const file of wanted) {
    const sum = file.lasting ? known.find((line) => line.endsWith(`  ${file.name}`)) : undefined;
    const taken = sum !== undefined && (await files.link(join(paths.boot, from, file.name), join(folder, file.name)));
    sums.push(taken ? `${sum}\n` : await writeSummed({ files }, folder, file));
  }
  await files.write(join(folder, CHECKSUMS), [sums.join('')], FILE_MODE);
}

async function writeSummed({ files }: Pick<Effects, 'files'>, folder: string, file: PlainFile): Promise<string> {
  const hash = createHash('sha256');
  function* hashed(): Generator<string | Uint8Array> {
    for (const chunk of file.content()) {
      hash.update(chunk);
      yield chunk;
    }
  }
  await files.write(join(folder, file.name), hashed(), FILE_MODE);
  return `${hash.digest('hex')}  ${file.name}\n`;
}
