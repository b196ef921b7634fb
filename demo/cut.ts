import { setTimeout as sleep } from 'node:timers/promises';
import { HOST } from '../lab/addresses.ts';
import type { HoldHandle } from '../lab/client.ts';
import type { Outcome } from '../lab/command.ts';
import type { World } from '../lab/world.ts';
import { TALKER_PORT } from './rows.ts';

/** An open connection, looked at when the command was done and a second later. */
export interface Held {
  readonly who: string;
  readonly shouldLive: boolean;
  /** Bytes that came back within that second. */
  readonly answers: number;
}

const CLIENTS = [
  { node: 'trusted-a', name: 'trusted A', shouldLive: false },
  { node: 'trusted-b', name: 'trusted B', shouldLive: true },
] as const;

const HELD = CLIENTS.flatMap(({ node, name, shouldLive }) => [
  { who: `${name}, v4, web on 8081`, node, address: HOST.v4, port: 8081, shouldLive },
  { who: `${name}, v6, web on 8081`, node, address: HOST.v6, port: 8081, shouldLive },
  { who: `${name}, v4, log on ${TALKER_PORT}`, node, address: HOST.v4, port: TALKER_PORT, shouldLive },
  { who: `${name}, v6, log on ${TALKER_PORT}`, node, address: HOST.v6, port: TALKER_PORT, shouldLive },
]);

/** Takes trusted A from the list while connections are open and carry a byte 20 times a second. */
export async function untrust(
  world: World,
  argv: readonly string[],
): Promise<{ readonly command: Outcome; readonly held: readonly Held[] }> {
  const handles = await Promise.all(
    HELD.map(async ({ node, address, port }) => (await world.agent(node)).hold({ address, port })),
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
