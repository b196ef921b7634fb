import type { Command } from '../../src/cli/command.ts';
import { systemFailure } from '../../src/cli/errors.ts';
import { Failure } from '../../src/effects/failure.ts';
import { splitWords } from '../../src/iptables/tokens.ts';
import { ownsChain, ownsSet } from '../../src/ruleset/ownership.ts';
import { type Ended, FakeMachine } from './fake-machine.ts';

type Trial = Pick<Ended, 'out' | 'err'> & { readonly code: number; readonly failure?: Failure };

/** Runs a command as cli/main.ts does; what that would show as a bug of Seawall, it throws. */
export async function tryOn(
  machine: FakeMachine,
  command: Command,
  words: readonly string[] = [],
  options: Readonly<Record<string, string | true>> = {},
): Promise<Trial> {
  try {
    return await machine.run(command, words, options);
  } catch (error) {
    const failure = error instanceof Failure ? error : systemFailure(error);
    if (!failure) throw error;
    return { code: failure.exitCode, out: '', err: failure.message, failure };
  }
}

export const YES = { yes: true } as const;

/** Rules and a set of others, which stand in the way of whatever goes astray. */
export function settleOthers({ kernel }: FakeMachine): void {
  kernel.sets.run('create admins hash:ip family inet');
  kernel.sets.run('add admins 192.0.2.7');
  const text = `*mangle
:OTHERS - [0:0]
-A PREROUTING -i eth9 -j MARK --set-xmark 0x1/0xffffffff
-A PREROUTING -j OTHERS
-A FORWARD -m comment --comment "not -j SEAWALL-PRE" -j RETURN
-A OTHERS -j RETURN
COMMIT
*filter
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
COMMIT
`;
  for (const family of [4, 6] as const)
    kernel.tables[family].restore(text, { noflush: true, committed: () => undefined });
}

/** The same machine once more: what is done to it leaves the first one as it was. */
export function copyOf(machine: FakeMachine): FakeMachine {
  const copy = new FakeMachine();
  copy.kernel.sets.copyFrom(machine.kernel.sets);
  for (const family of [4, 6] as const) copy.kernel.tables[family].copyFrom(machine.kernel.tables[family]);
  for (const [path, content] of machine.files.contents) copy.files.put(path, content);
  copy.docker = machine.docker;
  copy.flows = machine.flows;
  // As long after it that files are taken for settled.
  copy.clock.time = machine.clock.time + 60_000;
  return copy;
}

/** Lines that were fed to the tools which change something. */
export function watchLines(machine: FakeMachine): string[] {
  const lines: string[] = [];
  const { exec } = machine.kernel;
  const watched: typeof exec = (command) => {
    const { file, args } = command;
    const changes = file.endsWith('-restore') || (file === 'ipset' && args.includes('restore'));
    if (!changes || command.input === undefined) return exec(command);
    const input = [...command.input];
    const text = Buffer.concat(input.map((chunk) => Buffer.from(chunk))).toString();
    lines.push(...text.split('\n').filter(Boolean));
    return exec({ ...command, input });
  };
  Object.assign(machine.kernel, { exec: watched });
  return lines;
}

/** How lines that aren't rules of an own chain begin. */
const OWN_LINES: readonly RegExp[] = [
  /^(\*mangle|COMMIT)$/,
  /^:SEAWALL-\S+ - \[0:0\]$/,
  /^-X SEAWALL-\S+$/,
  /^(create|add|del|destroy) seawall-\S+( |$)/,
  /^(rename|swap) seawall-\S+ seawall-\S+$/,
];

const TARGETS = ['RETURN', 'DROP', 'LOG', 'SET'];
const POINTS = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT'];

/** Those of the lines that speak of anything but Seawall's own, or that a tool would not take for one line. */
export const strayLines = (lines: readonly string[]): string[] =>
  lines.filter((line) => /[\x00-\x1f\x7f]/.test(line) || !(OWN_LINES.some((own) => own.test(line)) || isOwnRule(line)));

function isOwnRule(line: string): boolean {
  const [verb = '', chain = '', ...words] = splitWords(line);
  const behind = (...options: string[]): string[] => words.filter((_, at) => options.includes(words[at - 1] ?? ''));
  const targets = behind('-j', '-g').filter((_, at) => at === 0);
  const hook = (verb === '-I' || verb === '-D') && POINTS.includes(chain) && targets.every(ownsChain);
  const own = verb === '-A' && ownsChain(chain);
  const known = targets.every((target) => TARGETS.includes(target) || ownsChain(target));
  return (own || hook) && targets.length === 1 && known && behind('--match-set', '--add-set').every(ownsSet);
}
