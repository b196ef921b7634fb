import { join } from 'node:path';

/** Where things are in the state directory. */
export const statePaths = (dir: string) => ({
  dir,
  lock: join(dir, 'lock'),
  /** Exists after `seawall down`, so that the next boot leaves the machine open as asked. */
  down: join(dir, 'down'),
  /** What names and Docker last said, for when they don't answer. */
  remembered: join(dir, 'remembered.json'),
  /** Which mangle tables were there before the first apply. */
  before: join(dir, 'before.json'),
  lists: join(dir, 'lists'),
  boot: join(dir, 'boot'),
  bootCurrent: join(dir, 'boot', 'current'),
  bootScript: join(dir, 'boot', 'load.sh'),
});

export type StatePaths = ReturnType<typeof statePaths>;

/** State says who is trusted and decides what loads at boot: for root alone. */
export const FOLDER_MODE = 0o700;
export const FILE_MODE = 0o600;
