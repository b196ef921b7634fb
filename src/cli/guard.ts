import { mayConnect } from '../analysis/session.ts';
import { Failure } from '../effects/failure.ts';
import { parseAddress } from '../net/address.ts';
import type { Context } from './command.ts';
import type { Proposal } from './proposal.ts';

/**
 * Never cut off the person who types. Refuses a change that would; where it can't tell, it says why, in words for people.
 *
 * @throws Failure with exit code 3
 */
export async function guard({ ssh }: Context, { plan, sides }: Proposal, force: boolean): Promise<string | undefined> {
  const client = parseAddress(ssh?.client ?? '');
  if (force || plan.steps.length === 0 || !ssh || !client.ok) return undefined;
  if (mayConnect(plan.target, client.value, ssh.port, sides)) return undefined;
  throw new Failure(
    `this would cut off your own SSH session, which comes from ${ssh.client}`,
    `trust your address first (seawall trust add ${ssh.client}), or insist with --force`,
    { exitCode: 3 },
  );
}
