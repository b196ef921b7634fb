import { expect } from 'vitest';
import type { World } from '../../../lab/world.ts';
import { type Dialled, type Fared, type Flooded, OPEN, SERVICES, startFriends, startStrangers } from './floods.ts';
import { Meter, type Reading, between } from './meter.ts';

/** What happened while all floods were under way. */
export interface Results {
  readonly strangers: Flooded;
  /** The same flood at public ports: had the others been open, they would have been answered as these were. */
  readonly open: Flooded;
  readonly friends: Fared;
  /** Friends at ports that Docker publishes, where they are counted apart. */
  readonly published: Fared | undefined;
  readonly packets: Reading;
}

export interface Plan {
  readonly strangers: readonly Dialled[];
  readonly friends: readonly Dialled[];
  readonly published?: readonly Dialled[];
}

/** Both floods, and the proof that they would get through. */
export async function startAll(
  world: World,
  meter: Meter,
  plan: Plan = { strangers: SERVICES, friends: SERVICES },
): Promise<{ stop(): Promise<Results> }> {
  const before = await meter.read();
  const [strangers, open, friends, published] = await Promise.all([
    startStrangers(world, plan.strangers),
    startStrangers(world, OPEN, { parallel: 1, rate: 20, pauseMs: 50 }),
    startFriends(world, plan.friends),
    plan.published && startFriends(world, plan.published),
  ]);
  return {
    async stop() {
      const [fared, faredPublished] = await Promise.all([friends.stop(), published?.stop()]);
      const packets = between(before, await meter.settled());
      const [flooded, opened] = await Promise.all([strangers.stop(), open.stop()]);
      return { strangers: flooded, open: opened, friends: fared, published: faredPublished, packets };
    },
  };
}

const count = (n: number): string => n.toLocaleString('en');

/** One line of numbers in the test's output. */
export function tell(moment: string, { strangers, open, friends, published, packets }: Results): void {
  const parts = [
    `strangers ${count(strangers.attempts)} attempts, ${count(strangers.answered)} answered, ${count(packets.leaked + packets.leakedDirect)} packets leaked`,
    `public ports ${count(open.answered)} of ${count(open.attempts)} answered`,
    `friends ${faredText(friends)}`,
    ...(published === undefined ? [] : [`friends at published ports ${faredText(published)}`]),
    `${count(packets.friends)} packets of friends, ${packets.lost} lost by the rules`,
  ];
  process.stdout.write(`${moment}:\n${parts.map((part) => `  ${part}\n`).join('')}`);
}

const faredText = ({ attempts, lost, held, ended, longestMs }: Fared): string =>
  `${count(attempts)} attempts, ${lost} lost, ${held} held connections, ${ended.length} ended, longest round trip ${Math.round(longestMs)} ms`;

/** No packet of a stranger got past, though so many came, and the same flood got through where all may. */
export function nothingLeaked({ strangers, open, packets }: Results): void {
  expect(packets).toMatchObject({ leaked: 0, leakedDirect: 0 });
  expect(strangers.answered).toBe(0);
  expect(strangers.attempts).toBeGreaterThan(500);
  expect(open.attempts).toBeGreaterThan(50);
  expect(open.answered).toBeGreaterThan(open.attempts * 0.95);
}

/** Not a packet, not a connection of a friend. */
export function nothingLost({ friends, packets }: Results): void {
  expect(packets.lost, JSON.stringify(packets)).toBe(0);
  expect(packets.friends).toBeGreaterThan(1000);
  expect({ lost: friends.lost, reasons: friends.reasons, ended: friends.ended }).toEqual({
    lost: 0,
    reasons: {},
    ended: [],
  });
  expect(friends.attempts).toBeGreaterThan(300);
  expect(friends.exchanged).toBeGreaterThan(friends.held * 10);
}
