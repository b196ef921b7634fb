import { Failure } from '../effects/failure.ts';
import type { Effects } from '../effects/types.ts';
import { type Commit, commitGeneration, pruneGenerations } from './generations.ts';
import { currentGeneration } from './generation-numbers.ts';
import { isIntact, readGeneration } from './generation-record.ts';
import { readJournal } from './journal.ts';
import { disarm, type Pending, readPending, readUndone, undoNow } from './pending.ts';
import type { StatePaths } from './state.ts';
import { uptime } from './uptime.ts';

type Hands = Pick<Effects, 'files' | 'exec'>;

/** How long after its deadline an undo is taken for one that will not come by itself any more, in seconds. */
const GRACE_SECONDS = 15;

/**
 * Brings to an end what nobody works on any more: a change whose undo is overdue, because its guard was killed, is undone
 * now; after a restart of the machine, or when a confirmation was killed late, there is nothing left to undo. The caller
 * holds the lock.
 */
export async function settlePending(effects: Hands, paths: StatePaths): Promise<void> {
  const pending = await readPending(effects, paths);
  if (pending === undefined || pending === 'damaged') return;
  const [now, current] = await Promise.all([uptime(effects), currentGeneration(effects, paths)]);
  const kept = pending.generation === current && pending.before !== current;
  if (kept || pending.boot !== now.boot) await forgetPending(effects, paths);
  else if (now.seconds > pending.deadline + (await grace(effects, paths, pending))) await undoNow(effects, paths);
}

/** An undo that was tried and failed is tried again at once. */
async function grace(effects: Hands, paths: StatePaths, { token }: Pending): Promise<number> {
  const undone = await readUndone(effects, paths);
  return undone?.token === token ? 0 : GRACE_SECONDS;
}

/** Refuses every change while another one waits for its confirmation. Exit code 3. */
export async function refuseWhilePending(effects: Pick<Effects, 'files'>, paths: StatePaths): Promise<void> {
  const pending = await readPending(effects, paths);
  if (!pending) return;
  const what = pending === 'damaged' ? 'an earlier change' : `generation ${pending.generation} (by ${pending.by})`;
  throw new Failure(
    `${what} is not confirmed yet, and nothing else is changed before it is`,
    'keep it with: seawall confirm; go back with: seawall rollback',
    { exitCode: 3 },
  );
}

/**
 * Makes the pending change a lasting one; undefined where there is none. `writing`: how its config becomes the one that is
 * on disk. The caller holds the lock.
 */
export async function confirmPending(
  effects: Hands,
  paths: StatePaths,
  script: string,
  writing: (config: string) => Promise<Commit['config']>,
): Promise<Pending | undefined> {
  await settlePending(effects, paths);
  const pending = await readPending(effects, paths);
  if (pending === undefined) return undefined;
  if (pending === 'damaged')
    throw new Failure(`${paths.pending} is damaged, so it doesn’t say what to keep`, 'go back with: seawall rollback');
  if ((await readJournal(effects, paths)) !== undefined)
    throw new Failure(
      `generation ${pending.generation} was left before all of it was done, so it can’t be kept`,
      'go back with: seawall rollback; then apply it again',
    );
  const current = await currentGeneration(effects, paths);
  const follows = current === undefined || [current, current + 1].includes(pending.generation);
  // What is named as confirmed is what the next boot loads.
  if (!follows || !(await isIntact(effects, paths, pending.generation)))
    throw new Failure(
      `generation ${pending.generation} is damaged, so it can’t be kept`,
      'go back with: seawall rollback',
    );
  const { edits, generation } = pending;
  const config = edits ? await writing((await readGeneration(effects, paths, generation)).config) : undefined;
  await commitGeneration(effects, paths, generation, { script, config });
  await forgetPending(effects, paths);
  await pruneGenerations(effects, paths);
  return pending;
}

/** Nothing waits any more. */
export async function forgetPending(effects: Pick<Effects, 'files'>, paths: StatePaths): Promise<void> {
  await disarm(effects, paths);
  await effects.files.remove(paths.uncut);
}
