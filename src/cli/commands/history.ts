import { currentGeneration, generationNumbers } from '../../apply/generation-numbers.ts';
import { type Generation, readGeneration, readRuleset } from '../../apply/generation-record.ts';
import { readUnfinished } from '../../apply/standing.ts';
import { statePaths } from '../../apply/state.ts';
import { Failure, unlessFailure } from '../../effects/failure.ts';
import { rulesetChanges } from '../../plan/changes.ts';
import { policyLines } from '../../report/change.ts';
import { historyReport } from '../../report/history.ts';
import { toJson } from '../../report/json.ts';
import type { Call, Command, Context, ExitCode } from '../command.ts';

export const history: Command = {
  name: 'history',
  summary: 'what was applied when, by whom and why',
  usage: ['history [--json]', 'history --diff A B [--json]'],
  details: [
    'Each change that was applied, and confirmed if it was to be, is a numbered generation: config, rules and sets as they stood. The last 20 are kept; seawall rollback N goes back to one.',
    'With --diff: what was trusted, blocked and public in generation A and is not in B, and the other way round.',
  ],
  options: [{ name: 'diff', summary: 'what changed between two generations' }],
  examples: [
    ['seawall history', 'all that are kept, the newest first'],
    ['seawall history --diff 11 12', 'what the 12th changed'],
  ],
  run: (context, call) => (call.flag('diff') ? difference(context, call) : list(context)),
};

async function list(context: Context): Promise<ExitCode> {
  const { effects, stateDir } = context;
  const paths = statePaths(stateDir);
  const current = await currentGeneration(effects, paths);
  const numbers = (await generationNumbers(effects, paths)).filter((number) => number <= (current ?? 0));
  const all = await Promise.all(numbers.toReversed().map((number) => readOrDamaged(context, number)));
  const { pending } = await readUnfinished(effects, paths);
  if (context.json) {
    const generations = all.map(({ number, meta }) => ({ number, current: number === current, ...meta }));
    const waiting = pending === undefined || pending === 'damaged' ? null : pending.generation;
    context.print(toJson({ generations, unconfirmed: waiting }));
  } else if (all.length === 0) context.tell('Nothing was applied yet.\n');
  else context.print(`${historyReport(all, current, context.colours)}\n`);
  return 0;
}

type Listed = Pick<Generation, 'number'> & { readonly meta: Generation['meta'] | undefined };

/** A damaged one is told as such, and hides no other. */
async function readOrDamaged({ effects, stateDir }: Context, number: number): Promise<Listed> {
  return (await unlessFailure(readGeneration(effects, statePaths(stateDir), number))) ?? { number, meta: undefined };
}

async function difference(context: Context, { words }: Call): Promise<ExitCode> {
  const { effects, stateDir } = context;
  if (words.length !== 2 || !words.every((word) => /^[1-9]\d{0,8}$/.test(word)))
    throw new Failure('--diff takes the numbers of two generations', 'such as: seawall history --diff 11 12');
  const paths = statePaths(stateDir);
  const [a = 0, b = 0] = words.map(Number);
  const changes = rulesetChanges(await readRuleset(effects, paths, a), await readRuleset(effects, paths, b));
  if (context.json) context.print(toJson({ from: a, to: b, changes }));
  else if (changes.length === 0) context.tell(`Generations ${a} and ${b} mean the same.\n`);
  else context.print(`${changes.flatMap((change) => policyLines(change, context.colours)).join('\n')}\n`);
  return 0;
}
