import * as v from 'valibot';
import type { Effects } from '../effects/types.ts';
import { parseJson } from '../net/json.ts';
import { TABLE } from '../iptables/names.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import { isHooked, type LiveState } from '../plan/live-state.ts';
import { FILE_MODE, type StatePaths } from './state.ts';

type Before = Readonly<Record<Family, { readonly table: boolean }>>;
const table = v.object({ table: v.boolean() });
const schema = v.object({ 4: table, 6: table });
/** As nft calls them. */
const NFT_FAMILY: Readonly<Record<Family, string>> = { 4: 'ip', 6: 'ip6' };

/** Whether rules come into tables that others use too, and in which none of Seawall's stands yet. nftables' own is Seawall's alone. */
export const bringsTables = (backend: LiveState['backend'], { tables, others = [] }: LiveState): boolean =>
  backend !== 'nftables' && others.length === 0 && !FAMILIES.some((family) => isHooked(tables[family]));

/** Notes whether the tables that will be used were there at all, so that `down` can leave it so. */
export async function rememberBefore(
  { files }: Pick<Effects, 'files'>,
  paths: StatePaths,
  live: LiveState,
): Promise<void> {
  // What was noted at the first apply holds until `down`, whoever flushed what meanwhile.
  if (await files.read(paths.before)) return;
  const before: Before = { 4: { table: live.tables[4].exists }, 6: { table: live.tables[6].exists } };
  await files.write(paths.before, [`${JSON.stringify(before)}\n`], FILE_MODE);
}

/** Removes the tables that came into being with the first apply, if nobody else uses them by now. */
export async function restoreBefore(effects: Pick<Effects, 'exec' | 'files'>, paths: StatePaths): Promise<void> {
  const text = (await effects.files.read(paths.before))?.toString();
  if (text === undefined) return;
  const before = v.safeParse(schema, parseJson(text));
  // Of a damaged note nothing is known, so the tables stay: an empty one does no harm.
  if (before.success)
    for (const family of FAMILIES)
      if (!before.output[family].table) await removeEmptyTable(effects, NFT_FAMILY[family]);
  await effects.files.remove(paths.before);
}

/**
 * The nft variant of iptables keeps a table for good, so nft removes it: chain by chain, which the kernel refuses for one
 * that isn't empty, and all or nothing. Legacy iptables keeps its tables until reboot, and so does a machine without nft.
 */
async function removeEmptyTable({ exec }: Pick<Effects, 'exec'>, family: string): Promise<void> {
  const listed = await exec({ file: 'nft', args: ['-j', 'list', 'table', family, TABLE] });
  const chains = listed.code === 0 ? emptyChains(listed.stdout.toString()) : undefined;
  if (!chains) return;
  const lines = [...chains.map((chain) => `chain ${family} ${TABLE} ${chain}`), `table ${family} ${TABLE}`];
  await exec({ file: 'nft', args: ['-f', '-'], input: lines.map((line) => `delete ${line}\n`) });
}

/** The names of a table's chains; undefined if it holds anything else. */
function emptyChains(json: string): string[] | undefined {
  const listing = v.safeParse(listingSchema, parseJson(json));
  if (!listing.success) return undefined;
  const parts = listing.output.nftables.filter((part) => !('metainfo' in part) && !('table' in part));
  const chains = parts.flatMap(({ chain }) => (chain?.policy === 'accept' ? [chain.name] : []));
  return chains.length === parts.length ? chains : undefined;
}

const listingSchema = v.object({
  nftables: v.array(
    v.looseObject({ chain: v.optional(v.object({ name: v.string(), policy: v.optional(v.string()) })) }),
  ),
});
