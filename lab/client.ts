import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { start } from './command.ts';
import type {
  HoldReport,
  HoldRequest,
  OperationName,
  Operations,
  PingRequest,
  ProbeRequest,
  ProbeResult,
  Received,
  Reply,
  ServeRequest,
  StreamReport,
  TcpStreamRequest,
  TransferReport,
  TransferRequest,
  UdpStreamRequest,
} from './protocol.ts';

/** A stream of probes under way. */
export interface StreamHandle {
  /** Counts so far; the stream goes on. */
  peek(): Promise<StreamReport>;
  /** Starts no more attempts, waits for those in flight and returns the counts. */
  stop(): Promise<StreamReport>;
}

/** An established connection under watch. */
export interface HoldHandle {
  check(): Promise<HoldReport>;
  release(): Promise<HoldReport>;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** The lab's end of a probe agent. Every method acts in the agent's network namespace. */
export class AgentClient {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #said: string[] = [];
  #last = 0;
  #dead: Error | undefined;

  /** `enter`: the words that put a command into the namespace. `file`: the bundled agent. */
  constructor(enter: readonly string[], file: string) {
    this.#child = start([...enter, process.execPath, file]);
    this.#child.stdin?.on('error', () => {});
    this.#child.stderr?.on('data', (chunk: Buffer) => this.#said.push(chunk.toString()));
    this.#child.on('error', (error) => this.#fail(error));
    this.#child.on('close', () => this.#fail(new Error(`the agent ended: ${this.#said.join('').trim()}`)));
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => this.#receive(JSON.parse(line) as Reply));
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Many probes at once, all in parallel; results in the order of the requests. */
  probe(requests: readonly ProbeRequest[]): Promise<readonly ProbeResult[]> {
    return this.#call('probe', requests);
  }

  async tcp(address: string, port: number, options: Partial<ProbeRequest> = {}): Promise<ProbeResult> {
    return one(await this.probe([{ ...options, protocol: 'tcp', address, port }]));
  }

  /** `closed`: neither an echo nor an ICMP error came back. */
  async udp(address: string, port: number, options: Partial<ProbeRequest> = {}): Promise<ProbeResult> {
    return one(await this.probe([{ ...options, protocol: 'udp', address, port }]));
  }

  async ping(address: string, options: Partial<PingRequest> = {}): Promise<boolean> {
    return one(await this.#call('ping', [{ ...options, address }]));
  }

  /** A service that speaks `NAME PEER` and echoes. Resolves to its port, once it listens. */
  serveTcp(request: ServeRequest): Promise<number> {
    return this.#call('serveTcp', request);
  }

  serveUdp(request: ServeRequest): Promise<number> {
    return this.#call('serveUdp', request);
  }

  /** What arrived at one of this agent's services, by source address. */
  received(protocol: 'tcp' | 'udp', port: number): Promise<Received> {
    return this.#call('received', { protocol, port });
  }

  async startTcpStream(request: TcpStreamRequest): Promise<StreamHandle> {
    return this.#stream(await this.#call('tcpStream', request));
  }

  async startUdpStream(request: UdpStreamRequest): Promise<StreamHandle> {
    return this.#stream(await this.#call('udpStream', request));
  }

  /**
   * Some 4,000 SYNs a second, evenly spread, each given up after 100 ms, for an untrusted client: what matters is
   * `succeeded` and `reasons.refused`, for both are answers.
   */
  startSynFlood(request: TcpStreamRequest): Promise<StreamHandle> {
    return this.startTcpStream({ parallel: 400, pauseMs: 0, timeoutMs: 100, banner: false, ...request });
  }

  async hold(request: HoldRequest): Promise<HoldHandle> {
    const id = await this.#call('hold', request);
    return { check: () => this.#call('checkHold', id), release: () => this.#call('release', id) };
  }

  transfer(request: TransferRequest): Promise<TransferReport> {
    return this.#call('transfer', request);
  }

  /** Ends the agent and everything that it serves. */
  close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#child.once('close', () => resolve());
      this.#child.kill('SIGKILL');
    });
  }

  #stream(id: number): StreamHandle {
    return { peek: () => this.#call('peek', id), stop: () => this.#call('stop', id) };
  }

  #call<K extends OperationName>(op: K, argument: Operations[K][0]): Promise<Operations[K][1]> {
    if (this.#dead !== undefined) return Promise.reject(this.#dead);
    this.#last++;
    const id = this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: (result) => resolve(result as Operations[K][1]), reject });
      this.#child.stdin?.write(`${JSON.stringify({ id, op, argument })}\n`);
    });
  }

  #receive(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.error === undefined) waiting?.resolve(reply.result);
    else waiting?.reject(new Error(reply.error));
  }

  #fail(error: Error): void {
    this.#dead = error;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

function one<T>(results: readonly T[]): T {
  const [first] = results;
  if (first === undefined) throw new Error('the agent answered with nothing');
  return first;
}
