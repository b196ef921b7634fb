import type { Measurement } from './result.ts';
import { commands } from './commands.ts';
import { established } from './established.ts';
import { longList } from './long-list.ts';
import { oneAddress } from './one-address.ts';
import { start } from './start.ts';

/** In the order of the report. */
export const MEASUREMENTS: readonly Measurement[] = [established, longList, oneAddress, commands, start];
