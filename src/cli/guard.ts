import { isBlocked, sessionsToCut, type Session } from '../analysis/session.ts';
import { Failure } from '../effects/failure.ts';
import { readFlows } from '../live/flows.ts';
import { readSessions } from '../live/sessions.ts';
import { mayShutOut } from '../plan/changes.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { clientWords, doubtText, sessionsText } from '../report/sessions.ts';
import type { Context } from './command.ts';
import type { Proposal } from './proposal.ts';

/**
 * Never cut off the person who types, nor anybody else who is logged in over SSH. Refuses a change that would; with
 * `force` it says whom it cuts off. Where it can't tell, it says why, in words for people.
 *
 * @throws Failure with exit code 3
 */
export async function guard(context: Context, proposal: Proposal, force: boolean): Promise<string | undefined> {
  const { effects, ssh, ask, tell } = context;
  const { plan, live, changes, sides } = proposal;
  if (!mayShutOut(plan, changes, live)) return undefined;
  const { all, doubt } = await readSessions(effects, ssh);
  const tracked = all.length > 0 ? await readFlows(effects) : [];
  const lost = sessionsToCut(all, tracked ?? [], { before: live, after: plan.target, sides });
  if (lost.length > 0 && !force) throw refusal(lost, plan.target);
  if (lost.length > 0) tell(`This cuts off ${sessionsText(lost)}.\n`);
  if (force || doubt === undefined || ask === undefined) return undefined;
  return doubtText(doubt.kind === 'keeper' ? doubt.name : undefined);
}

function refusal(lost: readonly Session[], target: Ruleset): Failure {
  const blocked = lost.filter(({ client }) => isBlocked(target, client));
  const words = clientWords(blocked.length > 0 ? blocked : lost);
  const many = words.includes(' ');
  const way =
    blocked.length > 0
      ? `keep ${words} off the list \`block\`, which beats \`trusted\``
      : `trust ${many ? 'those addresses' : 'that address'} first (seawall trust add ${words})`;
  return new Failure(`this would cut off ${sessionsText(lost)}`, `${way}, or insist with --force`, { exitCode: 3 });
}
