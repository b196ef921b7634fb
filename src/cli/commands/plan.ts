import { FILE_MODE } from '../../apply/state.ts';
import { isFirst, policyChanges } from '../../plan/changes.ts';
import { planData } from '../../plan/plan-file.ts';
import { changeReport } from '../../report/change.ts';
import { flowJson, toJson } from '../../report/json.ts';
import { meaningJson } from '../../report/meaning.ts';
import { notesReport } from '../../report/notes.ts';
import type { Command } from '../command.ts';
import { namedCuts } from '../cuts.ts';
import { packetChanges } from '../packet-changes.ts';
import { proposalOf } from '../proposal.ts';
import { readConfigText, survey } from '../survey.ts';

export const plan: Command = {
  name: 'plan',
  summary: 'what apply would change, and which connections it would cut; changes nothing',
  usage: ['plan [--rules] [--out FILE] [--json]'],
  details: [
    'Compares what the config says with what stands in the kernel, and tells the difference in words of the config: who is trusted, which ports are public, which interfaces are internal.',
    'Then which packets from outside newly pass and which no longer do, each with one as a witness: what the rules mean, whatever their text.',
    'Connections that apply would cut are named with the program or the container that serves them, and your own SSH session is marked.',
    'A plan that is kept holds the rules, the sets, and how to undo it, as text for the kernel’s own tools. It is good for the state that it was made from: apply refuses it if anything has changed since.',
    'Exit code 2 says that something would change, 0 that nothing would.',
  ],
  options: [
    { name: 'rules', summary: 'show the rules that would be loaded, too' },
    { name: 'out', value: 'FILE', summary: 'keep the plan, for seawall apply --plan FILE' },
  ],
  examples: [
    ['seawall plan', 'what would change'],
    ['seawall plan --rules', 'with the text that the kernel’s own tools will be fed'],
    ['seawall plan --json', 'for a program'],
    ['seawall plan --out plan.json', 'to be looked at by somebody else, and applied later as it is'],
  ],
  async run(context, call) {
    const text = await readConfigText(context);
    const found = await survey(context, text);
    const { live, sources } = found.observation;
    const cut = await namedCuts(context, proposalOf(found, text));
    const changes = policyChanges(found.plan, live);
    const packets = packetChanges(found);
    const { steps } = found.plan;
    const file = call.value('out');
    const data = context.json || file !== undefined ? planData(found.plan, live, text, found.policy.zones) : {};
    if (file !== undefined) await context.effects.files.write(file, [toJson(data)], FILE_MODE);
    if (context.json) {
      context.print(
        toJson({
          ...data,
          changes,
          sources,
          first: isFirst(live),
          packets: packets?.map(meaningJson) ?? null,
          cuts: cut?.map(flowJson) ?? null,
          notes: found.notes,
        }),
      );
    } else {
      for (const line of notesReport(found.notes, context.colours)) context.tell(`${line}\n`);
      const facts = { changes, sources, first: isFirst(live), steps, packets, cut, rules: call.flag('rules') };
      context.print(`${changeReport(facts, context.colours)}\n`);
    }
    return steps.length === 0 ? 0 : 2;
  },
};
