import type { Effects } from '../effects/types.ts';
import { parseSave, type SavedTable } from '../iptables/save.ts';
import { TABLE } from '../iptables/names.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import type { LiveState } from '../plan/live-state.ts';
import { FILE_MODE, type StatePaths } from './state.ts';

type Before = Readonly<Record<Family, { readonly table: boolean }>>;
const TOOL: Readonly<Record<Family, string>> = { 4: 'iptables', 6: 'ip6tables' };

/** Notes whether the tables that will be used were there at all, so that `down` can leave it so. */
export async function rememberBefore(
  { files }: Pick<Effects, 'files'>,
  paths: StatePaths,
  live: LiveState,
): Promise<void> {
  const before: Before = { 4: { table: live.tables[4].exists }, 6: { table: live.tables[6].exists } };
  await files.write(paths.before, [`${JSON.stringify(before)}\n`], FILE_MODE);
}

/** Removes the tables that came into being with the first apply, if nobody else uses them by now. */
export async function restoreBefore(effects: Pick<Effects, 'exec' | 'files'>, paths: StatePaths): Promise<void> {
  const text = (await effects.files.read(paths.before))?.toString();
  if (text === undefined) return;
  const before = JSON.parse(text) as Before;
  for (const family of FAMILIES) if (!before[family].table) await removeEmptyTable(effects, TOOL[family]);
  await effects.files.remove(paths.before);
}

/** The nft variant of iptables deletes empty built-in chains by `-X`; the legacy one keeps its tables until reboot. */
async function removeEmptyTable({ exec }: Pick<Effects, 'exec'>, tool: string): Promise<void> {
  const saved = await exec({ file: `${tool}-save`, args: [] });
  if (saved.code === 0 && isEmpty(parseSave(saved.stdout.toString())))
    await exec({ file: tool, args: ['-w', '10', '-t', TABLE, '-X'] });
}

const isEmpty = ({ chains }: SavedTable): boolean =>
  [...chains.values()].every(({ policy, rules }) => policy === 'ACCEPT' && rules.length === 0);
