import { randomBytes } from 'node:crypto';
import { link, lstat, mkdir, open, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from './failure.ts';
import type { Files } from './types.ts';

const isCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException | undefined)?.code === code;

/** `undefined` where there is nothing at the path; every other failure stays one. */
async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}

export const files: Files = {
  read: (path) => unlessMissing(readFile(path)),
  async stamp(path) {
    const found = await unlessMissing(stat(path, { bigint: true }));
    return (
      found && {
        device: found.dev,
        inode: found.ino,
        size: found.size,
        modified: found.mtimeNs,
        changed: found.ctimeNs,
      }
    );
  },
  list: async (folder) => (await unlessMissing(readdir(folder))) ?? [],
  write,
  link: async (from, to) => (await unlessMissing(link(from, to).then(() => true))) ?? false,
  remove: (path) => rm(path, { recursive: true, force: true }),
  resolve: async (path) => (await unlessMissing(realpath(path))) ?? path,
  async folder(path, mode) {
    await mkdir(path, { recursive: true, mode });
    if (!(await lstat(path)).isDirectory()) {
      throw new Failure(`${path} is not a folder of its own`, 'a symlink there could lead writes astray; remove it');
    }
  },
  mode: async (path) => {
    const found = await unlessMissing(stat(path));
    return found && found.mode & 0o7777;
  },
};

async function write(path: string, content: Iterable<string | Uint8Array>, mode: number): Promise<void> {
  const folder = dirname(path);
  const owner = await unlessMissing(stat(path));
  const scratch = join(folder, `.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(scratch, 'wx', mode);
    try {
      for (const chunk of content) await file.writeFile(chunk);
      // Not to take a file away from whoever it belongs to; before the mode, for chown may clear bits of it.
      if (owner) await file.chown(owner.uid, owner.gid);
      await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(scratch, path);
    await syncFolder(folder);
  } catch (error) {
    await rm(scratch, { force: true });
    throw error;
  }
}

/** Without this a rename may be forgotten by a power cut. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
