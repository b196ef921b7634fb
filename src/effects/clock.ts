import { performance } from 'node:perf_hooks';
import type { Clock } from './types.ts';

/** The one clock. */
export const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
