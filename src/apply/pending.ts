import { createHash, randomBytes } from 'node:crypto';
import { Failure } from '../effects/failure.ts';
import type { Effects } from '../effects/types.ts';
import { oneLine } from '../net/one-line.ts';
import { runTool } from '../live/tools.ts';
import { FILE_MODE, type StatePaths } from './state.ts';
import { uptime } from './uptime.ts';

/** A change that stands in the kernel and is undone at the deadline, unless it is confirmed. */
export interface Pending {
  /** Tells this change from any other; hexadecimal. */
  readonly token: string;
  readonly generation: number;
  /** What it goes back to: the number of a generation, 0 for no firewall at all. */
  readonly before: number;
  readonly seconds: number;
  /** Seconds on the machine's clock since it was started, which nobody can set. */
  readonly deadline: number;
  /** Which start of the machine that clock counts from. */
  readonly boot: string;
  /** Who made it, and from which address and port the session came. */
  readonly by: string;
  /** The config becomes that of the generation when it is confirmed: who goes back must not find it in the file. */
  readonly edits: boolean;
}

const RESULTS = ['restored', 'removed', 'minimum', 'failed'] as const;

/** How a change that nobody confirmed was undone, or was not. */
export interface Undone {
  readonly token: string;
  /** 0 where the record of the change was damaged. */
  readonly generation: number;
  readonly result: (typeof RESULTS)[number];
  /** ISO 8601, UTC. */
  readonly at: string;
}

type WithFiles = Pick<Effects, 'files'>;
type Fields = Readonly<Record<string, string>>;

/** Lines of `key value`, which a shell can read too. One that stands there twice was forged or torn: then none counts. */
function fieldsOf(text: string): Fields {
  const pairs = text.split('\n').flatMap((line): [string, string][] => {
    const [, key, value = ''] = /^(\S+) (.*)$/.exec(line) ?? [];
    return key === undefined ? [] : [[key, value]];
  });
  const fields = Object.fromEntries(pairs);
  return Object.keys(fields).length === pairs.length ? fields : {};
}

/** Values come from the environment too: each stays in its own line, and commands no terminal. */
const linesOf = (fields: object): string =>
  Object.entries(fields)
    .map(([key, value]) => `${key} ${oneLine(String(value))}\n`)
    .join('');

/** The sum stands in front, so that what is cut off can't be taken for a file that has none. */
const withSum = (lines: string): string => `sum ${sumOf(lines)}\n${lines}`;
const sumOf = (text: string): string => createHash('sha256').update(text).digest('hex');

function isUnharmed(text: string): boolean {
  const [, sum, lines = ''] = /^sum (.*?)\n(.*)$/s.exec(text) ?? [];
  return !text.startsWith('sum ') || sum === sumOf(lines);
}

const numberIn = (fields: Fields, key: string): number =>
  /^\d{1,12}$/.test(fields[key] ?? '') ? Number(fields[key]) : NaN;

/** `damaged`: there is a file, and it says nothing that can be relied on. */
export async function readPending({ files }: WithFiles, paths: StatePaths): Promise<Pending | 'damaged' | undefined> {
  const bytes = await files.read(paths.pending);
  if (!bytes) return undefined;
  const text = bytes.toString();
  const fields = isUnharmed(text) ? fieldsOf(text) : {};
  const { token = '', boot = '', by = '' } = fields;
  const [generation, before, seconds, deadline] = ['generation', 'before', 'seconds', 'deadline'].map((key) =>
    numberIn(fields, key),
  ) as [number, number, number, number];
  const whole = /^[0-9a-f]{16}$/.test(token) && [generation, before, seconds, deadline].every(Number.isFinite);
  return whole
    ? { token, generation, before, seconds, deadline, boot, by, edits: fields['edits'] === 'true' }
    : 'damaged';
}

export async function readUndone({ files }: WithFiles, paths: StatePaths): Promise<Undone | undefined> {
  const fields = fieldsOf((await files.read(paths.undone))?.toString() ?? '');
  const { token } = fields;
  const result = RESULTS.find((each) => each === fields['result']);
  if (token === undefined || result === undefined) return undefined;
  return {
    token,
    generation: numberIn(fields, 'generation') || 0,
    result,
    at: new Date((numberIn(fields, 'at') || 0) * 1000).toISOString(),
  };
}

/**
 * Arms the undo, before anything is changed: a shell script in a session of its own waits for the deadline and goes back
 * by plain files. Resolves when it stands ready.
 */
export async function arm(
  effects: Pick<Effects, 'files' | 'exec'>,
  paths: StatePaths,
  change: Pick<Pending, 'generation' | 'before' | 'seconds' | 'by' | 'edits'>,
): Promise<Pending> {
  const now = await uptime(effects);
  const token = randomBytes(8).toString('hex');
  const pending: Pending = { token, ...change, deadline: now.seconds + change.seconds, boot: now.boot };
  await effects.files.remove(paths.undone);
  await effects.files.write(paths.pending, [withSum(linesOf(pending))], FILE_MODE);
  try {
    await runTool(effects, { file: 'sh', args: [paths.script, paths.dir, 'arm', token] }, 'arming the undo');
  } catch (error) {
    await disarm(effects, paths);
    throw error;
  }
  return pending;
}

/** The waiting script sees within a second that there is nothing left to undo, and ends. */
export const disarm = ({ files }: WithFiles, paths: StatePaths): Promise<void> => files.remove(paths.pending);

/** Undoes the pending change now. The caller holds the lock. */
export async function undoNow(effects: Pick<Effects, 'files' | 'exec'>, paths: StatePaths): Promise<Undone> {
  const output = await effects.exec({
    file: 'sh',
    args: [paths.script, paths.dir, 'undo'],
    timeoutMs: UNDO_TIMEOUT_MS,
  });
  const undone = await readUndone(effects, paths);
  if (undone && undone.result !== 'failed' && output.outcome === 'exited') return undone;
  throw new Failure(
    `the last change could not be undone: ${output.stderr.trim().split('\n').at(-1) ?? output.outcome}`,
    'the firewall stands as that change left it, and closed; see seawall status, then apply a config that you trust',
  );
}

const UNDO_TIMEOUT_MS = 180_000;
