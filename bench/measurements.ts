import type { Measurement } from './result.ts';
import { commands } from './commands.ts';
import { connections } from './connections.ts';
import { established } from './established.ts';
import { longList } from './long-list.ts';
import { oneAddress } from './one-address.ts';
import { start } from './start.ts';

/** In the order of the report. */
export const MEASUREMENTS: readonly Measurement[] = [established, connections, longList, oneAddress, commands, start];
