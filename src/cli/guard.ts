import type { Flow, Sides } from '../analysis/flow.ts';
import { judgeIn } from '../analysis/flow.ts';
import { isBlocked, isFlowOf, mayConnect, type Session } from '../analysis/session.ts';
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
  const { plan, live, changes } = proposal;
  if (!mayShutOut(plan, changes, live)) return undefined;
  const { all, doubt } = await readSessions(effects, ssh);
  const lost = await sessionsToCut(context, proposal, all);
  if (lost.length > 0 && !force) throw refusal(lost, plan.target);
  if (lost.length > 0) tell(`This cuts off ${sessionsText(lost)}.\n`);
  if (force || doubt === undefined || ask === undefined) return undefined;
  return doubtText(doubt.kind === 'keeper' ? doubt.name : undefined);
}

async function sessionsToCut(
  { effects }: Context,
  { plan, sides }: Proposal,
  sessions: readonly Session[],
): Promise<Session[]> {
  const lost = sessions.filter(({ client, port }) => !mayConnect(plan.target, client, port, sides));
  if (lost.length === 0) return lost;
  const flows = (await readFlows(effects)) ?? [];
  return lost.filter((session) => !comesByAnotherPort(plan.target, session, flows, sides));
}

/** The rules judge the port that was dialled, and that one may be led to sshd's by a NAT rule. */
function comesByAnotherPort(ruleset: Ruleset, session: Session, flows: readonly Flow[], sides: Sides): boolean {
  const flow = flows.find((each) => isFlowOf(each, session));
  return flow !== undefined && flow.port !== session.port && judgeIn(ruleset, flow, sides) !== 'drop';
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
