import type { Effects, Output } from '../effects/types.ts';
import { parseSets, type LiveSet, type LiveSets } from '../ipset/save.ts';
import { TABLE } from '../iptables/names.ts';
import { ownPart, parseSave, type OwnTable } from '../iptables/save.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import { type LiveState, type OtherTable, standsNowhere } from '../plan/live-state.ts';
import type { Backend } from '../ruleset/backend.ts';
import { CHAIN_PREFIX, ownsSet } from '../ruleset/ownership.ts';
import { readNftables } from './nftables.ts';
import { Failure } from '../effects/failure.ts';
import { runTool, Unavailable } from './tools.ts';
import { readOthers, saveTool, usesLegacy } from './variants.ts';

type Exec = Pick<Effects, 'exec'>;
type Files = Pick<Effects, 'files'>;

/**
 * How sets are read. `whole`: every entry. `by-name`: a set that is named by its content is taken at its word, which
 * costs nothing however long it is; only Seawall makes such names, and `status` and `apply` read every entry.
 */
export type ReadSets = 'whole' | 'by-name';

/**
 * Reads what of Seawall stands in this network namespace, by both backends; changes nothing. Where files can be read, rules
 * in the other variant of iptables are found too. `backend`: the one that the answer is about; what stands by the other one
 * is its rival. Without a choice it is the one by which rules stand.
 */
export async function readKernel(
  effects: Exec & Partial<Files>,
  readSets: ReadSets,
  backend?: Backend,
): Promise<LiveState> {
  return chooseFrom(await readBoth(effects, readSets), backend);
}

/** What each backend's tools say; a failure where nothing can stand by it here. */
export type BothReadings = Readonly<Record<Backend, LiveState | Unavailable>>;

export async function readBoth(effects: Exec & Partial<Files>, readSets: ReadSets): Promise<BothReadings> {
  const [iptables, nftables] = await Promise.all([
    orUnavailable(readIptables(effects, readSets)),
    orUnavailable(readNftables(effects, readSets)),
  ]);
  if (iptables instanceof Unavailable && (await standsUnseen(effects))) throw standingStill(iptables);
  return { iptables, nftables };
}

/** Whether rules of iptables stand that its own tools can't be asked for; those of its nft variant are seen by nft. */
async function standsUnseen({ exec }: Exec): Promise<boolean> {
  const tables = await Promise.all(
    ['ip', 'ip6'].map((ip) => exec({ file: 'nft', args: ['-t', 'list', 'table', ip, TABLE] })),
  );
  return tables.some(({ code, stdout }) => code === 0 && stdout.includes(CHAIN_PREFIX));
}

/** No other backend may take their place then: nobody could remove them. */
const standingStill = ({ message, hint, cause }: Unavailable): Failure => new Failure(message, hint, { cause });

/** Any other failure is one: what can't be read may stand all the same. */
async function orUnavailable<T>(work: Promise<T>): Promise<T | Unavailable> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Unavailable) return error;
    throw error;
  }
}

/** @throws Failure if the backend's own tools fail; those of the other one may be missing */
export function chooseFrom(both: BothReadings, backend: Backend = standing(both)): LiveState {
  const [own, other] = [both[backend], both[OTHER[backend]]];
  if (own instanceof Unavailable) throw own;
  return other instanceof Unavailable || isBare(other) ? own : { ...own, rival: other };
}

const OTHER: Readonly<Record<Backend, Backend>> = { iptables: 'nftables', nftables: 'iptables' };

const standing = ({ iptables, nftables }: BothReadings): Backend =>
  !(nftables instanceof Unavailable) &&
  (iptables instanceof Unavailable || (!standsNowhere(nftables) && standsNowhere(iptables)))
    ? 'nftables'
    : 'iptables';

/** Nothing at all of Seawall, not even a set. */
const isBare = ({ tables, sets, others = [], nft }: LiveState): boolean =>
  sets.size + others.length === 0 &&
  nft?.exists !== true &&
  FAMILIES.every((family) => tables[family].chains.size + tables[family].hooks.length === 0);

async function readIptables(effects: Exec & Partial<Files>, readSets: ReadSets): Promise<LiveState> {
  const [v4, v6, sets] = await Promise.all([
    readFamily(effects, 4),
    readFamily(effects, 6),
    readSets === 'whole' ? readAllSets(effects) : readSmallSets(effects),
  ]);
  const others = [...v4.others, ...v6.others];
  return { tables: { 4: v4.table, 6: v6.table }, sets, ...(others.length > 0 ? { others } : {}) };
}

interface FamilyReading {
  readonly table: OwnTable;
  readonly others: readonly OtherTable[];
}

async function readFamily({ exec, files }: Exec & Partial<Files>, family: Family): Promise<FamilyReading> {
  const [saved, legacyInUse] = await Promise.all([
    readSaved({ exec }, family),
    files ? usesLegacy({ files }, family) : false,
  ]);
  const table = ownPart(parseSave(saved), family);
  return { table, others: files ? await readOthers({ exec }, family, saved, legacyInUse) : [] };
}

async function readSaved(effects: Exec, family: Family): Promise<string> {
  const file = saveTool(family);
  // All tables: asked for one that isn't there, the nft variant makes one up and the legacy one makes one.
  const { stdout } = await runTool(effects, { file, args: ['-c'] }, 'reading the rules');
  return stdout.toString();
}

const ipset = (effects: Exec, args: readonly string[], input?: readonly string[]): Promise<Output> =>
  runTool(effects, { file: 'ipset', args, ...(input ? { input } : {}) }, 'reading the sets');

async function readAllSets(effects: Exec): Promise<LiveSets> {
  const { stdout } = await ipset(effects, ['save']);
  return parseSets(stdout);
}

const NAMED_BY_CONTENT = /-[0-9a-f]{12}$/;

async function readSmallSets(effects: Exec): Promise<LiveSets> {
  const { stdout } = await ipset(effects, ['list', '-n']);
  const names = stdout.toString().split('\n').filter(ownsSet);
  const unread = names.filter((name) => NAMED_BY_CONTENT.test(name));
  const small = names.filter((name) => !NAMED_BY_CONTENT.test(name));
  const read = small.length === 0 ? new Map<string, LiveSet>() : await readNamed(effects, small);
  return new Map([...read, ...unread.map((name): [string, LiveSet] => [name, { kind: 'unread' }])]);
}

/** ipset's interactive mode answers several questions of one process; its prompt stands in front of each answer. */
async function readNamed(effects: Exec, names: readonly string[]): Promise<LiveSets> {
  const { stdout } = await ipset(
    effects,
    ['-'],
    names.map((name) => `save ${name}\n`),
  );
  return parseSets(Buffer.from(stdout.toString().replaceAll('ipset> ', '')));
}
