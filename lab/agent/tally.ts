import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Moment, StreamReport } from '../protocol.ts';

const SLOW_MS = 900;
const KEPT = 20;

export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Watches for times in which this process itself didn't get to run. */
export function watchDelay(): { longest(): number; stop(): void } {
  const resolution = 10;
  const histogram: IntervalHistogram = monitorEventLoopDelay({ resolution });
  histogram.enable();
  return {
    longest: () => Math.max(0, histogram.max / 1e6 - resolution),
    stop: () => histogram.disable(),
  };
}

/** Counts the attempts of a stream. */
export class Tally {
  #attempts = 0;
  #succeeded = 0;
  #slow = 0;
  #slowest = 0;
  readonly #reasons = new Map<string, number>();
  readonly #failures: Moment[] = [];
  readonly #successes: Moment[] = [];
  readonly #slowOnes: Moment[] = [];
  readonly #began = performance.now();
  readonly #delay = watchDelay();
  #ended: number | undefined;

  attempt(): void {
    this.#attempts++;
  }

  succeeded(milliseconds: number): void {
    this.#succeeded++;
    this.#slowest = Math.max(this.#slowest, milliseconds);
    keep(this.#successes, 'open', milliseconds);
    if (milliseconds <= SLOW_MS) return;
    this.#slow++;
    keep(this.#slowOnes, 'slow', milliseconds);
  }

  failed(reason: string, milliseconds?: number): void {
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    keep(this.#failures, reason, milliseconds);
  }

  end(): void {
    this.#ended = performance.now();
    this.#delay.stop();
  }

  report(): StreamReport {
    const reasons = Object.fromEntries(this.#reasons);
    return {
      attempts: this.#attempts,
      succeeded: this.#succeeded,
      failed: Object.values(reasons).reduce((sum, n) => sum + n, 0),
      reasons,
      slow: this.#slow,
      slowest: this.#slowest,
      failures: this.#failures,
      successes: this.#successes,
      slowOnes: this.#slowOnes,
      stalledMs: this.#delay.longest(),
      seconds: ((this.#ended ?? performance.now()) - this.#began) / 1000,
    };
  }
}

function keep(moments: Moment[], what: string, milliseconds: number | undefined): void {
  if (moments.length >= KEPT) return;
  moments.push({ at: now(), what, ...(milliseconds === undefined ? {} : { milliseconds }) });
}
