import { Agent, type IncomingMessage, request } from 'node:http';

export class DockerError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The Docker Engine's API over its socket, without a client program. */
export class DockerApi {
  readonly #socketPath: string;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** Resolves to the answer's JSON (undefined if it is empty). @throws DockerError on a status of 400 and above */
  async call<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const json = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    return (await this.#send(method, path, 'application/json', json)) as T;
  }

  /** Sends a tar, for `docker import`. */
  async upload(path: string, tar: Buffer): Promise<void> {
    await this.#send('POST', path, 'application/x-tar', tar);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #send(method: string, path: string, type: string, body: Buffer | undefined): Promise<unknown> {
    const message = await this.#open(method, path, type, body);
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const status = message.statusCode ?? 0;
    if (status >= 400) throw new DockerError(status, `${method} ${path}: ${status} ${text.trim()}`);
    const isJson = message.headers['content-type'] === 'application/json';
    // Streams of progress (import) are JSON as well, but one value a line.
    return isJson && text !== '' && !text.trim().includes('\n') ? JSON.parse(text) : undefined;
  }

  #open(method: string, path: string, type: string, body: Buffer | undefined): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': type, 'content-length': body?.length ?? 0 };
      const req = request({ socketPath: this.#socketPath, method, path, headers, agent: this.#agent }, resolve);
      req.on('error', reject);
      req.end(body);
    });
  }
}
