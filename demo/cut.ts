import { setTimeout as sleep } from 'node:timers/promises';
import { HOST } from '../lab/addresses.ts';
import type { HoldHandle } from '../lab/client.ts';
import type { Outcome } from '../lab/command.ts';
import type { World } from '../lab/world.ts';

/** An open connection, looked at when the command was done and a second later. */
export interface Held {
  readonly who: string;
  readonly shouldLive: boolean;
  /** Bytes that came back within that second. */
  readonly answers: number;
}

const HELD = [
  { who: 'trusted A, v4, web on 8081', node: 'trusted-a', address: HOST.v4, shouldLive: false },
  { who: 'trusted A, v6, web on 8081', node: 'trusted-a', address: HOST.v6, shouldLive: true },
  { who: 'trusted B, v4, web on 8081', node: 'trusted-b', address: HOST.v4, shouldLive: true },
] as const;

/** Takes trusted A's IPv4 address from the list while connections are open and carry a byte 20 times a second. */
export async function untrust(
  world: World,
  argv: readonly string[],
): Promise<{ readonly command: Outcome; readonly held: readonly Held[] }> {
  const handles = await Promise.all(
    HELD.map(async ({ node, address }) => (await world.agent(node)).hold({ address, port: 8081 })),
  );
  const command = await world.exec('host', argv);
  const then = await exchanged(handles);
  await sleep(1000);
  const now = await exchanged(handles);
  await Promise.all(handles.map((handle) => handle.release()));
  const held = HELD.map(({ who, shouldLive }, i) => ({ who, shouldLive, answers: (now[i] ?? 0) - (then[i] ?? 0) }));
  return { command, held };
}

async function exchanged(handles: readonly HoldHandle[]): Promise<number[]> {
  return Promise.all(handles.map(async (handle) => (await handle.check()).exchanged));
}
