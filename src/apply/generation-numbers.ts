import type { Effects } from '../effects/types.ts';
import type { StatePaths } from './state.ts';

type WithFiles = Pick<Effects, 'files'>;

const NUMBER = /^[1-9]\d{0,8}$/;

/** The number of the generation that was confirmed last; undefined where there is none. */
export async function currentGeneration({ files }: WithFiles, paths: StatePaths): Promise<number | undefined> {
  const text = (await files.read(paths.current))?.toString().trim() ?? '';
  return NUMBER.test(text) ? Number(text) : undefined;
}

/** All numbers there are, the oldest first. */
export async function generationNumbers({ files }: WithFiles, paths: StatePaths): Promise<number[]> {
  const names = await files.list(paths.generations);
  return names
    .filter((name) => NUMBER.test(name))
    .map(Number)
    .toSorted((a, b) => a - b);
}
