import { readGeneration, readyAtBoot } from '../../apply/generation-record.ts';
import { readUnfinished, type Unfinished } from '../../apply/standing.ts';
import { checkTracking } from '../../live/checkup.ts';
import { statePaths } from '../../apply/state.ts';
import { unlessFailure } from '../../effects/failure.ts';
import { FAMILIES } from '../../net/family.ts';
import { isFirst, policyChanges } from '../../plan/changes.ts';
import { tablesOf } from '../../plan/live-state.ts';
import { stepJson, toJson } from '../../report/json.ts';
import { notesReport } from '../../report/notes.ts';
import { type StatusFacts, statusReport } from '../../report/status.ts';
import type { Command, Context } from '../command.ts';
import { findDifference } from '../difference.ts';
import { readConfigText, survey, type Survey } from '../survey.ts';

export const status: Command = {
  name: 'status',
  summary: 'whether what stands in the kernel is what the config says',
  usage: ['status [--json]'],
  details: [
    'Reads the live kernel, every rule and every entry of every set, and compares it with the config. Says exactly what differs, thing by thing, whether somebody changed it in the kernel or the config was edited and not applied, and what would heal it.',
    'Exit code 0: all is as it should be. 2: something differs, no firewall stands, what the next boot would load is damaged, or an undo has failed, or the table of tracked connections is nearly full.',
  ],
  options: [],
  examples: [
    ['seawall status', 'for a person'],
    ['seawall status --json', 'for monitoring'],
  ],
  async run(context) {
    const unfinished = await readUnfinished(context.effects, statePaths(context.stateDir));
    const text = await wantedConfig(context, unfinished);
    const found = await survey(context, text);
    const [facts, tracking] = await Promise.all([
      statusFacts(context, found, text, unfinished),
      checkTracking(context.effects),
    ]);
    const notes = tracking.level === 'ok' ? found.notes : [...found.notes, tracking.text];
    if (context.json) {
      const { steps } = found.plan;
      context.print(
        toJson({
          ...facts,
          backend: facts.backend.backend,
          backendWhy: facts.backend.why,
          difference: facts.difference ?? null,
          docker: { seen: facts.docker.seen, version: facts.docker.version ?? null },
          steps: steps.map(stepJson),
          notes,
        }),
      );
    } else {
      context.print(`${statusReport(facts, context.colours)}\n`);
      for (const line of notesReport(notes, context.colours)) context.print(`${line}\n`);
    }
    return isSound(facts) && tracking.level === 'ok' ? 0 : 2;
  },
};

/** A change that waits for its confirmation brings its config along only then. */
async function wantedConfig(context: Context, { pending }: Unfinished): Promise<string> {
  const { effects, stateDir } = context;
  if (pending === undefined || pending === 'damaged' || !pending.edits) return readConfigText(context);
  const waiting = await unlessFailure(readGeneration(effects, statePaths(stateDir), pending.generation));
  return waiting?.config ?? readConfigText(context);
}

/** What runs is what should run, and would after a restart; and no undo is owed. */
const isSound = ({ state, boot, unfinished }: StatusFacts): boolean =>
  state === 'as-configured' && boot !== 'damaged' && unfinished.undone?.result !== 'failed';

async function statusFacts(
  context: Context,
  found: Survey,
  text: string,
  unfinished: Unfinished,
): Promise<StatusFacts> {
  const { effects, stateDir } = context;
  const { observation, plan, policy } = found;
  const { live, facts } = observation;
  const [boot, difference] = await Promise.all([
    readyAtBoot(effects, statePaths(stateDir), plan.target, plan.backend),
    findDifference(context, found, text, unfinished),
  ]);
  const missing = FAMILIES.some((family) => {
    const points = tablesOf(live, family).flatMap(({ hooks }) => hooks.map(({ point }) => point));
    return plan.target[family].hooks.some(({ point }) => !points.includes(point));
  });
  const off = isFirst(live);
  return {
    state: off ? 'off' : plan.steps.length > 0 ? 'differs' : 'as-configured',
    halfHooked: missing && !off,
    changes: policyChanges(plan, live),
    repairs: plan.steps.length,
    difference,
    backend: observation.choice,
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
