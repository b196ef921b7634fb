import type { NamedFlow } from '../analysis/session.ts';
import { findCuts } from '../apply/find-cuts.ts';
import { readOwners } from '../live/owners.ts';
import { isOwnFlow, readSessions } from '../live/sessions.ts';
import type { Context } from './command.ts';
import type { Proposal } from './proposal.ts';

/** The open connections that the change would cut, and whose they are; undefined where they can't be read. */
export async function namedCuts({ effects, ssh }: Context, proposal: Proposal): Promise<NamedFlow[] | undefined> {
  if (proposal.plan.steps.length === 0) return [];
  const flows = (await findCuts(effects, proposal))?.flows;
  if (flows === undefined || flows.length === 0) return flows && [];
  const [ownerOf, sessions] = await Promise.all([readOwners(effects), readSessions(effects, ssh)]);
  return flows.map((flow) => {
    const owner = ownerOf(flow);
    return {
      ...flow,
      ...(owner === undefined ? {} : { owner }),
      ...(isOwnFlow(flow, sessions.all) ? { own: true as const } : {}),
    };
  });
}
