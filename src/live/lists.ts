import { createHash } from 'node:crypto';
import { dirname, isAbsolute, join } from 'node:path';
import { Failure } from '../effects/failure.ts';
import type { Effects, FileStamp } from '../effects/types.ts';
import { describeFault } from '../net/fault.ts';
import { parsePrefixText, type PrefixText } from '../net/prefix-text.ts';
import { isEveryone, PrefixSet } from '../net/prefix-set.ts';
import type { PrefixList } from '../policy/facts.ts';

/** A compiled list and how it was come by. */
export interface ListReading {
  readonly list: PrefixList;
  /** The compiled form, to be kept for the next run; undefined if it was read from there. */
  readonly compiled: Uint8Array | undefined;
  /** What it was when its compiled form was kept, if it was read anew. */
  readonly before?: PrefixList;
  readonly notes: readonly string[];
}

/**
 * Reads a list of prefixes. A list that hasn't changed since it was compiled isn't read again: its compiled form is
 * 5 bytes an IPv4 prefix. A list with a bad line, a missing one, or one that was emptied is refused whole: what
 * stands in the kernel stays.
 */
export async function readList(
  effects: Pick<Effects, 'files' | 'clock'>,
  path: string,
  configPath: string,
  cacheDir: string,
): Promise<ListReading> {
  const { files, clock } = effects;
  const full = isAbsolute(path) ? path : join(dirname(configPath), path);
  const stamp = await files.stamp(full);
  const cache = decode(await files.read(join(cacheDir, cacheName(full))));
  if (stamp && cache && cache.stamp === stampText(stamp) && cache.settled)
    return { list: cache.list, compiled: undefined, notes: [] };
  const bytes = await readBytes(files, full);
  if (!bytes || !stamp) {
    throw new Failure(
      `the list ${full} does not exist`,
      'what is in force stays; put the file back, or take its entry out of the config',
    );
  }
  const list = checked(parsePrefixText(bytes), full);
  if (list.v4.size + list.v6.size === 0 && cache && cache.list.v4.size + cache.list.v6.size > 0) {
    throw new Failure(
      `the list ${full} is empty now; it had ${cache.list.v4.size + cache.list.v6.size} prefixes`,
      'an emptied list is more often an accident than a wish: if it is meant, take its entry out of the config',
    );
  }
  // A file that was changed just now may change again without its times showing it.
  const settled = clock.now() - Number(stamp.modified / 1_000_000n) > 2000;
  return {
    list,
    compiled: encode(list, stampText(stamp), settled),
    ...(cache ? { before: cache.list } : {}),
    notes: [],
  };
}

/** Undefined where there is none. */
async function readBytes(files: Effects['files'], full: string): Promise<Buffer | undefined> {
  try {
    return await files.read(full);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EISDIR' ? 'it is a folder' : code;
    throw new Failure(`can't read the list ${full}: ${why}`, 'what is in force stays', { cause: error });
  }
}

/** The file's name in the cache; other lists have other names. */
export const cacheName = (full: string): string =>
  `${createHash('sha256').update(full).digest('hex').slice(0, 24)}.list`;
export const listPath = (path: string, configPath: string): string =>
  isAbsolute(path) ? path : join(dirname(configPath), path);

function checked(text: PrefixText, full: string): PrefixList {
  if (text.problemCount > 0) {
    const lines = text.problems.slice(0, 5).map(({ line, column, fault, text: shown, hint }) => {
      const way = hint === undefined ? '' : ` (did you mean ${hint}?)`;
      return `${full}:${line}:${column}: ${shown}: ${describeFault(fault)}${way}`;
    });
    const more = text.problemCount > lines.length ? [`and ${text.problemCount - lines.length} more`] : [];
    throw new Failure(
      [
        `the list has ${text.problemCount === 1 ? 'a line that is' : `${text.problemCount} lines that are`} no prefix`,
        ...lines,
        ...more,
      ].join('\n  '),
      'one prefix a line; # begins a comment. What is in force stays.',
    );
  }
  for (const set of [text.v4, text.v6]) {
    if (isEveryone(set))
      throw new Failure(`the list ${full} adds up to everyone`, 'to open a port to everyone, name it under `public`');
  }
  return { v4: text.v4, v6: text.v6 };
}

const stampText = (stamp: FileStamp): string => Object.values(stamp).join(' ');

interface Compiled {
  readonly stamp: string;
  readonly settled: boolean;
  readonly list: PrefixList;
}

const FORMAT = 'seawall-list-2';

/** A line with format and checksum, a header line of JSON, then both sets as their bytes. */
function encode({ v4, v6 }: PrefixList, stamp: string, settled: boolean): Uint8Array {
  const header = JSON.stringify({ stamp, settled, v4: v4.size });
  const summed = Buffer.concat([Buffer.from(`${header}\n`), v4.toBytes(), v6.toBytes()]);
  return Buffer.concat([Buffer.from(`${FORMAT} ${digest(summed)}\n`), summed]);
}

function decode(bytes: Buffer | undefined): Compiled | undefined {
  const [first = '', summed] = split(bytes ?? Buffer.alloc(0));
  if (first !== `${FORMAT} ${digest(summed)}`) return undefined;
  // What has the right sum was written by this program, as it stands.
  const [header, body] = split(summed);
  const { stamp, settled, v4 } = JSON.parse(header) as { stamp: string; settled: boolean; v4: number };
  const list = {
    v4: PrefixSet.fromBytes(4, body.subarray(0, v4 * 5)),
    v6: PrefixSet.fromBytes(6, body.subarray(v4 * 5)),
  };
  return { stamp, settled, list };
}

/** The first line, and what follows it. */
function split(bytes: Buffer): [line: string, rest: Buffer] {
  const end = bytes.indexOf('\n');
  return end < 0 ? ['', bytes] : [bytes.subarray(0, end).toString(), bytes.subarray(end + 1)];
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
