import bootScript from '../../packaging/boot/seawall-boot.sh';
import { applyPlan, type ApplyResult } from '../apply/apply.ts';
import { forgetPending, refuseWhilePending, settlePending } from '../apply/confirm.ts';
import type { NewGeneration } from '../apply/generations.ts';
import { readPending } from '../apply/pending.ts';
import { FOLDER_MODE, statePaths } from '../apply/state.ts';
import { Failure } from '../effects/failure.ts';
import { checkRights } from '../live/checkup.ts';
import { changeLines, isFirst } from '../plan/changes.ts';
import { changeReport } from '../report/change.ts';
import { notesReport } from '../report/notes.ts';
import type { Call, Context } from './command.ts';
import { namedCuts } from './cuts.ts';
import { guard } from './guard.ts';
import { type Proposal, proposalFingerprint } from './proposal.ts';

export { bootScript };

export interface ChangeOptions {
  readonly yes: boolean;
  readonly force: boolean;
  /** Seconds until it is undone, unless it is confirmed. */
  readonly confirm?: number | undefined;
  readonly message?: string | undefined;
}

export interface Change {
  readonly proposal: Proposal;
  readonly result: ApplyResult;
  readonly seconds: number;
}

/** The options that every command has by which the firewall is changed. */
export const CHANGE_OPTIONS = [
  { name: 'yes', summary: 'ask nothing' },
  { name: 'force', summary: 'even if an SSH session, your own too, would be cut off' },
  { name: 'confirm', value: 'SECONDS', summary: 'undo it after these seconds, unless seawall confirm comes in time' },
  { name: 'message', short: 'm', value: 'TEXT', summary: 'why, for seawall history' },
] as const;

export function changeOptions(call: Call): ChangeOptions {
  const text = call.value('confirm');
  const confirm = text === undefined ? undefined : Number(text);
  if (text !== undefined && !(/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_CONFIRM_SECONDS)) {
    throw new Failure(
      `--confirm takes a number of seconds from 1 to ${MAX_CONFIRM_SECONDS}, not ${JSON.stringify(text)}`,
      'a minute is enough to open a second connection: --confirm 60',
    );
  }
  return { yes: call.flag('yes'), force: call.flag('force'), confirm, message: call.value('message') };
}

/** A day: whoever needs longer has not forgotten to confirm, but forgotten the change. */
const MAX_CONFIRM_SECONDS = 86_400;

/**
 * Plans, guards, asks, and makes it so. What is carried out is planned under the lock: of two who edit at once, the second
 * sees what the first did; and what was shown to a person is carried out as shown or not at all. `undefined` when the
 * person said no.
 */
export async function changeTo(
  context: Context,
  propose: (context: Context) => Promise<Proposal>,
  options: ChangeOptions,
): Promise<Change | undefined> {
  const { effects } = context;
  const paths = statePaths(context.stateDir);
  const rights = await checkRights(effects);
  if (rights.level === 'problem') throw new Failure(rights.text, rights.hint ?? '');
  await effects.files.folder(paths.dir, FOLDER_MODE);
  // An undo that is overdue comes first, so that nobody is asked about a state that is about to go.
  if (await readPending(effects, paths)) await effects.lock.hold(paths.lock, () => settle(context));
  const asks = context.ask !== undefined && !options.yes && !context.json;
  // Nobody is kept waiting while a person reads.
  const shown = asks ? await show(context, propose, options) : undefined;
  if (shown === 'no') return undefined;
  return effects.lock.hold(paths.lock, async () => {
    const started = effects.clock.monotonic();
    await refuseWhilePending(effects, paths);
    // What was said once is not said again.
    const quiet = shown ? { ...context, tell: () => undefined } : context;
    const proposal = await propose(quiet);
    if (shown) sameAsShown(proposal, shown.proposal);
    else for (const line of notesReport(proposal.notes, context.colours)) context.tell(`${line}\n`);
    await guard(quiet, proposal, options.force);
    if (!shown && !options.yes && proposal.plan.steps.length > 0)
      throw new Failure('there is no terminal to ask at', 'add --yes to say that it is meant');
    const confirmSeconds = shown?.confirm ?? options.confirm;
    const result = await carryOut(context, proposal, { ...options, confirm: confirmSeconds });
    return { proposal, result, seconds: (effects.clock.monotonic() - started) / 1000 };
  });
}

/** An undo that can't be done must not keep a person from applying what does work. */
async function settle({ effects, stateDir, tell }: Context): Promise<void> {
  const paths = statePaths(stateDir);
  try {
    await settlePending(effects, paths);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    tell(`${error.message}\n`);
    await forgetPending(effects, paths);
  }
}

interface Shown {
  readonly proposal: Proposal;
  readonly confirm: number | undefined;
}

/** What a person reads and answers, before the lock is taken. */
async function show(
  context: Context,
  propose: (context: Context) => Promise<Proposal>,
  options: ChangeOptions,
): Promise<Shown | 'no'> {
  await refuseWhilePending(context.effects, statePaths(context.stateDir));
  const proposal = await propose(context);
  for (const line of notesReport(proposal.notes, context.colours)) context.tell(`${line}\n`);
  const { plan, live, changes, sources } = proposal;
  if (plan.steps.length === 0) return { proposal, confirm: undefined };
  const doubt = await guard(context, proposal, options.force);
  const cut = await namedCuts(context, proposal);
  const facts = { changes, sources, first: isFirst(live), steps: plan.steps, cut, rules: false };
  context.tell(`${changeReport(facts, context.colours)}\n`);
  const confirm = options.confirm ?? (doubt === undefined ? undefined : DOUBT_SECONDS);
  if (doubt !== undefined && options.confirm === undefined) context.tell(`${doubt}\n`);
  const question =
    confirm === undefined ? 'Apply this?' : `Apply this, and undo it in ${confirm} s unless it is confirmed?`;
  return (await context.ask?.(question)) === true ? { proposal, confirm } : 'no';
}

/** Long enough to open a second connection and type two words. */
const DOUBT_SECONDS = 60;

function sameAsShown(proposal: Proposal, shown: Proposal): void {
  if (proposalFingerprint(proposal) === proposalFingerprint(shown)) return;
  throw new Failure(
    'while you were asked, the config or the machine changed, so this is no longer what was shown',
    'nothing was changed; run it again to see what it would do now',
  );
}

async function carryOut(context: Context, proposal: Proposal, options: ChangeOptions): Promise<ApplyResult> {
  const { plan, live, sides, keep, config, commit } = proposal;
  return applyPlan(context.effects, statePaths(context.stateDir), {
    plan,
    live,
    sides,
    keep,
    record: { config, meta: metaOf(context, proposal, options) },
    script: bootScript,
    confirmSeconds: options.confirm,
    commit,
  });
}

const metaOf = (
  { effects, who, ssh }: Context,
  { changes, sides, message }: Proposal,
  options: ChangeOptions,
): NewGeneration['meta'] => ({
  at: new Date(effects.clock.now()).toISOString(),
  by: who,
  from: ssh?.client ?? null,
  message: options.message ?? message ?? null,
  changes: changeLines(changes),
  zones: sides.zones,
});
