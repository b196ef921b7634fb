import type { Effects } from '../effects/types.ts';
import { readJournal } from './journal.ts';
import { type Pending, readPending, readUndone, type Undone } from './pending.ts';
import type { StatePaths } from './state.ts';
import { uptime } from './uptime.ts';

/** What of changes is not at its end. */
export interface Unfinished {
  /** With the seconds that are left; they are over where the guard was killed. */
  readonly pending: (Pending & { readonly left: number }) | 'damaged' | undefined;
  /** Since when a change is under way, or has been left by a run that was killed. */
  readonly underWay: string | undefined;
  /** The change that was undone because nobody confirmed it, and no other was made since. */
  readonly undone: Undone | undefined;
}

export async function readUnfinished(effects: Pick<Effects, 'files'>, paths: StatePaths): Promise<Unfinished> {
  const [pending, underWay, undone, now] = await Promise.all([
    readPending(effects, paths),
    readJournal(effects, paths),
    readUndone(effects, paths),
    uptime(effects),
  ]);
  const waits = pending !== undefined && pending !== 'damaged' && pending.boot === now.boot;
  return {
    pending: pending === 'damaged' ? pending : waits ? { ...pending, left: pending.deadline - now.seconds } : undefined,
    underWay,
    undone,
  };
}
