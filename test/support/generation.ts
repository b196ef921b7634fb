import { createHash } from 'node:crypto';
import type { NewGeneration } from '../../src/apply/generations.ts';
import type { StatePaths } from '../../src/apply/state.ts';
import { bootFiles } from '../../src/plan/boot-files.ts';
import type { Ruleset } from '../../src/ruleset/ruleset.ts';
import type { FakeFiles } from './fake-effects.ts';
import { joined } from './values.ts';

/** A generation as the first line of a history would tell it. */
export const generation = (ruleset: Ruleset, more: Partial<Omit<NewGeneration, 'ruleset'>> = {}): NewGeneration => ({
  ruleset,
  backend: 'iptables',
  config: 'version: 1\n',
  ...more,
  meta: {
    at: '2025-01-02T03:04:05.000Z',
    by: 'root',
    from: null,
    message: null,
    changes: [],
    zones: { internal: [], except: [], outer: ['eth0'], bridges: [] },
    ...more.meta,
  },
});

/** The number that a boot would load. */
export const named = (files: FakeFiles, paths: StatePaths): string | undefined =>
  files.contents.get(paths.current)?.toString().trim();

/** What a boot would load: the sets and rules of the generation that is named, if all its sums hold. */
export function loads(files: FakeFiles, paths: StatePaths): string | undefined {
  const folder = `${paths.generations}/${named(files, paths)}`;
  const sums = files.contents.get(`${folder}/SHA256SUMS`)?.toString().trim().split('\n') ?? [];
  const contents = sums.map((line) => {
    const [sum, name] = line.split('  ');
    const content = files.contents.get(`${folder}/${name}`);
    return content && createHash('sha256').update(content).digest('hex') === sum
      ? `${name}\n${content.toString('latin1')}`
      : undefined;
  });
  return contents.length > 0 && contents.every((each) => each !== undefined) ? contents.join('') : undefined;
}

/** The same of a ruleset that nobody has written yet. */
export const contentOf = (ruleset: Ruleset): string =>
  bootFiles(ruleset)
    .map(({ name, content }) => `${name}\n${joined(content())}`)
    .join('');
