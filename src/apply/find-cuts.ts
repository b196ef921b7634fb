import { type CutFilter, cutFilters } from '../analysis/cut-filter.ts';
import { type Flow, flowsToCut, isTrusted } from '../analysis/flow.ts';
import type { Effects } from '../effects/types.ts';
import { addressBits } from '../net/family.ts';
import { readFlows, untrackedFlows } from '../live/flows.ts';
import { readSockets } from '../live/sockets.ts';
import type { LiveState } from '../plan/live-state.ts';
import { cutHookSteps } from '../plan/plan.ts';
import { cutFlows, forgetCuts } from './cut.ts';
import { execute } from './execute.ts';
import type { ApplyInput } from './input.ts';
import type { Pending } from './pending.ts';
import type { StatePaths } from './state.ts';

/** The open connections that the plan denies, though they were let in before, and how to pick them out. */
export interface Cuts {
  readonly flows: readonly Flow[];
  /** With those that the kernel takes for over, which nobody wants to be told of. */
  readonly all: readonly Flow[];
  readonly filters: readonly CutFilter[];
}

export const NO_CUTS: Cuts = { flows: [], all: [], filters: [] };

type Changing = Pick<ApplyInput, 'plan' | 'live' | 'sides'>;

/** Undefined where open connections can't be read. */
export async function findCuts(
  effects: Pick<Effects, 'exec'>,
  { plan, live, sides }: Changing,
): Promise<Cuts | undefined> {
  const [tracked, sockets] = await Promise.all([
    readFlows(effects),
    readSockets(effects, ['-t', 'state', 'established', 'state', 'listening']),
  ]);
  if (!tracked) return undefined;
  const untracked = untrackedFlows(sockets ?? [], tracked);
  const [all, more] = [tracked, untracked].map((flows) => flowsToCut(flows, live, plan.target, sides)) as [
    Flow[],
    Flow[],
  ];
  return {
    flows: [...all.filter(({ ended }) => !ended), ...more],
    all: [...all, ...more],
    filters: [...cutFilters(tracked, all), ...more.map(fromInside)],
  };
}

/** The connection as it is tracked if its server is the first to be heard. */
const fromInside = ({ protocol, source, sourcePort, destination }: Flow): CutFilter => ({
  protocol,
  source: { ...destination, length: addressBits(destination.family) },
  destination: source,
  port: sourcePort,
});

/** As if nothing had been judged before. */
export const withoutHooks = (live: LiveState): LiveState => ({
  ...live,
  tables: { 4: { ...live.tables[4], hooks: [] }, 6: { ...live.tables[6], hooks: [] } },
});

/** Cuts them, and lets servers speak again to those who are trusted once more. */
export async function cut(
  effects: Effects,
  paths: StatePaths,
  input: Changing,
  pending: Pending | undefined,
): Promise<Cuts | undefined> {
  const { plan } = input;
  // Also where nothing is left to change: a killed run may have come as far as this.
  const cuts = await findCuts(effects, input);
  if (cuts && cuts.all.length > 0) {
    await execute(
      effects,
      cutHookSteps(plan.target, new Set(cuts.all.map(({ source }) => source.family)), plan.backend),
    );
    await cutFlows(effects, cuts.all, cuts.filters, { backend: plan.backend, undo: pending && paths.uncut });
  }
  await forgetCuts(effects, plan.backend, (client) => isTrusted(plan.target, client));
  return cuts;
}
