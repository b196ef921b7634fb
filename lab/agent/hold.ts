import { type Socket, connect } from 'node:net';
import type { HoldReport, HoldRequest, Moment } from '../protocol.ts';
import { after } from './probe.ts';
import { now, watchDelay } from './tally.ts';

/** An established connection that carries a byte there and back at an interval and says when that fails. */
class Hold {
  readonly #request: HoldRequest;
  readonly #socket: Socket;
  readonly #delay = watchDelay();
  readonly #stalls: Moment[] = [];
  #ended: Moment | undefined;
  #exchanged = 0;
  #longest = 0;
  #sent: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(request: HoldRequest) {
    this.#request = request;
    const from = request.from === undefined ? {} : { localAddress: request.from };
    this.#socket = connect({ host: request.address, port: request.port, noDelay: true, ...from });
  }

  /** Resolves when the service has spoken; rejects when it doesn't within 5 s. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = after(5000, () => this.#socket.destroy(new Error('the service did not speak within 5 s')));
      this.#socket.once('error', reject);
      this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#end(error.code ?? error.message));
      this.#socket.on('close', () => this.#end('closed by the other side'));
      this.#socket.once('data', () => {
        cancel();
        this.#socket.on('data', () => this.#back());
        this.#socket.off('error', reject);
        this.#send();
        resolve();
      });
    });
  }

  #send(): void {
    if (this.#ended !== undefined) return;
    this.#sent = performance.now();
    this.#socket.write('.');
  }

  #back(): void {
    if (this.#sent === undefined) return;
    const milliseconds = performance.now() - this.#sent;
    this.#sent = undefined;
    this.#exchanged++;
    this.#longest = Math.max(this.#longest, milliseconds);
    if (milliseconds > (this.#request.stallMs ?? 500)) this.#stalls.push({ at: now(), what: 'stall', milliseconds });
    this.#timer = setTimeout(() => this.#send(), this.#request.intervalMs ?? 50);
  }

  #end(what: string): void {
    this.#ended ??= { at: now(), what };
  }

  report(): HoldReport {
    const waiting = this.#sent === undefined ? 0 : performance.now() - this.#sent;
    return {
      alive: this.#ended === undefined,
      ...(this.#ended === undefined ? {} : { ended: this.#ended }),
      exchanged: this.#exchanged,
      stalls: this.#stalls,
      longestMs: Math.max(this.#longest, waiting),
      stalledMs: this.#delay.longest(),
    };
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#delay.stop();
    this.#socket.destroy();
  }
}

const holds = new Map<number, Hold>();
let last = 0;

export async function hold(request: HoldRequest): Promise<number> {
  const made = new Hold(request);
  await made.open();
  last++;
  holds.set(last, made);
  return last;
}

export async function checkHold(id: number): Promise<HoldReport> {
  const found = holds.get(id);
  if (found === undefined) throw new Error(`no connection ${id}`);
  return found.report();
}

export async function release(id: number): Promise<HoldReport> {
  const report = await checkHold(id);
  holds.get(id)?.close();
  holds.delete(id);
  return report;
}
