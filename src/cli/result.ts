import { flowText } from '../report/change.ts';
import { flowJson, stepJson, toJson } from '../report/json.ts';
import type { Change } from './change.ts';
import type { Context, ExitCode } from './command.ts';
import { openText } from '../report/open-text.ts';

/** Tells how a change went; the exit code is that of the contract. */
export function tellResult(context: Context, change: Change | undefined): ExitCode {
  if (!change) {
    context.tell('Nothing was changed.\n');
    return 1;
  }
  const { proposal, result } = change;
  if (context.json) {
    context.print(
      toJson({
        applied: result.steps > 0,
        generation: result.generation.number,
        confirmWithin: result.pending?.seconds ?? null,
        changes: proposal.changes,
        steps: proposal.plan.steps.map(stepJson),
        cut: result.cut.map(flowJson),
        notes: proposal.notes,
        troubles: result.troubles,
      }),
    );
  } else for (const line of resultLines(change, context)) context.tell(`${line}\n`);
  return result.troubles.length === 0 ? 0 : 1;
}

function resultLines({ proposal, result, seconds }: Change, { colours }: Context): string[] {
  const { bold, green, yellow } = colours;
  const { generation, pending } = result;
  const troubles = [
    ...result.troubles.map((text) => `it stands, but not all of it was done (the next apply does the rest): ${text}`),
    ...result.leftOver.map((text) => `left over, for the next apply to remove: ${text}`),
  ].map((text) => yellow(`  ${text}`));
  if (result.steps === 0) {
    const named = generation.fresh ? ` It is generation ${generation.number} now.` : '';
    return [`Nothing to change: what stands is what the config says.${named}`, ...troubles];
  }
  return [
    `${green('Done')} in ${seconds.toFixed(2)} s, generation ${generation.number}: ${openText(proposal.plan.target)}.`,
    ...result.cut.slice(0, 10).map((flow) => `  cut ${flowText(flow)}`),
    ...(result.cut.length > 10 ? [`  and ${result.cut.length - 10} more connections`] : []),
    ...(result.couldCut ? [] : [yellow('  open connections could not be looked at: install conntrack')]),
    ...troubles,
    ...(pending === undefined
      ? []
      : [
          bold(`It is undone in ${pending.seconds} s, unless you keep it: seawall confirm`),
          'Do that from a NEW connection: this one may live on only because it was open before.',
        ]),
  ];
}
