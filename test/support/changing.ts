import type { Step } from '../../src/plan/plan.ts';
import { makePlan } from '../../src/plan/plan.ts';
import { execute } from '../../src/apply/execute.ts';
import { readKernel, type ReadSets } from '../../src/live/kernel.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { FakeKernel, Moment } from './fake-kernel.ts';
import { verdictOf, type Packet, type Verdict } from './packet.ts';
import { packetsOf } from './small-world.ts';

export const PACKETS: readonly Packet[] = [...packetsOf(4), ...packetsOf(6)];

export const verdicts = (kernel: FakeKernel): Verdict[] => PACKETS.map((packet) => verdictOf(kernel, packet));

/** Reads the kernel, plans, and carries it out, as `apply` does. */
export async function applyTo(kernel: FakeKernel, policy: Policy, sets: ReadSets = 'whole'): Promise<readonly Step[]> {
  const { steps } = makePlan(policy, await readKernel(kernel, sets));
  await execute(kernel, steps);
  return steps;
}

/** What a test throws at a moment to be kill -9. */
export class Killed extends Error {}

/** A packet that was judged as neither before nor after. */
export interface Wrong {
  readonly moment: Moment;
  readonly packet: Packet;
  readonly before: Verdict;
  readonly verdict: Verdict;
}

/** A line that says all of it, for a counterexample. */
export const wrongText = ({ moment, packet, before, verdict }: Wrong): string =>
  [
    `${moment.tool} ${moment.text.split('\n')[0]}:`,
    `IPv${packet.family} ${packet.protocol} from address ${packet.source.value & 7n} on ${packet.link}`,
    `to ${packet.out ?? packet.to}, port ${packet.port}: was ${before}, is ${verdict}`,
  ].join(' ');

export interface Watched {
  readonly wrong: readonly Wrong[];
  /** Moments that passed; all of them, unless it was killed. */
  readonly moments: number;
}

/**
 * Carries out a policy and sends every packet through the kernel at every moment of it. `killAt`: the moment, counted from 1, at
 * which the program is killed.
 */
export async function watchApply(
  kernel: FakeKernel,
  policy: Policy,
  { sets = 'whole', killAt = Infinity }: { sets?: ReadSets; killAt?: number } = {},
): Promise<Watched> {
  const before = verdicts(kernel);
  const done = kernel.clone();
  await applyTo(done, policy, sets);
  const after = verdicts(done);
  const wrong: Wrong[] = [];
  let moments = 0;
  let seen = whatIsJudged(kernel);
  kernel.onMoment = (moment) => {
    moments++;
    const now = whatIsJudged(kernel);
    if (now !== seen) wrong.push(...compare(kernel, moment, before, after));
    seen = now;
    if (moments === killAt) throw new Killed();
  };
  try {
    await applyTo(kernel, policy, sets);
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  } finally {
    kernel.onMoment = () => undefined;
  }
  return { wrong, moments };
}

function compare(kernel: FakeKernel, moment: Moment, before: readonly Verdict[], after: readonly Verdict[]): Wrong[] {
  return PACKETS.flatMap((packet, index) => {
    const verdict = verdictOf(kernel, packet);
    const [old = verdict, next = verdict] = [before[index], after[index]];
    return verdict === old || verdict === next ? [] : [{ moment, packet, before: old, verdict }];
  });
}

/** All that a verdict can depend on: both tables, and the sets that some rule asks. It is the same while a set is filled unseen. */
function whatIsJudged({ tables, sets }: FakeKernel): string {
  const used = sets
    .names()
    .filter((name) => tables[4].references(name) + tables[6].references(name) > 0)
    .map((name) => `${name} ${sets.get(name)?.revision}`);
  return [tables[4].revision, tables[6].revision, ...used].join('\n');
}
