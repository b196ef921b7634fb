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
  const entries = lines.map((line) => /^([0-9a-f]{64}) {2}([\w.-]+)$/.exec(line) ?? []);
  if (entries.some(([whole]) => whole === undefined)) return undefined;
  const wanted = entries.filter(([, , name = '']) => !unread.includes(name));
  const read = wanted.map(
    async ([, sum, name = '']) => [name, await readIfWhole(files, join(folder, name), sum)] as const,
  );
  const contents = await Promise.all(read);
  return contents.some(([, content]) => content === undefined)
    ? undefined
    : new Map(contents.flatMap(([name, content]) => (content ? [[name, content]] : [])));
}

async function readIfWhole(files: Files, path: string, sum: string | undefined): Promise<Buffer | undefined> {
  const content = await files.read(path);
  return content && createHash('sha256').update(content).digest('hex') === sum ? content : undefined;
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
