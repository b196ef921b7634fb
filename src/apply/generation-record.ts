import * as v from 'valibot';
import { Failure } from '../effects/failure.ts';
import type { Effects, Files } from '../effects/types.ts';
import { parseJson } from '../net/json.ts';
import { bootFiles, isLongListFile, meaningFingerprint, type PlainFile } from '../plan/boot-files.ts';
import { readStored } from '../plan/stored.ts';
import type { Zones } from '../policy/zones.ts';
import type { Backend } from '../ruleset/backend.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { currentGeneration, generationNumbers } from './generation-numbers.ts';
import type { StatePaths } from './state.ts';
import { readSummed } from './summed-files.ts';

type WithFiles = Pick<Effects, 'files'>;

/** Sums of what a boot loads, and of what only tells about it: a damaged note must not keep the firewall from loading. */
export const SUMS = 'SHA256SUMS';
export const RECORD_SUMS = 'RECORD-SHA256SUMS';
export const CONFIG = 'config.yaml';
export const META = 'meta.json';

/** What is known of a generation besides its rules. */
export interface Meta {
  readonly version: 1;
  /** By what it stood. */
  readonly backend: Backend;
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

/** What a boot would load, compared with a ruleset. */
export async function readyAtBoot(
  effects: WithFiles,
  paths: StatePaths,
  ruleset: Ruleset,
  backend: Backend = 'iptables',
): Promise<'ready' | 'older' | 'missing' | 'damaged'> {
  const current = await currentGeneration(effects, paths);
  if (current === undefined) return 'missing';
  const wanted = bootFiles(ruleset, backend);
  const folder = paths.generation(current);
  const record = await readSummed(effects.files, folder, RECORD_SUMS);
  const lasting = (await effects.files.list(folder)).filter(isLongListFile);
  const summed = await readSummed(effects.files, folder, SUMS, lasting);
  const meta = metaIn(record);
  if (!summed || !meta) return 'damaged';
  if (meta.meaning !== meaningFingerprint(ruleset) || meta.backend !== backend) return 'older';
  const lists = wanted.filter((file) => file.lasting).map(({ name }) => name);
  return sameNames(lists, lasting) && namesAll(summed, wanted) ? 'ready' : 'damaged';
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
  // Before there was a choice it was not written down.
  backend: v.optional(v.picklist(['iptables', 'nftables']), 'iptables'),
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
export async function isThis(
  files: Files,
  folder: string,
  { fingerprint, config, backend }: Pick<Meta, 'fingerprint' | 'backend'> & { readonly config: string },
  wanted: readonly PlainFile[],
): Promise<boolean> {
  const lasting = wanted.filter((file) => file.lasting).map(({ name }) => name);
  const [record, present, kernel] = await Promise.all([
    readSummed(files, folder, RECORD_SUMS),
    files.list(folder),
    readSummed(files, folder, SUMS, lasting),
  ]);
  if (!kernel || record?.get(CONFIG)?.toString() !== config) return false;
  const meta = metaIn(record);
  if (meta?.fingerprint !== fingerprint || meta.backend !== backend || !namesAll(kernel, wanted)) return false;
  return sameNames(present.filter(isSetsFile), wanted.map(({ name }) => name).filter(isSetsFile));
}

const isSetsFile = (name: string): boolean => name.endsWith('.ipset') || isLongListFile(name);
