import { setTimeout as sleep } from 'node:timers/promises';
import type { Container } from '../../../lab/containers.ts';
import { nodeBinds } from '../../../lab/populate.ts';
import type { World } from '../../../lab/world.ts';
import { type Dialled, SERVICES } from './floods.ts';

/** The services of floods.ts and no more, where Docker has to be quick: programs of the host, and one container. */
export async function serveFew(world: World, network?: string): Promise<Container> {
  const host = await world.agent('host');
  for (const port of [7000, 22]) await host.serveTcp({ name: 'host', port });
  for (const port of [7000, 500]) await host.serveUdp({ name: 'host', port });
  const web = await world.engine.containers.run({
    name: 'web',
    cmd: ['/lab/node', '/lab/service.mjs', 'web', 'tcp:81', 'tcp:82', 'udp:53'],
    publish: ['8081:81', '5301:53/udp'],
    binds: nodeBinds(world),
    restart: 'always',
    ...(network === undefined ? {} : { network }),
  });
  await fewAnswer(world);
  return web;
}

/** Waits until the container answers the host again: after a restart of Docker it comes back a little later. */
export async function fewAnswer(world: World): Promise<void> {
  const host = await world.agent('host');
  for (let tries = 0; tries < 100; tries++) {
    const results = await host.probe(SERVICES.map((at) => ({ ...at, timeoutMs: 1000 })));
    if (results.every(({ service }) => service !== undefined)) return;
    await sleep(100);
  }
  throw new Error('the container does not answer');
}

/** A container's own address: strangers have a route there. 82 is not published. */
export const behind = ({ v4 }: Container): Dialled[] => [
  { protocol: 'tcp', address: v4, port: 81 },
  { protocol: 'tcp', address: v4, port: 82 },
  { protocol: 'udp', address: v4, port: 53 },
];
