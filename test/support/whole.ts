import { plainFiles } from '../../src/plan/boot-files.ts';
import type { Ruleset } from '../../src/ruleset/ruleset.ts';
import type { FakeKernel } from './fake-kernel.ts';
import { joined } from './values.ts';

/** All that a ruleset says, as text. */
export const whole = (ruleset: Ruleset): string =>
  plainFiles(ruleset)
    .map(({ name, content }) => `${name}\n${joined(content())}`)
    .join('');

/** What stands in a kernel; in which order sets and chains came to be is nobody's business, that of rules is. */
export function standingText({ tables, sets }: FakeKernel): string {
  const lines = [4, 6].flatMap((family) => {
    const table = tables[family === 4 ? 4 : 6];
    const chains = table.chains('mangle').toSorted();
    return chains.map((chain) => [family, chain, ...table.rules('mangle', chain)].join('\n'));
  });
  const contents = sets.names().toSorted();
  return [...lines, ...contents.map((name) => sets.save([name]).split('\n').toSorted().join('\n'))].join('\n\n');
}
