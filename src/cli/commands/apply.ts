import { changeTo } from '../change.ts';
import type { Command } from '../command.ts';
import { tellResult } from '../result.ts';
import { readConfigText } from '../survey.ts';

export const apply: Command = {
  name: 'apply',
  summary: 'make the machine what the config says, in place and without a gap',
  usage: ['apply [--yes] [--force]'],
  details: [
    'Changes only what differs: sets by a swap, rules in one transaction, nothing that is not Seawall’s. A second apply runs nothing. While it works no packet is judged by half of a change.',
    'Open connections that lost their right are cut: those from an address that is trusted no more, or to a port that is public no more; all others live on.',
    'It leaves plain files behind that stand up the same firewall at boot without Node and without Docker.',
    'Your own SSH session is never cut: such a change is refused with exit code 3.',
  ],
  options: [
    { name: 'yes', summary: 'ask nothing' },
    { name: 'force', summary: 'even if your own SSH session would be cut off' },
  ],
  examples: [
    ['seawall apply', 'shows what will change and asks'],
    ['seawall apply --yes', 'from a script'],
  ],
  async run(context, call) {
    const change = await changeTo(context, async () => ({ text: await readConfigText(context) }), {
      yes: call.flag('yes'),
      force: call.flag('force'),
      sets: 'whole',
    });
    return tellResult(context, change);
  },
};
