import { currentGeneration } from '../apply/generation-numbers.ts';
import { readGeneration } from '../apply/generation-record.ts';
import { statePaths } from '../apply/state.ts';
import { unlessFailure } from '../effects/failure.ts';
import type { Context } from './command.ts';
import { readConfigBytes, writeConfig } from './survey.ts';

/** Puts the config of a generation in the place of the one on disk, of which a copy is kept if it would be lost. */
export async function replaceConfig(context: Context, text: string): ReturnType<typeof writeConfig> {
  return writeConfig(context, text, await unsavedCopy(context));
}

/** Where the config goes that is on disk now, if it was never applied and would be lost. */
async function unsavedCopy(context: Context): Promise<string | undefined> {
  const { effects, stateDir, configPath } = context;
  const paths = statePaths(stateDir);
  const current = await currentGeneration(effects, paths);
  const onDisk = await readConfigBytes(context);
  if (current === undefined || !onDisk) return undefined;
  const applied = await unlessFailure(readGeneration(effects, paths, current));
  return applied?.config === onDisk.toString() ? undefined : `${configPath}.unapplied`;
}
