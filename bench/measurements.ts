import type { Measurement } from './result.ts';
import { start } from './start.ts';

/** In the order of the report. */
export const MEASUREMENTS: readonly Measurement[] = [start];
