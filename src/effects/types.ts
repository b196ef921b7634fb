import type { Address } from '../net/address.ts';

/** A program to run. Arguments are an array and there is no shell, so no name or note can become a command. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** Fed to standard input, as fast as the program takes it. */
  readonly input?: Iterable<string | Uint8Array>;
  /** Milliseconds until it is killed; 30,000 if not given. */
  readonly timeoutMs?: number;
}

/** How a program ended. Never an exception: what a failure means is for the caller to say. */
export interface Output {
  readonly outcome: 'exited' | 'missing' | 'timed-out' | 'killed';
  /** The exit code; -1 unless `exited`. */
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export type Exec = (command: Command) => Promise<Output>;

/** What identifies one state of a file's content without reading it. Times in nanoseconds. */
export interface FileStamp {
  readonly device: bigint;
  readonly inode: bigint;
  readonly size: bigint;
  readonly modified: bigint;
  readonly changed: bigint;
}

export interface Files {
  /** The content, or undefined if there is no such file. Other failures are thrown as they come. */
  read(path: string): Promise<Buffer | undefined>;
  stamp(path: string): Promise<FileStamp | undefined>;
  list(folder: string): Promise<readonly string[]>;
  /** Writes beside the target, syncs, renames over it, syncs the folder: old or new, never half. Replaces a symlink. */
  write(path: string, content: Iterable<string | Uint8Array>, mode: number): Promise<void>;
  /** Gives a file a second name, where nothing is yet. False if there is no such file. */
  link(from: string, to: string): Promise<boolean>;
  remove(path: string): Promise<void>;
  /** The path behind symlinks; the path itself if it doesn't exist. */
  resolve(path: string): Promise<string>;
  /** Makes the folder if it is missing, with its parents. Throws if it is a symlink. */
  folder(path: string, mode: number): Promise<void>;
  /** The permission bits, or undefined if there is no such file. */
  mode(path: string): Promise<number | undefined>;
}

export interface Clock {
  /** Wall clock, milliseconds since 1970: to be shown, never to be waited for. */
  now(): number;
  /** Milliseconds on a clock that only goes forward. */
  monotonic(): number;
}

/** An answer of Docker's API, or why there is none. */
export type DockerReply =
  | { readonly ok: true; readonly body: unknown }
  | {
      readonly ok: false;
      readonly reason: 'not-installed' | 'not-running' | 'no-permission' | 'timed-out' | 'garbage';
      readonly detail: string;
    };

export interface Docker {
  /** Where it is asked, for messages. */
  readonly host: string;
  get(path: string): Promise<DockerReply>;
}

export interface Names {
  /** The addresses of a host name as this machine resolves it; empty if it doesn't resolve in time. */
  lookup(name: string): Promise<readonly Address[]>;
}

/** Holds the only right to change this machine's firewall; another holder is waited for, for a bounded time. */
export interface Lock {
  /** Runs the work under the lock; rejects with the holder's process if it isn't free in time. */
  hold<T>(path: string, work: () => Promise<T>): Promise<T>;
}

/** Everything that reaches outside of the program, in one place. */
export interface Effects {
  readonly exec: Exec;
  readonly files: Files;
  readonly clock: Clock;
  readonly docker: Docker;
  readonly names: Names;
  readonly lock: Lock;
}
