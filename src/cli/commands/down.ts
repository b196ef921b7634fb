import { restoreBefore } from '../../apply/before.ts';
import { refuseWhilePending, settlePending } from '../../apply/confirm.ts';
import { execute } from '../../apply/execute.ts';
import { putBack } from '../../apply/put-back.ts';
import { FILE_MODE, FOLDER_MODE, type StatePaths, statePaths } from '../../apply/state.ts';
import { Failure } from '../../effects/failure.ts';
import type { Effects } from '../../effects/types.ts';
import { readKernel } from '../../live/kernel.ts';
import type { LiveState } from '../../plan/live-state.ts';
import { planRemoval, type Step } from '../../plan/plan.ts';
import { isTidying } from '../../plan/step.ts';
import { toJson } from '../../report/json.ts';
import type { Command, Context } from '../command.ts';

export const down: Command = {
  name: 'down',
  summary: 'remove all of the firewall, and nothing else',
  usage: ['down [--yes]'],
  details: [
    'Takes out Seawall’s rules and sets and leaves everything else as it was before the first apply. The machine is open then, as Docker leaves it, and stays so over reboots, until the next seawall apply. The config is kept.',
  ],
  options: [{ name: 'yes', summary: 'ask nothing' }],
  examples: [['seawall down', 'asks, then opens the machine']],
  async run(context, call) {
    if (!call.flag('yes') && !(await agreed(context))) {
      context.tell('Nothing was changed.\n');
      return 1;
    }
    const steps = await takeDown(context);
    if (context.json) context.print(toJson({ removed: steps > 0 }));
    else context.tell(steps === 0 ? 'There was nothing to remove.\n' : 'Removed. This machine is open now.\n');
    return 0;
  },
};

async function agreed({ ask, colours }: Context): Promise<boolean> {
  if (!ask) throw new Failure('there is no terminal to ask at', 'add --yes to say that it is meant');
  return ask(`${colours.red('This opens the machine')} as Docker leaves it. Remove the firewall?`);
}

async function takeDown({ effects, stateDir }: Context): Promise<number> {
  const paths = statePaths(stateDir);
  await effects.files.folder(paths.dir, FOLDER_MODE);
  return effects.lock.hold(paths.lock, async () => {
    await settlePending(effects, paths);
    await refuseWhilePending(effects, paths);
    const live = await readKernel(effects, 'by-name');
    const steps = planRemoval(live);
    const isRules = (step: Step): boolean => !isTidying(step);
    await openUp(effects, paths, live, steps.filter(isRules));
    await execute(
      effects,
      steps.filter((step) => !isRules(step)),
    );
    await restoreBefore(effects, paths);
    for (const path of [paths.boot, paths.generations, paths.undone, paths.journal]) await effects.files.remove(path);
    return steps.length;
  });
}

/** Both families or none. */
async function openUp(effects: Effects, paths: StatePaths, live: LiveState, steps: readonly Step[]): Promise<void> {
  const was = await effects.files.read(paths.down);
  try {
    // First what the next boot does, then the kernel: a power cut between the two must not bring half of it back.
    await effects.files.write(paths.down, [], FILE_MODE);
    await execute(effects, steps);
  } catch (error) {
    if (!was) await effects.files.remove(paths.down);
    throw await putBack(effects, paths, { live }, error);
  }
}
