import { settlePending } from '../../apply/confirm.ts';
import { currentGeneration, generationNumbers } from '../../apply/generation-numbers.ts';
import { readGeneration, readRuleset } from '../../apply/generation-record.ts';
import { readPending, undoNow } from '../../apply/pending.ts';
import { FOLDER_MODE, statePaths } from '../../apply/state.ts';
import { Failure } from '../../effects/failure.ts';
import { readKernel } from '../../live/kernel.ts';
import { readLinks } from '../../live/links.ts';
import { policyChanges } from '../../plan/changes.ts';
import { planRuleset } from '../../plan/plan.ts';
import { toJson } from '../../report/json.ts';
import { undoneResult } from '../../report/undone.ts';
import { CHANGE_OPTIONS, changeOptions, changeTo } from '../change.ts';
import type { Command, Context, ExitCode } from '../command.ts';
import type { Proposal } from '../proposal.ts';
import { tellResult } from '../result.ts';
import { replaceConfig } from '../replace-config.ts';

export const rollback: Command = {
  name: 'rollback',
  summary: 'go back to an earlier generation: its rules, its sets, its config',
  usage: ['rollback [N] [--yes] [--confirm SECONDS]'],
  details: [
    'Without a number: to the generation before the current one; or, while a change waits for its confirmation, to what was confirmed before it, at once.',
    'Rules and sets come back exactly as they were then, with the addresses that names had, and the config file with them. A config that was edited since and never applied is kept beside it. What you go back to is recorded as a new generation, so a rollback can itself be rolled back.',
  ],
  options: CHANGE_OPTIONS,
  examples: [
    ['seawall history', 'which generations there are'],
    ['seawall rollback', 'to the one before'],
    ['seawall rollback 12 --confirm 60', 'to the 12th; undone unless it is confirmed'],
  ],
  async run(context, call) {
    const [word, ...rest] = call.words;
    if (rest.length > 0 || (word !== undefined && !/^[1-9]\d{0,8}$/.test(word)))
      throw new Failure('seawall rollback takes the number of one generation', 'seawall history lists them');
    const options = changeOptions(call);
    const early = word === undefined ? await undoPending(context, options.yes) : undefined;
    if (early !== undefined) return early;
    const number = word === undefined ? undefined : Number(word);
    return tellResult(context, await changeTo(context, (quietly) => propose(quietly, number), options));
  },
};

/** Where a change waits for its confirmation, going back means to undo it. */
async function undoPending(context: Context, yes: boolean): Promise<ExitCode | undefined> {
  const { effects, stateDir } = context;
  const paths = statePaths(stateDir);
  await effects.files.folder(paths.dir, FOLDER_MODE);
  if (!(await readPending(effects, paths))) return undefined;
  if (!yes) {
    if (!context.ask || context.json)
      throw new Failure('there is no terminal to ask at', 'add --yes to say that it is meant');
    if (!(await context.ask('Undo the change that is not confirmed yet?'))) return 1;
  }
  return effects.lock.hold(paths.lock, async () => {
    await settlePending(effects, paths);
    if (!(await readPending(effects, paths))) return undefined;
    const undone = await undoNow(effects, paths);
    if (context.json) context.print(toJson({ undone }));
    else context.tell(`Undone: ${undoneResult(undone)}.\n`);
    return 0;
  });
}

async function propose(context: Context, asked: number | undefined): Promise<Proposal> {
  const { effects, stateDir } = context;
  const paths = statePaths(stateDir);
  const number = asked ?? (await previous(context));
  const [{ meta, config }, ruleset, live, links] = await Promise.all([
    readGeneration(effects, paths, number),
    readRuleset(effects, paths, number),
    readKernel(effects, 'whole'),
    readLinks(effects),
  ]);
  const plan = planRuleset(ruleset, live);
  return {
    plan,
    live,
    sides: { links, zones: meta.zones },
    changes: policyChanges(plan, live),
    sources: [],
    notes: [],
    keep: [],
    config,
    message: `rollback to ${number}`,
    commit: await replaceConfig(context, config),
  };
}

async function previous({ effects, stateDir }: Context): Promise<number> {
  const paths = statePaths(stateDir);
  const current = await currentGeneration(effects, paths);
  const numbers = await generationNumbers(effects, paths);
  const before = numbers.findLast((number) => current !== undefined && number < current);
  if (before === undefined)
    throw new Failure('there is no generation before the current one', 'seawall history lists those that there are');
  return before;
}
