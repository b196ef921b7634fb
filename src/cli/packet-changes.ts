import { type Difference, semanticDiff } from '../analysis/trace/difference.ts';
import { machineIn, machineUnder, surroundings } from '../live/ruleset-machine.ts';
import { isFirst } from '../plan/changes.ts';
import type { LiveState } from '../plan/live-state.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import type { Survey } from './survey.ts';

/** More entries than these take longer to be compared than the state takes to be read. */
const MOST = 50_000;

/**
 * Which packets Seawall's own rules let through after the plan and not before, or the other way round. Undefined where no
 * rules stand yet, so that it would be everything, and where lists are so long that the answer would be waited for.
 */
export function packetChanges({ plan, policy, observation: { facts, live } }: Survey): Difference[] | undefined {
  if (plan.steps.length === 0) return [];
  if (isFirst(live) || entriesOf(live) + entriesIn(plan.target) > MOST) return undefined;
  const around = surroundings(facts.links);
  const link = facts.links.find(({ uplink }) => uplink)?.name ?? policy.zones.outer[0] ?? 'eth0';
  return semanticDiff(machineIn(live, around), machineUnder(plan.target, around), link);
}

const entriesOf = ({ sets }: LiveState): number =>
  [...sets.values()].reduce((sum, set) => sum + (set.kind === 'net' ? set.members.size : 0), 0);

const entriesIn = (ruleset: Ruleset): number =>
  [...ruleset[4].sets, ...ruleset[6].sets].reduce((sum, set) => sum + (set.kind === 'net' ? set.members.size : 0), 0);
