import type { Measurement } from './result.ts';
import { commands } from './commands.ts';
import { longList } from './long-list.ts';
import { start } from './start.ts';

/** In the order of the report. */
export const MEASUREMENTS: readonly Measurement[] = [longList, commands, start];
