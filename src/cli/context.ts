import { resolve } from 'node:path';
import { clock } from '../effects/clock.ts';
import { makeDocker } from '../effects/docker.ts';
import { makeExec } from '../effects/exec.ts';
import { files } from '../effects/files.ts';
import { lock } from '../effects/lock.ts';
import { makeNames } from '../effects/names.ts';
import { parseConnection } from '../live/sessions.ts';
import { oneLine } from '../net/one-line.ts';
import type { Call, Context } from './command.ts';
import { DEFAULT_CONFIG, DEFAULT_STATE } from './globals.ts';
import { ask, isInteractive, makeColours, print, tell } from './terminal.ts';

/** The real world for a command: the one place where its parts are put together. */
export function makeContext(call: Call, commands: Context['commands']): Context {
  const { env } = process;
  const exec = makeExec(env);
  const json = call.flag('json');
  return {
    commands,
    effects: { exec, files, clock, docker: makeDocker(env), names: makeNames(exec), lock },
    configPath: resolve(call.value('config') ?? DEFAULT_CONFIG),
    stateDir: resolve(call.value('state-dir') ?? DEFAULT_STATE),
    json,
    colours: makeColours(),
    print,
    tell: json || call.flag('quiet') ? () => undefined : tell,
    ask: isInteractive() ? ask : undefined,
    who: oneLine(env['SUDO_USER'] ?? env['USER'] ?? env['LOGNAME'] ?? `uid ${process.getuid?.() ?? 0}`),
    ssh: parseConnection(env['SSH_CONNECTION'] ?? env['SSH_CLIENT']),
  };
}
