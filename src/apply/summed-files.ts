import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Files } from '../effects/types.ts';
import type { PlainFile } from '../plan/boot-files.ts';
import { FILE_MODE } from './state.ts';

/** The files that a list of sums names; undefined if one of them is missing or isn't what was written. */
export async function readSummed(
  files: Files,
  folder: string,
  list: string,
  unread: readonly string[] = [],
): Promise<Map<string, Buffer> | undefined> {
  const lines = (await files.read(join(folder, list)))?.toString().trimEnd().split('\n') ?? [''];
  const contents = new Map<string, Buffer>();
  for (const line of lines) {
    const [, sum, name] = /^([0-9a-f]{64}) {2}([\w.-]+)$/.exec(line) ?? [];
    if (name === undefined) return undefined;
    if (unread.includes(name)) continue;
    const content = await files.read(join(folder, name));
    if (!content || createHash('sha256').update(content).digest('hex') !== sum) return undefined;
    contents.set(name, content);
  }
  return contents;
}

/** Writes files and the list of their sums, as sha256sum(1) does. Those that last are taken over from the folder `from`. */
export async function writeSummed(
  files: Files,
  folder: string,
  list: string,
  wanted: readonly PlainFile[],
  from?: string,
): Promise<void> {
  const known = from === undefined ? [] : ((await files.read(join(from, list)))?.toString().split('\n') ?? []);
  const sums: string[] = [];
  for (const file of wanted) {
    const sum = file.lasting ? known.find((line) => line.endsWith(`  ${file.name}`)) : undefined;
    const taken = sum !== undefined && (await files.link(join(from ?? '', file.name), join(folder, file.name)));
    sums.push(taken ? `${sum}\n` : await writeFile(files, folder, file));
  }
  // Last: a folder without it was left half filled.
  await files.write(join(folder, list), [sums.join('')], FILE_MODE);
}

async function writeFile(files: Files, folder: string, file: PlainFile): Promise<string> {
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
