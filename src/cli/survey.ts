import { readConfig } from '../config/read.ts';
import type { Config } from '../config/model.ts';
import { Failure } from '../effects/failure.ts';
import type { ReadSets } from '../live/kernel.ts';
import { observe, type Observation } from '../live/observe.ts';
import { makePlan, type Plan } from '../plan/plan.ts';
import { makePolicy, type Policy } from '../policy/policy.ts';
import { policyNotes } from '../policy/notes.ts';
import { formatProblems } from '../report/problems.ts';
import { statePaths } from '../apply/state.ts';
import type { Context } from './command.ts';

/** Config, machine, and the difference between what should be and what is. */
export interface Survey {
  readonly config: Config;
  readonly observation: Observation;
  readonly policy: Policy;
  readonly plan: Plan;
  /** What could not be seen, and what looks like a mistake, in words for people. */
  readonly notes: readonly string[];
}

/** The config as it is on disk; undefined where there is none. */
export async function readConfigBytes({ effects, configPath }: Context): Promise<Uint8Array | undefined> {
  try {
    return await effects.files.read(configPath);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EISDIR' ? 'it is a folder' : code === 'EACCES' ? 'this user may not' : code;
    throw new Failure(`can't read ${configPath}: ${why}`, 'name the config with --config FILE', { cause: error });
  }
}

/**
 * A change of the config's text, and its undo. Keeps mode, owner and a symlink as they are; `copy`: where what is on disk
 * now goes, if it would be lost.
 */
export async function writeConfig(
  { effects: { files }, configPath }: Context,
  text: string,
  copy?: string,
): Promise<{ run: () => Promise<void>; undo: () => Promise<void> }> {
  const path = await files.resolve(configPath);
  const mode = (await files.mode(path)) ?? 0o600;
  const before = await files.read(path);
  return {
    async run() {
      if (before && copy !== undefined) await files.write(copy, [before], mode);
      if (before?.toString() !== text) await files.write(path, [text], mode);
    },
    async undo() {
      if (!before) await files.remove(path);
      else if (!(await files.read(path))?.equals(before)) await files.write(path, [before], mode);
    },
  };
}

export async function readConfigText(context: Context): Promise<string> {
  const { configPath } = context;
  const bytes = await readConfigBytes(context);
  if (!bytes) throw new Failure(`there is no config at ${configPath}`, 'write a first one with: seawall init');
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** The config's meaning. Its errors end the command, all of them at once; its warnings are told. */
export function parseConfig(context: Context, text: string): Config {
  const { config, problems } = readConfig(text);
  const shown = formatProblems(context.configPath, text, problems, context.colours);
  if (!config) throw new Failure(`the config is not right, so nothing was changed\n${shown}`, '');
  if (problems.length > 0) context.tell(`${shown}\n`);
  return config;
}

/** Reads everything and plans; changes nothing. */
export async function survey(context: Context, text: string, sets: ReadSets = 'whole'): Promise<Survey> {
  const config = parseConfig(context, text);
  const observation = await observe(context.effects, config, context.configPath, statePaths(context.stateDir), sets);
  const policy = makePolicy(config, observation.facts);
  const plan = makePlan(policy, observation.live);
  return {
    config,
    observation,
    policy,
    plan,
    notes: [...observation.notes, ...policyNotes(config, observation.facts, policy)],
  };
}
