import { analysis } from './analysis.ts';
import { backends } from './backends.ts';
import { applyLoop } from './apply-loop.ts';
import { commands } from './commands.ts';
import { connections } from './connections.ts';
import { established } from './established.ts';
import { longList } from './long-list.ts';
import { oneAddress } from './one-address.ts';
import type { Measurement } from './result.ts';
import { ruleCounts } from './rule-counts.ts';
import { start } from './start.ts';

/** In the order of the report. */
export const MEASUREMENTS: readonly Measurement[] = [
  established,
  connections,
  applyLoop,
  longList,
  oneAddress,
  commands,
  start,
  ruleCounts,
  backends,
  analysis,
];
