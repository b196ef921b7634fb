import { confirmPending } from '../../apply/confirm.ts';
import { readUndone } from '../../apply/pending.ts';
import { FOLDER_MODE, statePaths } from '../../apply/state.ts';
import { toJson } from '../../report/json.ts';
import { undoneText } from '../../report/undone.ts';
import { bootScript } from '../change.ts';
import type { Command } from '../command.ts';
import { replaceConfig } from '../replace-config.ts';

export const confirm: Command = {
  name: 'confirm',
  summary: 'keep the change that apply --confirm made',
  usage: ['confirm'],
  details: [
    'Run it from a new connection: that one proves that the new rules let you in. A connection that was open before may live on under rules that would not let it in again.',
    'Exit code 0: it is kept, or there is nothing to confirm. 4: it came too late, and the change was undone.',
  ],
  options: [],
  examples: [['seawall confirm', 'after seawall apply --confirm 60, and a new login']],
  async run(context) {
    const { effects, stateDir } = context;
    const paths = statePaths(stateDir);
    await effects.files.folder(paths.dir, FOLDER_MODE);
    const kept = await effects.lock.hold(paths.lock, () =>
      confirmPending(effects, paths, bootScript, (config) => replaceConfig(context, config)),
    );
    const undone = kept ? undefined : await readUndone(effects, paths);
    if (context.json) context.print(toJson({ confirmed: kept?.generation ?? null, undone: undone ?? null }));
    else if (kept) context.tell(`Kept: generation ${kept.generation} is what stands from now on.\n`);
    else context.tell(undone ? `${undoneText(undone)}\n` : 'There is nothing to confirm.\n');
    return undone ? 4 : 0;
  },
};
