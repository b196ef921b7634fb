import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Docker, DockerReply } from './types.ts';

const TIMEOUT_MS = 3000;
/** An answer longer than this is no answer of Docker's to what is asked here. */
const LIMIT_BYTES = 64 * 1024 * 1024;
const DEFAULT_HOST = 'unix:///var/run/docker.sock';

/** Docker's API over its socket; only ever asked, never told anything. */
export function makeDocker(env: NodeJS.ProcessEnv): Docker {
  const host = env['DOCKER_HOST'] || DEFAULT_HOST;
  return { host, get: (path) => get(host, path) };
}

/** How Docker is reached. Not by an agent of node:http: its check of the host's name costs 4 ms. */
function target(host: string): (() => Socket) | undefined {
  if (host.startsWith('unix://')) return () => connect(host.slice('unix://'.length));
  if (!URL.canParse(host)) return undefined;
  const { protocol, hostname, port } = new URL(host);
  if (protocol !== 'tcp:' && protocol !== 'http:') return undefined;
  // The brackets of [::1] belong to the URL.
  return () => connect(Number(port) || 2375, hostname.replace(/^\[(.*)\]$/, '$1'));
}

function get(host: string, path: string): Promise<DockerReply> {
  const createConnection = target(host);
  if (!createConnection)
    return Promise.resolve(failed('not-running', `DOCKER_HOST=${host} is not a unix:// or tcp:// address`));
  return new Promise((resolve) => {
    const call = request({ createConnection, path, headers: { host: 'docker' } }, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > LIMIT_BYTES) call.destroy(new Error(`answer to ${path} is longer than ${LIMIT_BYTES} bytes`));
      });
      response.on('error', (error) => {
        clearTimeout(deadline);
        resolve(explain(error, host));
      });
      response.on('end', () => {
        clearTimeout(deadline);
        resolve(parse(response.statusCode ?? 0, Buffer.concat(chunks).toString(), path));
      });
    });
    // From first byte to last: a server that trickles is one that hangs.
    const deadline = setTimeout(() => call.destroy(Object.assign(new Error(), { code: 'SLOW' })), TIMEOUT_MS);
    call.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(deadline);
      resolve(explain(error, host));
    });
    call.end();
  });
}

const failed = (reason: (DockerReply & { ok: false })['reason'], detail: string): DockerReply => ({
  ok: false,
  reason,
  detail,
});

function parse(status: number, text: string, path: string): DockerReply {
  if (status !== 200) return failed('garbage', `${path} answered with status ${status}`);
  try {
    return { ok: true, body: JSON.parse(text) as unknown };
  } catch {
    return failed('garbage', `${path} answered with something that is not JSON`);
  }
}

function explain(error: NodeJS.ErrnoException, host: string): DockerReply {
  switch (error.code) {
    case 'ENOENT':
      return failed('not-installed', `there is no ${host.replace('unix://', '')}`);
    case 'ECONNREFUSED':
      return failed('not-running', `nobody listens at ${host}`);
    case 'EACCES':
      return failed('no-permission', `${host} may not be opened by this user`);
    case 'SLOW':
      return failed('timed-out', `${host} didn't answer within ${TIMEOUT_MS / 1000} s`);
    default:
      return failed('garbage', `${host}: ${error.message}`);
  }
}
