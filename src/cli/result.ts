import { policyChanges } from '../plan/changes.ts';
import { flowText } from '../report/change.ts';
import { flowJson, stepJson, toJson } from '../report/json.ts';
import { counted } from '../report/text.ts';
import type { Change } from './change.ts';
import type { Context, ExitCode } from './command.ts';

/** Tells how a change went; the exit code is that of the contract. */
export function tellResult(context: Context, change: Change | undefined): ExitCode {
  if (!change) {
    context.tell('Nothing was changed.\n');
    return 1;
  }
  const { survey, result } = change;
  if (context.json) {
    const changes = policyChanges(survey.plan, survey.observation.live);
    context.print(
      toJson({
        applied: result.steps > 0,
        changes,
        steps: survey.plan.steps.map(stepJson),
        cut: result.cut.map(flowJson),
        notes: survey.notes,
      }),
    );
    return 0;
  }
  for (const line of resultLines(change, context)) context.tell(`${line}\n`);
  return 0;
}

function resultLines({ survey, result, seconds }: Change, { colours }: Context): string[] {
  const { green, yellow } = colours;
  if (result.steps === 0) return ['Nothing to change: what stands is what the config says.'];
  const { trusted, trustedLists } = survey.policy;
  const prefixes = [trusted, trustedLists].reduce((sum, each) => sum + each[4].size + each[6].size, 0);
  return [
    `${green('Done')} in ${seconds.toFixed(2)} s: ${counted(prefixes, 'trusted prefix', 'trusted prefixes')} ${prefixes === 1 ? 'reaches' : 'reach'} everything, everyone else ${publicText(survey)}.`,
    ...result.cut.slice(0, 10).map((flow) => `  cut ${flowText(flow)}`),
    ...(result.cut.length > 10 ? [`  and ${result.cut.length - 10} more connections`] : []),
    ...(result.couldCut ? [] : [yellow('  open connections could not be looked at: install conntrack')]),
  ];
}

function publicText({ policy }: Change['survey']): string {
  const texts = (['tcp', 'udp'] as const).flatMap((protocol) =>
    policy.public[protocol]
      .ranges()
      .map(({ first, last }) => `${first === last ? first : `${first}-${last}`}/${protocol}`),
  );
  if (texts.length === 0) return 'nothing';
  return texts.length > 8 ? `${texts.slice(0, 8).join(', ')} and ${texts.length - 8} more` : texts.join(', ');
}
