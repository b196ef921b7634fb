import type { Effects, Output } from '../effects/types.ts';
import { NFT_TABLE } from '../nftables/names.ts';
import { NO_NFT, type OwnNft, readNftTable, setsByName } from '../nftables/read-table.ts';
import { type NftSet, readHashed, readNftSet } from '../nftables/read-set.ts';
import { wholeOf } from '../nftables/set-parts.ts';
import { Failure } from '../effects/failure.ts';
import { PrefixSet } from '../net/prefix-set.ts';
import type { LiveState } from '../plan/live-state.ts';
import type { LiveSet } from '../ruleset/live-set.ts';
import type { ReadSets } from './kernel.ts';
import { runTool, toolFailure } from './tools.ts';

type Exec = Pick<Effects, 'exec'>;

const PURPOSE = 'reading the rules of nftables';
const TABLE = NFT_TABLE.split(' ');

/** What of Seawall stands in nftables. Numbers instead of names (`-n`) don't depend on the machine's files. */
export async function readNftables(effects: Exec, readSets: ReadSets): Promise<LiveState> {
  const own = await readTable(effects);
  const parts = [...own.sets.values()].filter(({ name }) => wholeOf(name).length !== undefined);
  const hashed = new Map<string, LiveSet>();
  const next = parts.values();
  // Two at a time: each takes a processor, and memory for the whole of what it prints.
  const reader = async (): Promise<void> => {
    for (const part of next) hashed.set(part.name, await readPart(effects, part, own, readSets));
  };
  await Promise.all([reader(), reader()]);
  const sets = setsByName(
    own,
    (set) => (hashed.has(set.name) ? together([hashed.get(set.name)]) : readNftSet(set)),
    (_name, all) => together(all.map(({ name }) => hashed.get(name))),
  );
  return { backend: 'nftables', tables: own.tables, sets, nft: own };
}

async function readTable(effects: Exec): Promise<OwnNft> {
  // Of long sets the elements would be read for nothing; asked for one table, nft reads them all the same (12 s for 10^6).
  const terse = await list(effects, ['-t', 'list', 'ruleset']);
  const own = terse && parsed(terse);
  if (!terse || !own?.exists) return NO_NFT;
  const long = [...own.sets.keys()].some((name) => wholeOf(name).length !== undefined);
  if (!long) return parsed((await list(effects, ['list', 'table', ...TABLE])) ?? terse);
  const small = [...own.sets.values()].filter(({ name }) => wholeOf(name).length === undefined);
  const whole = await Promise.all(small.map(({ name }) => readSmall(effects, name)));
  return { ...own, sets: new Map([...own.sets, ...whole.flatMap((sets) => [...sets])]) };
}

async function readSmall({ exec }: Exec, name: string): Promise<OwnNft['sets']> {
  return parsed(await runTool({ exec }, { file: 'nft', args: ['-n', '-j', 'list', 'set', ...TABLE, name] }, PURPOSE))
    .sets;
}

function parsed({ stdout }: Output): OwnNft {
  const own = readNftTable(stdout.toString());
  if (own) return own;
  throw new Failure(`${PURPOSE}: what nft prints makes no sense`, 'see what it says: nft -j list table inet seawall');
}

/** Undefined where there is no such table. */
async function list({ exec }: Exec, words: readonly string[]): Promise<Output | undefined> {
  const command = { file: 'nft', args: ['-n', '-j', ...words] };
  const output = await exec(command);
  if (output.outcome === 'exited' && output.code === 0) return output;
  if (output.outcome === 'exited' && /no such file or directory/i.test(output.stderr)) return undefined;
  throw toolFailure(command, output, PURPOSE);
}

/**
 * The entries of one prefix length. By name, a set is taken at its word if rules ask it: they do so only when it is whole.
 */
async function readPart(
  { exec }: Exec,
  { name, type }: NftSet,
  { asked }: OwnNft,
  readSets: ReadSets,
): Promise<LiveSet> {
  const { set, length = 0 } = wholeOf(name);
  if (readSets === 'by-name') return { kind: asked.has(set) ? 'unread' : 'strange' };
  const family = type === 'ipv6_addr' ? 6 : 4;
  const command = { file: 'nft', args: ['-n', 'list', 'set', ...TABLE, name], timeoutMs: LONG_MS };
  const { stdout } = await runTool({ exec }, command, PURPOSE);
  const members = readHashed(stdout, family, length);
  return members ? { kind: 'net', family, members } : { kind: 'strange' };
}

/** A million entries take seconds. */
const LONG_MS = 120_000;

/** All parts of a set as one. */
function together(parts: readonly (LiveSet | undefined)[]): LiveSet {
  const [first] = parts;
  if (first?.kind === 'unread' && parts.every((part) => part?.kind === 'unread')) return first;
  if (first?.kind !== 'net') return { kind: 'strange' };
  let members = PrefixSet.empty(first.family);
  for (const part of parts) {
    if (part?.kind !== 'net' || part.family !== first.family) return { kind: 'strange' };
    members = members.union(part.members);
  }
  return { kind: 'net', family: first.family, members };
}
