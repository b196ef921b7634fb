import { join } from 'node:path';

/** Where things are in the state directory. */
export const statePaths = (dir: string) => ({
  dir,
  lock: join(dir, 'lock'),
  /** Exists after `seawall down`, so that the next boot leaves the machine open as asked. */
  down: join(dir, 'down'),
  /** Exists while the kernel is being changed: one that is found later tells of a run that was killed. */
  journal: join(dir, 'journal'),
  /** A change that is undone unless it is confirmed in time. */
  pending: join(dir, 'pending'),
  /** Lines for `ipset restore` by which the undo takes back that connections were cut. */
  uncut: join(dir, 'uncut'),
  /** How the last change that nobody confirmed was undone. */
  undone: join(dir, 'undone'),
  /** What names and Docker last said, for when they don't answer. */
  remembered: join(dir, 'remembered.json'),
  /** Which mangle tables were there before the first apply. */
  before: join(dir, 'before.json'),
  lists: join(dir, 'lists'),
  boot: join(dir, 'boot'),
  generations: join(dir, 'generations'),
  generation: (number: number) => join(dir, 'generations', `${number}`),
  /** The number of the generation that was confirmed last: what a boot loads. */
  current: join(dir, 'boot', 'current'),
  script: join(dir, 'boot', 'load.sh'),
});

export type StatePaths = ReturnType<typeof statePaths>;

/** State says who is trusted and decides what loads at boot: for root alone. */
export const FOLDER_MODE = 0o700;
export const FILE_MODE = 0o600;
export const SCRIPT_MODE = 0o700;
