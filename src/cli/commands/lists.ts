import { addEntry, removeEntry, type ListName } from '../../config/edit.ts';
import type { Config, Source } from '../../config/model.ts';
import { Failure } from '../../effects/failure.ts';
import { formatPortRange } from '../../net/port.ts';
import { formatPrefix } from '../../net/prefix.ts';
import { toJson } from '../../report/json.ts';
import { columns } from '../../report/text.ts';
import { CHANGE_OPTIONS, changeOptions, changeTo } from '../change.ts';
import type { Call, Command, Context, ExitCode } from '../command.ts';
import { type Proposal, proposalOf } from '../proposal.ts';
import { tellResult } from '../result.ts';
import { parseConfig, readConfigText, survey, writeConfig } from '../survey.ts';

interface ListCommand {
  readonly name: string;
  readonly list: ListName;
  readonly entry: string;
  readonly summary: string;
  readonly details: string;
  readonly example: string;
}

export const trust = listCommand({
  name: 'trust',
  list: 'trusted',
  entry: 'ADDRESS',
  summary: 'let an address, prefix or name reach everything',
  details: 'An address that is removed loses its open connections; all others keep theirs.',
  example: '203.0.113.7',
});

export const block = listCommand({
  name: 'block',
  list: 'block',
  entry: 'ADDRESS',
  summary: 'shut an address or prefix out of everything, public ports too',
  details: 'Blocked beats trusted. An address that is added loses its open connections.',
  example: '203.0.113.99',
});

export const publicPorts = listCommand({
  name: 'public',
  list: 'public',
  entry: 'PORT/PROTOCOL',
  summary: 'open a port to everyone',
  details:
    'A port is named by the number that a client dials: 8080 of -p 8080:80, whoever serves it. A port that is removed loses its open connections, but for those of trusted addresses.',
  example: '443/tcp',
});

function listCommand({ name, list, entry, summary, details, example }: ListCommand): Command {
  return {
    name,
    summary,
    usage: [`${name} add ${entry}... [--yes]`, `${name} remove ${entry}... [--yes]`, `${name} list [--json]`],
    details: [
      `Edits the list \`${list}\` of the config in place (comments and order stay as they are) and applies it. If that fails, the config is as it was.`,
      details,
    ],
    options: CHANGE_OPTIONS,
    examples: [
      [`seawall ${name} add ${example}`, 'add it and apply'],
      [`seawall ${name} remove ${example}`, 'take it out and apply'],
      [`seawall ${name} list`, 'what the config says'],
    ],
    words: ['add', 'remove', 'list'],
    run: (context, call) => run(context, call, name, list, entry),
  };
}

async function run(context: Context, call: Call, name: string, list: ListName, entry: string): Promise<ExitCode> {
  const [verb, ...values] = call.words;
  if (verb === 'list' && values.length === 0) return show(context, list);
  if ((verb !== 'add' && verb !== 'remove') || values.length === 0) {
    throw new Failure(
      `seawall ${name} needs a verb and what it is about`,
      `seawall ${name} add ${entry}, seawall ${name} remove ${entry}, or seawall ${name} list`,
    );
  }
  const propose = (quietly: Context): Promise<Proposal> => proposeEdit(quietly, verb, list, values);
  return tellResult(context, await changeTo(context, propose, changeOptions(call)));
}

async function proposeEdit(
  context: Context,
  verb: 'add' | 'remove',
  list: ListName,
  values: readonly string[],
): Promise<Proposal> {
  const before = await readConfigText(context);
  parseConfig({ ...context, tell: () => undefined }, before);
  const text = values.reduce((edited, value) => editOne(context, edited, verb, list, value), before);
  // One entry more must not cost reading a list of a million.
  const proposal = proposalOf(await survey(context, text, 'by-name'), text);
  const message = `${list}: ${verb} ${values.join(' ')}`;
  if (text === before) return { ...proposal, message };
  return { ...proposal, message, commit: await writeConfig(context, text) };
}

function editOne(context: Context, text: string, verb: 'add' | 'remove', list: ListName, value: string): string {
  const edit = verb === 'add' ? addEntry(text, list, value) : removeEntry(text, list, value);
  if (edit.kind === 'refused') throw new Failure(edit.problem, edit.hint);
  const said = edit.kind === 'changed' ? edit.note : edit.reason;
  if (said !== undefined) context.tell(`${said}\n`);
  return edit.kind === 'changed' ? edit.text : text;
}

async function show(context: Context, list: ListName): Promise<ExitCode> {
  const config = parseConfig(context, await readConfigText(context));
  const rows = entries(config, list);
  if (context.json)
    context.print(
      toJson({ list, entries: rows.map(([text, line]) => ({ entry: text, line: Number(line.slice(5)) })) }),
    );
  else if (rows.length === 0) context.tell(`The list \`${list}\` of ${context.configPath} is empty.\n`);
  else context.print(`${columns(rows, '')}\n`);
  return 0;
}

function entries(config: Config, list: ListName): [string, string][] {
  if (list === 'public') return config.public.map(({ range, at }) => [formatPortRange(range), `line ${at.line}`]);
  return config[list].map((source) => [sourceText(source), `line ${source.at.line}`]);
}

function sourceText(source: Source): string {
  if (source.kind === 'prefix') return formatPrefix(source.prefix);
  return source.kind === 'name' ? source.name : `{file: ${source.path}}`;
}
