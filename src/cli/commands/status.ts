import { readyAtBoot } from '../../apply/generations.ts';
import { readUnfinished } from '../../apply/standing.ts';
import { statePaths } from '../../apply/state.ts';
import { FAMILIES } from '../../net/family.ts';
import { isFirst, policyChanges } from '../../plan/changes.ts';
import { stepJson, toJson } from '../../report/json.ts';
import { notesReport } from '../../report/notes.ts';
import { type StatusFacts, statusReport } from '../../report/status.ts';
import type { Command, Context } from '../command.ts';
import { readConfigText, survey, type Survey } from '../survey.ts';

export const status: Command = {
  name: 'status',
  summary: 'whether what stands in the kernel is what the config says',
  usage: ['status [--json]'],
  details: [
    'Reads the live kernel, every rule and every entry of every set, and compares it with the config. Says what differs and what would heal it.',
    'Exit code 0: all is as it should be. 2: something differs, no firewall stands, what the next boot would load is damaged, or an undo has failed.',
  ],
  options: [],
  examples: [
    ['seawall status', 'for a person'],
    ['seawall status --json', 'for monitoring'],
  ],
  async run(context) {
    const found = await survey(context, await readConfigText(context));
    const facts = await statusFacts(context, found);
    if (context.json) {
      const { steps } = found.plan;
      context.print(
        toJson({
          ...facts,
          docker: { seen: facts.docker.seen, version: facts.docker.version ?? null },
          steps: steps.map(stepJson),
          notes: found.notes,
        }),
      );
    } else {
      context.print(`${statusReport(facts, context.colours)}\n`);
      for (const line of notesReport(found.notes, context.colours)) context.print(`${line}\n`);
    }
    return isSound(facts) ? 0 : 2;
  },
};

/** What runs is what should run, and would after a restart; and no undo is owed. */
const isSound = ({ state, boot, unfinished }: StatusFacts): boolean =>
  state === 'as-configured' && boot !== 'damaged' && unfinished.undone?.result !== 'failed';

async function statusFacts(
  { effects, stateDir }: Context,
  { observation, plan, policy }: Survey,
): Promise<StatusFacts> {
  const { live, facts } = observation;
  const paths = statePaths(stateDir);
  const [boot, unfinished] = await Promise.all([
    readyAtBoot(effects, paths, plan.target),
    readUnfinished(effects, paths),
  ]);
  const missing = FAMILIES.some((family) => {
    const points = live.tables[family].hooks.map(({ point }) => point);
    return plan.target[family].hooks.some(({ point }) => !points.includes(point));
  });
  const off = isFirst(live);
  return {
    state: off ? 'off' : plan.steps.length > 0 ? 'differs' : 'as-configured',
    halfHooked: missing && !off,
    changes: policyChanges(plan, live),
    repairs: plan.steps.length,
    boot,
    unfinished,
    families: FAMILIES.map((family) => ({
      family,
      trusted: policy.trusted[family].size + policy.trustedLists[family].size,
      blocked: policy.block[family].size + policy.blockLists[family].size,
      rules: [...live.tables[family].chains.values()].reduce((sum, rules) => sum + rules.length, 0),
      dropped: live.tables[family].dropped,
    })),
    docker: facts.docker,
    internal: policy.zones.internal,
    outer: policy.zones.outer,
  };
}
