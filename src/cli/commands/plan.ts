import { findCuts } from '../../apply/apply.ts';
import { isFirst, policyChanges } from '../../plan/changes.ts';
import { changeReport } from '../../report/change.ts';
import { flowJson, stepJson, toJson } from '../../report/json.ts';
import { notesReport } from '../../report/notes.ts';
import type { Command } from '../command.ts';
import { readConfigText, survey } from '../survey.ts';

export const plan: Command = {
  name: 'plan',
  summary: 'what apply would change, and which connections it would cut; changes nothing',
  usage: ['plan [--rules] [--json]'],
  details: [
    'Compares what the config says with what stands in the kernel, and tells the difference in words of the config: who is trusted, which ports are public, which interfaces are internal.',
    'Exit code 2 says that something would change, 0 that nothing would.',
  ],
  options: [{ name: 'rules', summary: 'show the rules that would be loaded, too' }],
  examples: [
    ['seawall plan', 'what would change'],
    ['seawall plan --rules', 'with the text for iptables-restore'],
    ['seawall plan --json', 'for a program'],
  ],
  async run(context, call) {
    const found = await survey(context, await readConfigText(context));
    const { live } = found.observation;
    const cut = (await findCuts(context.effects, found))?.flows;
    const changes = policyChanges(found.plan, live);
    const { steps } = found.plan;
    if (context.json) {
      context.print(
        toJson({
          changes,
          first: isFirst(live),
          steps: steps.map(stepJson),
          cuts: cut?.map(flowJson) ?? null,
          notes: found.notes,
        }),
      );
    } else {
      for (const line of notesReport(found.notes, context.colours)) context.tell(`${line}\n`);
      context.print(
        `${changeReport({ changes, first: isFirst(live), steps, cut, rules: call.flag('rules') }, context.colours)}\n`,
      );
    }
    return steps.length === 0 ? 0 : 2;
  },
};
