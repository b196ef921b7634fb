import { join } from 'node:path';
import { repositoryRoot } from '../lab/repository.ts';
import type { World } from '../lab/world.ts';
import { cleanEnvironment } from './environment.ts';
import { timed, type Timed } from './timed.ts';

/** The program as it is shipped. */
export const seawallProgram = (): string => join(repositoryRoot(), 'dist/seawall.mjs');

/** Runs a command on a world's host to its end. @throws Error if it ends with another code than those of `codes` */
export function onHost(world: World, argv: readonly string[], codes: readonly number[] = [0], input = ''): Timed {
  return timed([...world.enter('host'), ...argv], { ...cleanEnvironment(), NO_COLOR: '1' }, codes, input);
}

/** Runs Seawall on a world's host to its end. @throws Error if it ends with another code than those of `codes` */
export const seawall = (world: World, words: readonly string[], codes: readonly number[] = [0]): Timed =>
  onHost(world, world.seawallArgv(words), codes);
