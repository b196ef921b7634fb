import { Failure } from '../../effects/failure.ts';
import { readKernel } from '../../live/kernel.ts';
import { readLinks } from '../../live/links.ts';
import { policyChanges } from '../../plan/changes.ts';
import { liveFingerprint } from '../../plan/fingerprint.ts';
import { readPlan } from '../../plan/plan-file.ts';
import { planRuleset } from '../../plan/plan.ts';
import { CHANGE_OPTIONS, changeOptions, changeTo } from '../change.ts';
import type { Command, Context } from '../command.ts';
import { type Proposal, proposalOf } from '../proposal.ts';
import { tellResult } from '../result.ts';
import { readConfigText, survey } from '../survey.ts';

export const apply: Command = {
  name: 'apply',
  summary: 'make the machine what the config says, in place and without a gap',
  usage: ['apply [--plan FILE] [--yes] [--confirm SECONDS] [-m TEXT] [--force]'],
  details: [
    'Changes only what differs: sets by a swap, rules in one transaction, nothing that is not Seawall’s. A second apply runs nothing. While it works no packet is judged by half of a change.',
    'Open connections that lost their right are cut: those from an address that is trusted no more, or to a port that is public no more; all others live on.',
    'It leaves plain files behind that stand up the same firewall at boot without Node and without Docker.',
    'Nobody who is logged in over SSH is cut off, you least of all: such a change is refused with exit code 3, and --force makes it all the same. Where it can’t be seen from where you are connected (tmux, screen, mosh, a web console), and the change could shut somebody out, it asks you at the terminal and is undone after a minute unless you confirm it.',
    'With --confirm the way back is armed before anything changes, outside of your session: if you don’t confirm in time, from a new connection, the last confirmed state comes back by itself, also if the session, sshd or Seawall are dead by then. A reboot meanwhile brings it back too.',
    'If a step fails, everything is put back as it was (exit code 4).',
  ],
  options: [...CHANGE_OPTIONS, { name: 'plan', value: 'FILE', summary: 'apply a plan that seawall plan --out kept' }],
  examples: [
    ['seawall apply', 'shows what will change and asks'],
    ['seawall apply --confirm 60', 'undoes it after a minute, unless seawall confirm comes'],
    ['seawall apply --yes -m "new office"', 'from a script, with a note for seawall history'],
  ],
  async run(context, call) {
    const file = call.value('plan');
    const propose = file === undefined ? proposeConfig : (quietly: Context) => proposePlan(quietly, file);
    const change = await changeTo(context, propose, changeOptions(call));
    return tellResult(context, change);
  },
};

async function proposeConfig(context: Context): Promise<Proposal> {
  const text = await readConfigText(context);
  return proposalOf(await survey(context, text), text);
}

/** What was planned, or nothing: the state and the config have to be those that the plan was made from. */
async function proposePlan(context: Context, file: string): Promise<Proposal> {
  const kept = readPlan((await context.effects.files.read(file))?.toString() ?? '');
  if (!kept) throw new Failure(`${file} is no plan`, `make one with: seawall plan --out ${file}`);
  const { effects } = context;
  const [live, links, config] = await Promise.all([
    readKernel(effects, 'whole'),
    readLinks(effects),
    readConfigText(context),
  ]);
  if (liveFingerprint(live) !== kept.madeFrom || config !== kept.config) {
    throw new Failure(
      `${file} was made from another state: since then the ${config === kept.config ? 'rules or sets in the kernel' : 'config'} changed`,
      `look again: seawall plan --out ${file}`,
      { exitCode: 3 },
    );
  }
  const plan = planRuleset(kept.target, live);
  const sides = { links, zones: kept.zones };
  return { plan, live, sides, changes: policyChanges(plan, live), sources: [], notes: [], keep: [], config };
}
