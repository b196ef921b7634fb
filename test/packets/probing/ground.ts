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
  readonly packets: Reading;
}

/** Both floods, and the proof that they would get through. */
export async function startAll(
  world: World,
  meter: Meter,
  services: readonly Dialled[] = SERVICES,
): Promise<{ stop(): Promise<Results> }> {
  const before = await meter.read();
  const [strangers, open, friends] = await Promise.all([
    startStrangers(world, services),
    startStrangers(world, OPEN, { parallel: 1, rate: 20, pauseMs: 50 }),
    startFriends(world, services),
  ]);
  return {
    async stop() {
      const fared = await friends.stop();
      const packets = between(before, await meter.read());
      return { strangers: await strangers.stop(), open: await open.stop(), friends: fared, packets };
    },
  };
}

/** One line of numbers in the test's output. */
export function tell(moment: string, { strangers, open, friends, packets }: Results): void {
  const count = (n: number): string => n.toLocaleString('en');
  process.stdout.write(
    `${moment}: strangers ${count(strangers.attempts)} attempts, ${strangers.answered} answered, ${packets.leaked + packets.leakedDirect} packets leaked` +
      ` (at public ports ${count(open.answered)} of ${count(open.attempts)} answered);` +
      ` friends ${count(friends.attempts)} attempts, ${friends.lost} lost, ${count(packets.friends)} packets, ${packets.lost} lost,` +
      ` ${friends.held} held connections, ${friends.ended.length} ended, longest round trip ${Math.round(friends.longestMs)} ms\n`,
  );
}

/** No packet of a stranger got past, though thousands came, and the same flood got through where all may. */
export function nothingLeaked({ strangers, open, packets }: Results): void {
  expect(packets).toMatchObject({ leaked: 0, leakedDirect: 0 });
  expect(strangers.answered).toBe(0);
  expect(strangers.attempts).toBeGreaterThan(3000);
  expect(open.attempts).toBeGreaterThan(100);
  expect(open.answered).toBeGreaterThan(open.attempts * 0.95);
}

/** Not a packet, not a connection of a friend. */
export function nothingLost({ friends, packets }: Results): void {
  expect(packets.lost).toBe(0);
  expect(packets.friends).toBeGreaterThan(2000);
  expect({ lost: friends.lost, reasons: friends.reasons, ended: friends.ended }).toEqual({
    lost: 0,
    reasons: {},
    ended: [],
  });
  expect(friends.attempts).toBeGreaterThan(1000);
  expect(friends.exchanged).toBeGreaterThan(friends.held * 10);
}
