import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../../../lab/world.ts';

/** What Docker's API answers, by path; a path that isn't named is a 404. */
export type Answers = Readonly<Record<string, unknown>>;

/** A network as GET /networks tells of it. */
export const network = (name: string, bridge?: string, more: object = {}): object => ({
  Name: name,
  Id: 'c0ffee'.repeat(10) + 'c0de',
  Driver: 'bridge',
  IPAM: { Config: [{ Subnet: '172.28.0.0/16' }] },
  Options: bridge === undefined ? {} : { 'com.docker.network.bridge.name': bridge },
  ...more,
});

export const INFO = { ServerVersion: '29.0.0', Swarm: { LocalNodeState: 'inactive' } };

export const answering =
  (answers: Answers): RequestListener =>
  ({ url = '' }, response) => {
    if (!(url in answers)) return void response.writeHead(404).end('{"message":"not found"}');
    response.end(JSON.stringify(answers[url]));
  };

/** The same to every question. */
export const always =
  (answer: (response: ServerResponse) => void): RequestListener =>
  (_request, response) =>
    answer(response);

/** Stands in for Docker while `work` runs; its argument is the environment that makes Seawall ask here. */
export async function withDocker<T>(
  world: World,
  listener: RequestListener,
  work: (env: { DOCKER_HOST: string }) => Promise<T>,
): Promise<T> {
  const socket = join(world.dir, 'fake-docker.sock');
  rmSync(socket, { force: true });
  const server = createServer(listener).listen(socket);
  await once(server, 'listening');
  try {
    return await work({ DOCKER_HOST: `unix://${socket}` });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
