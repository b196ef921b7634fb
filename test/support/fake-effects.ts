import type { Clock, Docker, DockerReply, Files, FileStamp } from '../../src/effects/types.ts';

/** Files in memory. Writing one takes its time from the clock that it was made with, as a disk would. */
export class FakeFiles implements Files {
  readonly contents = new Map<string, Buffer>();
  readonly modes = new Map<string, number>();
  readonly #stamps = new Map<string, FileStamp>();
  readonly #clock: Clock;
  #inode = 1n;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  copyFrom(other: FakeFiles): void {
    for (const [path, content] of other.contents) this.contents.set(path, content);
    for (const [path, mode] of other.modes) this.modes.set(path, mode);
    for (const [path, stamp] of other.#stamps) this.#stamps.set(path, stamp);
    this.#inode = other.#inode;
  }

  /** As an editor does. `inode` stays, unless it is renamed into place as `write` does. */
  put(path: string, content: string | Uint8Array): void {
    this.contents.set(path, Buffer.from(content));
    const now = BigInt(this.#clock.now()) * 1_000_000n;
    const inode = this.#stamps.get(path)?.inode ?? this.#inode++;
    this.#stamps.set(path, { device: 1n, inode, size: BigInt(content.length), modified: now, changed: now });
  }

  read = (path: string): Promise<Buffer | undefined> => Promise.resolve(this.contents.get(path));
  stamp = (path: string): Promise<FileStamp | undefined> => Promise.resolve(this.#stamps.get(path));
  resolve = (path: string): Promise<string> => Promise.resolve(path);
  mode = (path: string): Promise<number | undefined> => Promise.resolve(this.modes.get(path));

  list = (folder: string): Promise<readonly string[]> => {
    const inside = [...this.contents.keys()].filter((path) => path.startsWith(`${folder}/`));
    return Promise.resolve([...new Set(inside.map((path) => path.slice(folder.length + 1).split('/')[0] ?? ''))]);
  };

  write = (path: string, content: Iterable<string | Uint8Array>, mode: number): Promise<void> => {
    this.#stamps.delete(path);
    this.put(path, Buffer.concat([...content].map((chunk) => Buffer.from(chunk))));
    this.modes.set(path, mode);
    return Promise.resolve();
  };

  link = (from: string, to: string): Promise<boolean> => {
    const content = this.contents.get(from);
    if (content && !this.contents.has(to)) this.put(to, content);
    return Promise.resolve(content !== undefined);
  };

  remove = (path: string): Promise<void> => {
    for (const each of [...this.contents.keys()].filter((name) => name === path || name.startsWith(`${path}/`))) {
      this.contents.delete(each);
      this.#stamps.delete(each);
    }
    return Promise.resolve();
  };

  folder = (path: string, mode: number): Promise<void> => {
    this.modes.set(path, mode);
    return Promise.resolve();
  };
}

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  time = 1_700_000_000_000;
  now = (): number => this.time;
  monotonic = (): number => this.time;
}

/** Docker's API with answers by path; a path without one is not running. */
export const fakeDocker = (answers: Readonly<Record<string, unknown>>): Docker => ({
  host: 'unix:///var/run/docker.sock',
  get: (path): Promise<DockerReply> =>
    Promise.resolve(
      path in answers
        ? { ok: true, body: answers[path] }
        : { ok: false, reason: 'not-running', detail: `nobody answers ${path}` },
    ),
});
