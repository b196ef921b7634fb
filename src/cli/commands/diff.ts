import { type Difference, semanticDiff } from '../../analysis/trace/difference.ts';
import type { Machine } from '../../analysis/trace/machine.ts';
import { outerLinks } from '../../analysis/trace/audit.ts';
import { readRuleset } from '../../apply/generation-record.ts';
import { statePaths } from '../../apply/state.ts';
import { Failure } from '../../effects/failure.ts';
import { readDumps, readFolder } from '../../live/dumps.ts';
import { machineUnder, ownPartOf } from '../../live/ruleset-machine.ts';
import { readPlan } from '../../plan/plan-file.ts';
import { toJson } from '../../report/json.ts';
import { meaningJson, meaningReport } from '../../report/meaning.ts';
import { wrap } from '../../report/text.ts';
import type { Command, Context } from '../command.ts';
import { type Inspected, inspectedOf } from '../inspected.ts';

export const diff: Command = {
  name: 'diff',
  summary: 'what one set of rules lets through and another doesn’t, whatever their text',
  usage: ['diff A B [--json]'],
  details: [
    'A and B are each: live, the number of a generation, the file of a kept plan, or a folder of seawall collect. Tells which first packets from outside (NEW, SYN) are newly allowed and newly denied, by addresses and ports, each with one of them as a witness. Nothing is told where both mean the same, though their text differs.',
    'Beside a generation or a plan only Seawall’s own tables are compared. Exit code 2: they differ.',
  ],
  options: [],
  examples: [
    ['seawall diff 11 live', 'what was changed since generation 11'],
    ['seawall diff before after', 'two folders of seawall collect'],
  ],
  words: ['live'],
  async run(context, { words }) {
    const [a, b] = words;
    if (a === undefined || b === undefined || words.length > 2)
      throw new Failure('diff compares two sets of rules', 'such as: seawall diff 11 live');
    const sides = [await sideOf(context, a), await sideOf(context, b)] as const;
    const own = sides.some(({ isOwn }) => isOwn);
    const [before, after] = sides.map(({ machine }) => (own ? ownPartOf(machine) : machine));
    const link = sides[0].link;
    const found: Difference[] = before && after ? semanticDiff(before, after, link) : [];
    const unseen = [a, b].flatMap((word, at) => (sides[at]?.unseen ?? []).map((text) => `of ${word}: ${text}`));
    if (context.json) context.print(toJson({ from: a, to: b, link, differences: found.map(meaningJson), unseen }));
    else {
      for (const text of unseen) context.tell(`${context.colours.yellow(wrap(`not seen ${text}`))}\n`);
      if (found.length > 0) context.print(`${meaningReport(found, context.colours)}\n`);
      else
        context.tell(
          `They mean the same for what comes in by ${link}${unseen.length > 0 ? ', as far as can be seen' : ''}.\n`,
        );
    }
    return found.length === 0 ? 0 : 2;
  },
};

interface Side {
  readonly machine: Machine;
  readonly link: string;
  readonly isOwn: boolean;
  /** What couldn't be seen, in words. */
  readonly unseen: readonly string[];
}

async function sideOf(context: Context, word: string): Promise<Side> {
  const { effects, stateDir } = context;
  if (word === 'live') return sideFrom(inspectedOf(await readDumps(effects)));
  const number = /^[1-9]\d{0,8}$/.test(word) ? Number(word) : undefined;
  const text = number === undefined ? await effects.files.read(word).catch(() => undefined) : undefined;
  if (number === undefined && text === undefined) return sideFrom(inspectedOf(await readFolder(effects, word)));
  const ruleset =
    number === undefined
      ? readPlan(text?.toString() ?? '')?.target
      : await readRuleset(effects, statePaths(stateDir), number);
  if (ruleset === undefined) throw new Failure(`${word} is no plan`, 'write one: seawall plan --out FILE');
  const live = sideFrom(inspectedOf(await readDumps(effects)));
  return { ...live, machine: machineUnder(ruleset, live.machine), isOwn: true };
}

const sideFrom = ({ machine, inventory, unseen }: Inspected): Side => ({
  machine,
  link: outerLinks(machine, inventory)[0]?.name ?? 'eth0',
  isOwn: false,
  // Who listens, and Docker's own view, have no say in what rules mean.
  unseen: unseen.filter((text) => !/^(docker|listeners)/.test(text)),
});
