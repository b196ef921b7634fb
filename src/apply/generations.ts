import * as v from 'valibot';
import { Failure } from '../effects/failure.ts';
import type { Effects, Files } from '../effects/types.ts';
import {
  bootFiles,
  isLongListFile,
  meaningFingerprint,
  rulesetFingerprint,
  type PlainFile,
} from '../plan/boot-files.ts';
import { parseJson } from '../net/json.ts';
import { readStored } from '../plan/stored.ts';
import type { Zones } from '../policy/zones.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { FILE_MODE, FOLDER_MODE, SCRIPT_MODE, type StatePaths } from './state.ts';
import { readSummed, writeSummed } from './summed-files.ts';

type WithFiles = Pick<Effects, 'files'>;

/** Sums of what a boot loads, and of what only tells about it: a damaged note must not keep the firewall from loading. */
const SUMS = 'SHA256SUMS';
const RECORD_SUMS = 'RECORD-SHA256SUMS';
const CONFIG = 'config.yaml';
const META = 'meta.json';
const NUMBER = /^[1-9]\d{0,8}$/;
/** How many generations are kept, the current one among them. */
const KEPT = 20;

/** What is known of a generation besides its rules. */
export interface Meta {
  readonly version: 1;
  /** Of the ruleset. Two generations with the same one stand for the same rules and entries. */
  readonly fingerprint: string;
  /** The same, whichever of their names the sets are used under. */
  readonly meaning: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** The user, and the address that the session came from. */
  readonly by: string;
  readonly from: string | null;
  readonly message: string | null;
  /** What changed by it, one line each. */
  readonly changes: readonly string[];
  readonly zones: Zones;
}

export interface Generation {
  readonly number: number;
  readonly meta: Meta;
  readonly config: string;
}

/** What the next generation will be made of. */
export interface NewGeneration {
  readonly ruleset: Ruleset;
  readonly config: string;
  readonly meta: Omit<Meta, 'version' | 'fingerprint' | 'meaning'>;
}

export interface Prepared {
  readonly number: number;
  /** False where the current generation is this very one, whole and undamaged. */
  readonly fresh: boolean;
}

/** The number of the generation that was confirmed last; undefined where there is none. */
export async function currentGeneration({ files }: WithFiles, paths: StatePaths): Promise<number | undefined> {
  const text = (await files.read(paths.current))?.toString().trim() ?? '';
  return NUMBER.test(text) ? Number(text) : undefined;
}

/** All numbers there are, the oldest first. */
export async function generationNumbers({ files }: WithFiles, paths: StatePaths): Promise<number[]> {
  const names = await files.list(paths.generations);
  return names
    .filter((name) => NUMBER.test(name))
    .map(Number)
    .toSorted((a, b) => a - b);
}

/**
 * Fills a folder for a new generation, which nothing names before `commitGeneration`; so it may run beside the change of
 * the kernel. Long lists are taken over from the current one where they stand there.
 */
export async function prepareGeneration(
  effects: WithFiles,
  paths: StatePaths,
  { ruleset, config, meta }: NewGeneration,
): Promise<Prepared> {
  const { files } = effects;
  const current = await currentGeneration(effects, paths);
  const fingerprint = rulesetFingerprint(ruleset);
  const wanted = bootFiles(ruleset);
  if (current !== undefined && (await isThis(files, paths.generation(current), { fingerprint, config }, wanted)))
    return { number: current, fresh: false };
  const number = (current ?? 0) + 1;
  const folder = paths.generation(number);
  await files.folder(paths.generations, FOLDER_MODE);
  await files.remove(folder);
  await files.folder(folder, FOLDER_MODE);
  const from = current === undefined ? undefined : paths.generation(current);
  await writeSummed(files, folder, SUMS, wanted, from);
  const record: Meta = { version: 1, fingerprint, meaning: meaningFingerprint(ruleset), ...meta };
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

/** What a boot would load, compared with a ruleset. */
export async function readyAtBoot(
  effects: WithFiles,
  paths: StatePaths,
  ruleset: Ruleset,
): Promise<'ready' | 'older' | 'missing' | 'damaged'> {
  const current = await currentGeneration(effects, paths);
  if (current === undefined) return 'missing';
  const wanted = bootFiles(ruleset);
  const folder = paths.generation(current);
  const record = await readSummed(effects.files, folder, RECORD_SUMS);
  const lasting = (await effects.files.list(folder)).filter(isLongListFile);
  const summed = await readSummed(effects.files, folder, SUMS, lasting);
  const meta = metaIn(record);
  if (!summed || !meta) return 'damaged';
  if (meta.meaning !== meaningFingerprint(ruleset)) return 'older';
  const lists = wanted.filter((file) => file.lasting).map(({ name }) => name);
  return sameNames(lists, lasting) && namesAll(summed, wanted) ? 'ready' : 'damaged';
}

/** Removes the oldest ones, and those that never came to be confirmed. */
export async function pruneGenerations(effects: WithFiles, paths: StatePaths): Promise<void> {
  const current = await currentGeneration(effects, paths);
  if (current === undefined) return;
  for (const number of await generationNumbers(effects, paths))
    if (number > current || number <= current - KEPT) await effects.files.remove(paths.generation(number));
}

/** Reads what is told of a generation; fails where there is none or its record is damaged. */
export async function readGeneration({ files }: WithFiles, paths: StatePaths, number: number): Promise<Generation> {
  const contents = await readSummed(files, paths.generation(number), RECORD_SUMS);
  refuseOtherVersion(number, parseJson(contents?.get(META)?.toString() ?? ''));
  const [config, meta] = [contents?.get(CONFIG), metaIn(contents)];
  if (!config || !meta) throw await unusable({ files }, paths, number);
  return { number, config: config.toString(), meta };
}

/** Whether every file of it is what was written. */
export async function isIntact({ files }: WithFiles, paths: StatePaths, number: number): Promise<boolean> {
  const folder = paths.generation(number);
  const [loaded, told] = [await readSummed(files, folder, SUMS), await readSummed(files, folder, RECORD_SUMS)];
  return LOADED.every((name) => loaded?.has(name)) && metaIn(told) !== undefined;
}

/** What every generation has to have, besides long lists. */
const LOADED = ['sets.ipset', 'rules.iptables', 'rules.ip6tables', 'hooks'];

const strings = v.array(v.string());
const metaSchema = v.object({
  version: v.literal(1),
  fingerprint: v.string(),
  meaning: v.string(),
  at: v.string(),
  by: v.string(),
  from: v.nullable(v.string()),
  message: v.nullable(v.string()),
  changes: strings,
  zones: v.object({ internal: strings, except: strings, outer: strings, bridges: strings }),
});

function metaIn(record: ReadonlyMap<string, Buffer> | undefined): Meta | undefined {
  const read = v.safeParse(metaSchema, parseJson(record?.get(META)?.toString() ?? ''));
  return read.success ? read.output : undefined;
}

/** A list of sums that was cut off vouches only for what it still names. */
const namesAll = (summed: ReadonlyMap<string, Buffer>, wanted: readonly PlainFile[]): boolean =>
  wanted.every(({ name, lasting }) => lasting === true || summed.has(name));

function refuseOtherVersion(number: number, meta: unknown): void {
  const { version = 1 } = (meta ?? {}) as { readonly version?: unknown };
  if (version === 1) return;
  throw new Failure(
    `generation ${number} was recorded by another version of Seawall`,
    'go back with that version, or choose another one; seawall history lists them',
  );
}

/** Reads a generation's rules and sets, of which every byte is what was written. */
export async function readRuleset({ files }: WithFiles, paths: StatePaths, number: number): Promise<Ruleset> {
  const contents = await readSummed(files, paths.generation(number), SUMS);
  const ruleset = contents && readStored(contents);
  if (!ruleset) throw await unusable({ files }, paths, number);
  return ruleset;
}

async function unusable(effects: WithFiles, paths: StatePaths, number: number): Promise<Failure> {
  const numbers = await generationNumbers(effects, paths);
  return numbers.includes(number)
    ? new Failure(`generation ${number} is damaged`, 'choose another one; seawall history lists them')
    : new Failure(`there is no generation ${number}`, 'seawall history lists those that there are');
}

/** A list too many is as wrong as one that is missing: a boot would load it. */
const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name) => b.includes(name));

/** Whether the folder holds just this, and is undamaged. Long lists are known by their names, which tell their content. */
async function isThis(
  files: Files,
  folder: string,
  { fingerprint, config }: { readonly fingerprint: string; readonly config: string },
  wanted: readonly PlainFile[],
): Promise<boolean> {
  const lasting = wanted.filter((file) => file.lasting).map(({ name }) => name);
  const [record, present, kernel] = await Promise.all([
    readSummed(files, folder, RECORD_SUMS),
    files.list(folder),
    readSummed(files, folder, SUMS, lasting),
  ]);
  if (!kernel || record?.get(CONFIG)?.toString() !== config) return false;
  if (metaIn(record)?.fingerprint !== fingerprint || !namesAll(kernel, wanted)) return false;
  return sameNames(
    present.filter((name) => name.endsWith('.ipset')),
    wanted.map(({ name }) => name).filter((name) => name.endsWith('.ipset')),
  );
}
