import type { Colours } from '../report/colours.ts';
import { columns, wrap } from '../report/text.ts';
import type { CommandInfo, Option } from './command.ts';
import { ENVIRONMENT, EXIT_CODES, GLOBAL_OPTIONS } from './globals.ts';

const optionText = ({ name, value, short }: Option): string =>
  `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
const optionRows = (options: readonly Option[]): [string, string][] =>
  options.map((option) => [optionText(option), option.summary]);

/** What `seawall --help` prints. */
export function generalHelp(commands: readonly CommandInfo[], { bold }: Colours): string {
  return [
    wrap(
      'Seawall closes a machine that runs Docker: trusted addresses reach everything, everyone else only public ports.',
    ),
    '',
    `${bold('Usage')}  seawall COMMAND [OPTIONS]      seawall COMMAND --help`,
    '',
    bold('Commands'),
    columns(commands.map(({ name, summary }) => [name, summary])),
    '',
    bold('Options of every command'),
    columns(optionRows(GLOBAL_OPTIONS)),
    '',
    bold('A first time'),
    columns([
      ['seawall init', 'write a first config; read it, put your own addresses in'],
      ['seawall plan', 'see what it would do'],
      ['seawall apply', 'do it'],
    ]),
    '',
    bold('Environment'),
    columns(ENVIRONMENT),
    '',
    bold('Exit codes'),
    columns(EXIT_CODES.map(([code, meaning]) => [String(code), meaning])),
    '',
  ].join('\n');
}

/** What `seawall COMMAND --help` prints. */
export function commandHelp(command: CommandInfo, { bold }: Colours): string {
  const own = command.options.length === 0 ? [] : [bold('Options'), columns(optionRows(command.options)), ''];
  return [
    `${bold(`seawall ${command.name}`)}: ${command.summary}`,
    '',
    ...command.usage.map((words, index) => `${index === 0 ? bold('Usage') : '     '}  seawall ${words}`),
    '',
    ...command.details.flatMap((paragraph) => [wrap(paragraph), '']),
    ...own,
    bold('Examples'),
    columns(command.examples),
    '',
    bold('Options of every command'),
    columns(optionRows(GLOBAL_OPTIONS)),
    '',
  ].join('\n');
}
