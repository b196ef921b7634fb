import { Failure } from '../../effects/failure.ts';
import { completionScript, SHELLS, type Shell } from '../../report/completion.ts';
import type { Command, CommandInfo } from '../command.ts';
import { GLOBAL_OPTIONS } from '../globals.ts';

export const completion: Command = {
  name: 'completion',
  summary: 'a script that makes your shell complete commands and options',
  usage: [`completion ${SHELLS.join('|')}`],
  details: ['Prints the script. It is made from the commands themselves, so it never lags behind them.'],
  options: [],
  examples: [
    ['seawall completion bash > /etc/bash_completion.d/seawall', 'for all users, from the next shell on'],
    ['seawall completion zsh > ~/.zfunc/_seawall', 'with ~/.zfunc in fpath'],
    ['seawall completion fish > ~/.config/fish/completions/seawall.fish', 'for fish'],
  ],
  words: SHELLS,
  async run(context, call) {
    const shell = SHELLS.find((each): each is Shell => each === call.words[0]);
    if (!shell) throw new Failure('for which shell?', `seawall completion ${SHELLS.join('|')}`);
    context.print(completionScript(shell, (await context.commands()).map(toCompletion)));
    return 0;
  },
};

export const toCompletion = ({ name, summary, options, words = [] }: CommandInfo) => ({
  name,
  summary,
  words,
  options: [...options, ...GLOBAL_OPTIONS].map((option) => ({
    name: option.name,
    summary: option.summary,
    takesValue: option.value !== undefined,
  })),
});
