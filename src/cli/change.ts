import bootScript from '../../packaging/boot/seawall-boot.sh';

import { applyPlan, findCuts, type ApplyResult } from '../apply/apply.ts';
import { FOLDER_MODE, statePaths } from '../apply/state.ts';
import { Failure } from '../effects/failure.ts';
import { checkRights } from '../live/checkup.ts';
import type { ReadSets } from '../live/kernel.ts';
import { mayConnect } from '../analysis/session.ts';
import { parseAddress } from '../net/address.ts';
import { changeReport } from '../report/change.ts';
import { notesReport } from '../report/notes.ts';
import { policyChanges, isFirst } from '../plan/changes.ts';
import type { Context } from './command.ts';
import { survey, type Survey } from './survey.ts';

export interface ChangeOptions {
  readonly yes: boolean;
  readonly force: boolean;
  readonly sets: ReadSets;
}

/** The config that is to come into force. */
export interface NextConfig {
  readonly text: string;
  /** Writes it, between the check and the change of the kernel; the undo runs if that fails. */
  readonly commit?: { readonly run: () => Promise<void>; readonly undo: () => Promise<void> };
}

export interface Change {
  readonly survey: Survey;
  readonly result: ApplyResult;
  readonly seconds: number;
}

/**
 * Plans a config, guards, asks, and makes it so. All under the lock, from reading the config on: of two who edit it at
 * once, the second sees what the first wrote. `undefined` when the person said no.
 */
export async function changeTo(
  context: Context,
  next: () => Promise<NextConfig>,
  options: ChangeOptions,
): Promise<Change | undefined> {
  const { effects } = context;
  const paths = statePaths(context.stateDir);
  const rights = await checkRights(effects);
  if (rights.level === 'problem') throw new Failure(rights.text, rights.hint ?? '');
  await effects.files.folder(paths.dir, FOLDER_MODE);
  return effects.lock.hold(paths.lock, async () => {
    let started = effects.clock.monotonic();
    const { text, commit } = await next();
    const found = await survey(context, text, options.sets);
    for (const line of notesReport(found.notes, context.colours)) context.tell(`${line}\n`);
    guardSession(context, found, options.force);
    const asked = effects.clock.monotonic();
    if (!(await agreed(context, found, options.yes))) return undefined;
    // What a person takes to read and answer is not what the change took.
    started += effects.clock.monotonic() - asked;
    await commit?.run();
    try {
      const { plan, policy, observation } = found;
      const result = await applyPlan(effects, paths, { plan, policy, observation, bootScript });
      return { survey: found, result, seconds: (effects.clock.monotonic() - started) / 1000 };
    } catch (error) {
      await commit?.undo();
      throw error;
    }
  });
}

/** Never cut off the person who types. */
function guardSession({ ssh }: Context, { plan, policy, observation }: Survey, force: boolean): void {
  const client = parseAddress(ssh?.client ?? '');
  if (force || plan.steps.length === 0 || !ssh || !client.ok) return;
  const sides = { links: observation.facts.links, zones: policy.zones };
  if (mayConnect(plan.target, client.value, ssh.port, sides)) return;
  throw new Failure(
    `this would cut off your own SSH session, which comes from ${ssh.client}`,
    `trust your address first (seawall trust add ${ssh.client}), or insist with --force`,
    { exitCode: 3 },
  );
}

async function agreed(context: Context, found: Survey, yes: boolean): Promise<boolean> {
  if (yes || found.plan.steps.length === 0) return true;
  // A program that reads JSON is not asked.
  if (!context.ask || context.json) {
    throw new Failure('there is no terminal to ask at', 'add --yes to say that it is meant');
  }
  const { plan, policy, observation } = found;
  const cuts = await findCuts(context.effects, { plan, policy, observation });
  const changes = policyChanges(plan, observation.live);
  context.tell(
    `${changeReport({ changes, first: isFirst(observation.live), steps: plan.steps, cut: cuts?.flows, rules: false }, context.colours)}\n`,
  );
  return context.ask('Apply this?');
}
