import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Effects } from '../effects/types.ts';
import { plainFiles, rulesetFingerprint, type PlainFile } from '../plan/boot-files.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { FILE_MODE, FOLDER_MODE, type StatePaths } from './state.ts';

const CHECKSUMS = 'SHA256SUMS';
const SCRIPT_MODE = 0o700;

/**
 * Leaves what the next boot loads. A new folder is filled first and then named in `current` by one rename, so a power
 * cut at any instant leaves the old files or the new ones. True if anything had to be written.
 */
export async function writeBootFiles(
  { files }: Pick<Effects, 'files'>,
  paths: StatePaths,
  ruleset: Ruleset,
  script: string,
): Promise<boolean> {
  const id = rulesetFingerprint(ruleset).slice(0, 16);
  const fresh = !(await standsReady({ files }, paths, id, script));
  if (fresh) {
    const folder = join(paths.boot, id);
    await files.folder(paths.boot, FOLDER_MODE);
    await files.remove(folder);
    await files.folder(folder, FOLDER_MODE);
    const sums: string[] = [];
    for (const file of plainFiles(ruleset)) sums.push(await writeSummed({ files }, folder, file));
    await files.write(join(folder, CHECKSUMS), [sums.join('')], FILE_MODE);
    await files.write(paths.bootScript, [script], SCRIPT_MODE);
    await files.write(paths.bootCurrent, [`${id}\n`], FILE_MODE);
  }
  await removeOthers({ files }, paths, id);
  await files.remove(paths.down);
  return fresh;
}

/** Whether the boot files are those of this ruleset, as far as names and sizes tell; their checksums are the boot's to test. */
async function standsReady(
  { files }: Pick<Effects, 'files'>,
  paths: StatePaths,
  id: string,
  script: string,
): Promise<boolean> {
  const current = await files.read(paths.bootCurrent);
  if (current?.toString().trim() !== id) return false;
  const expected = [CHECKSUMS, 'sets.ipset', 'rules.iptables', 'rules.ip6tables', 'hooks'];
  const found = await files.list(join(paths.boot, id));
  if (!expected.every((name) => found.includes(name))) return false;
  return (await files.read(paths.bootScript))?.toString() === script;
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

async function removeOthers({ files }: Pick<Effects, 'files'>, paths: StatePaths, keep: string): Promise<void> {
  const others = (await files.list(paths.boot)).filter((name) => /^[0-9a-f]{16}$/.test(name) && name !== keep);
  for (const name of others) await files.remove(join(paths.boot, name));
}
