import type { Effects } from '../effects/types.ts';
import { plainFiles } from '../plan/boot-files.ts';
import { PrefixSet } from '../net/prefix-set.ts';
import { exportScript } from '../plan/export-script.ts';
import type { Backend } from '../ruleset/backend.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';

/**
 * Loads the rules, with empty sets, into a network namespace that exists for this alone: whether kernel and tools can
 * carry them is known before anything of the machine is touched. Undefined: they can; else what was said.
 */
export async function rehearse(
  { exec }: Pick<Effects, 'exec'>,
  ruleset: Ruleset,
  backend: Backend,
): Promise<string | undefined> {
  const output = await exec({
    file: 'unshare',
    args: ['--net', 'sh', '-s'],
    input: exportScript(plainFiles(emptied(ruleset), backend), backend),
  });
  if (output.outcome === 'missing' || (output.outcome === 'exited' && output.code === 0)) return undefined;
  return output.stderr.trim() || `exit code ${output.code}`;
}

const emptied = (ruleset: Ruleset): Ruleset => ({ 4: emptiedFamily(ruleset[4]), 6: emptiedFamily(ruleset[6]) });

const emptiedFamily = (rules: Ruleset[4]): Ruleset[4] => ({
  ...rules,
  sets: rules.sets.map((set) => (set.kind === 'net' ? { ...set, members: PrefixSet.empty(set.family) } : set)),
});
