import type { Command } from '../../src/cli/command.ts';
import { systemFailure } from '../../src/cli/errors.ts';
import { Failure } from '../../src/effects/failure.ts';
import type { Ended, FakeMachine } from './fake-machine.ts';

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
