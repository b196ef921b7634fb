import { parseArgs, type ParseArgsConfig } from 'node:util';
import { Failure } from '../effects/failure.ts';
import { VERSION } from '../version.ts';
import type { Call, Command } from './command.ts';
import { makeContext } from './context.ts';
import { GLOBAL_OPTIONS } from './globals.ts';
import { commandHelp, generalHelp } from './help.ts';
import { COMMANDS } from './registry.ts';
import { nearest } from '../config/suggest.ts';
import { showBug, showFailure, systemFailure } from './errors.ts';
import { makeColours, print } from './terminal.ts';

/** Runs one command line; the result is the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await dispatch(args);
  } catch (error) {
    const failure = error instanceof Failure ? error : systemFailure(error);
    return failure ? showFailure(failure, args.includes('--json')) : showBug(error);
  }
}

async function dispatch(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') return help(rest);
  if (name === '--version' || name === '-V') {
    print(`seawall ${VERSION}\n`);
    return 0;
  }
  const command = await find(name);
  const call = readCall(command, rest);
  if (call.flag('help')) return help([name]);
  return command.run(makeContext(call, loadAll), call);
}

const loadAll = (): Promise<Command[]> => Promise.all(COMMANDS.map(({ load }) => load()));

async function help([name]: readonly string[]): Promise<number> {
  const colours = makeColours();
  const shown = name === undefined || name.startsWith('-') ? undefined : await find(name);
  if (shown) print(commandHelp(shown, colours));
  else print(generalHelp(await loadAll(), colours));
  return 0;
}

async function find(name: string): Promise<Command> {
  const entry = COMMANDS.find((command) => command.name === name);
  if (entry) return entry.load();
  if (name.startsWith('-'))
    throw new Failure(`the command comes first: seawall COMMAND ${name} …`, 'seawall --help lists the commands');
  const close = nearest(
    name,
    COMMANDS.map((command) => command.name),
  );
  throw new Failure(
    `there is no command ${JSON.stringify(name)}`,
    close ? `did you mean: seawall ${close}` : 'seawall --help lists them',
  );
}

/** Reads options and words; an option that the command doesn't know is an error, never ignored. */
function readCall(command: Command, args: readonly string[]): Call {
  const known = [...GLOBAL_OPTIONS, ...command.options];
  const options: ParseArgsConfig['options'] = Object.fromEntries(
    known.map(({ name, value, short }) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), ...(short ? { short } : {}) },
    ]),
  );
  const words = args.map((arg) => (arg === '-h' ? '--help' : arg));
  try {
    const { values, positionals } = parseArgs({ args: words, options, allowPositionals: true, strict: true });
    const read = (name: string): string | undefined => {
      const found = values[name];
      return typeof found === 'string' ? found : undefined;
    };
    return { words: positionals, flag: (name) => values[name] === true, value: read };
  } catch (error) {
    throw optionFailure(
      error,
      command,
      known.map(({ name }) => `--${name}`),
    );
  }
}

function optionFailure(error: unknown, command: Command, known: readonly string[]): Failure {
  const message = error instanceof Error ? error.message : String(error);
  const [, unknown] = /Unknown option '(-[^'= ]*)/.exec(message) ?? [];
  const close = unknown === undefined ? undefined : nearest(unknown, known);
  const what =
    unknown === undefined ? (message.split('. ')[0] ?? message) : `seawall ${command.name} has no option ${unknown}`;
  return new Failure(what, close ? `did you mean ${close}?` : `see: seawall ${command.name} --help`, { cause: error });
}
