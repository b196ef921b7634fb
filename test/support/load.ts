import type { Exec } from '../../src/effects/types.ts';
import type { PlainFile } from '../../src/plan/boot-files.ts';
import { joined } from './values.ts';

/** Loads the plain files as the boot script does: sets, chains, hooks. Throws what a tool says. */
export async function load(exec: Exec, files: readonly PlainFile[]): Promise<void> {
  const run = async (file: string, args: readonly string[], input?: string): Promise<void> => {
    const output = await exec({ file, args, ...(input === undefined ? {} : { input: [input] }) });
    if (output.outcome !== 'exited' || output.code !== 0)
      throw new Error(`${file} ${args.join(' ')}: ${output.stderr}`);
  };
  const text = (name: string): string => joined(files.find((file) => file.name === name)?.content() ?? []);
  await run('ipset', ['restore'], text('sets.ipset'));
  await run('iptables-restore', ['--noflush'], text('rules.iptables'));
  await run('ip6tables-restore', ['--noflush'], text('rules.ip6tables'));
  for (const line of text('hooks').split('\n').filter(Boolean)) {
    const [tool = '', point = '', ...rule] = line.split(' ');
    await run(tool, ['-w', '10', '-t', 'mangle', '-I', point, '1', ...rule]);
  }
}
