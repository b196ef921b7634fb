import type { Outcome } from '../lab/command.ts';
import type { World } from '../lab/world.ts';
import { CONFIG, TAKEN_AWAY } from './config.ts';
import { untrust } from './cut.ts';
import { type Cell, brokenCells, cellName, deadCells, isKept, measure } from './measure.ts';
import { judgeRestart, restartLines } from './restart-report.ts';
import { restartUnderFire } from './restart.ts';
import { type Comparison, compare } from './same.ts';
import type { Screen, Verdict } from './screen.ts';
import { tableLines } from './table.ts';
import { counted, entry } from './text.ts';
import { whoIsWho } from './who.ts';

/** The whole show on a world that is up. What isn't as promised is told to the verdict, and the show goes on. */
export async function show(world: World, screen: Screen, verdict: Verdict): Promise<void> {
  const { colours } = screen;
  screen.heading('Who is who');
  screen.lines(await whoIsWho(world, colours));

  screen.heading('Who reaches what, without Seawall');
  const before = await table(world, screen);
  for (const cell of deadCells(before)) verdict.check(false, `without Seawall: ${cellName(cell)}`);
  const open = before.filter((cell) => !isKept(cell)).length;
  screen.lines([colours.dim(`  ! ${open} cells that the config below closes`)]);

  screen.heading('Closed by one command');
  await world.writeConfig(CONFIG);
  screen.lines(['  $ cat seawall.yaml', ...indented(CONFIG)]);
  const kernelBefore = await world.snapshot();
  await command(world, screen, verdict, ['plan'], 2);
  await command(world, screen, verdict, ['apply', '--yes']);

  screen.heading('Who reaches what, with Seawall');
  await judgedTable(world, screen, verdict, before, 'with Seawall');

  screen.heading('Docker restarts, while untrusted clients knock without a pause');
  const restart = await screen.during('Docker stops and starts', restartUnderFire(world));
  judgeRestart(restart, verdict);
  screen.lines([...restartLines(restart), '']);
  await judgedTable(world, screen, verdict, before, 'after the restart');

  screen.heading('An address that is trusted no more loses its open connections; nobody else does');
  await takeAway(world, screen, verdict);

  screen.heading('And off again');
  await command(world, screen, verdict, ['down', '--yes']);
  screen.lines(comparisonLines(compare(kernelBefore, await world.snapshot()), verdict));
}

async function table(world: World, screen: Screen): Promise<Cell[]> {
  const cells = await screen.during('packets to every cell', measure(world));
  screen.lines(tableLines(cells, screen.colours));
  return cells;
}

async function judgedTable(
  world: World,
  screen: Screen,
  verdict: Verdict,
  before: readonly Cell[],
  moment: string,
): Promise<void> {
  const { green, red } = screen.colours;
  const cells = await table(world, screen);
  const broken = brokenCells(cells, before);
  for (const cell of broken) verdict.check(false, `${moment}: ${cellName(cell)}`);
  const text = `  ${cells.length - broken.length} of ${cells.length} cells as promised`;
  screen.lines([broken.length === 0 ? green(text) : red(text)]);
}

/** Runs `seawall …` in the host and shows it as a person there would see it. */
async function command(
  world: World,
  screen: Screen,
  verdict: Verdict,
  args: readonly string[],
  expected = 0,
): Promise<void> {
  const outcome = await screen.during(`seawall ${args[0]}`, world.exec('host', ['seawall', ...args]));
  showCommand(screen, args, outcome);
  verdict.check(outcome.code === expected, `seawall ${args.join(' ')} ended with exit code ${outcome.code}`);
}

function showCommand(screen: Screen, args: readonly string[], { stdout, stderr }: Outcome): void {
  screen.lines([`  $ seawall ${args.join(' ')}`, ...indented(stderr), ...indented(stdout)]);
}

function indented(output: string): string[] {
  const trimmed = output.trimEnd();
  return trimmed === '' ? [] : trimmed.split('\n').flatMap((text) => folded(`  ${text}`.trimEnd()));
}

const WIDTH = 100;

/** A line that fitted before it was indented goes on in the next one, below its own beginning. */
function folded(line: string): string[] {
  const at = line.lastIndexOf(' ', WIDTH);
  const margin = line.length - line.trimStart().length;
  return line.length <= WIDTH || at <= margin
    ? [line]
    : [line.slice(0, at), ...folded(' '.repeat(margin) + line.slice(at + 1))];
}

async function takeAway(world: World, screen: Screen, verdict: Verdict): Promise<void> {
  const args = ['trust', 'remove', ...TAKEN_AWAY, '--yes'];
  const { command: outcome, held } = await screen.during(
    'open connections, watched for a second',
    untrust(world, ['seawall', ...args]),
  );
  showCommand(screen, args, outcome);
  verdict.check(outcome.code === 0, `seawall ${args.join(' ')} ended with exit code ${outcome.code}`);
  for (const { who, shouldLive, answers } of held) {
    const lives = answers > 0;
    verdict.check(lives === shouldLive, `the open connection of ${who} ${lives ? 'was not cut' : 'was cut'}`);
    const text = entry(
      `${lives ? 'lives on' : 'cut'}${lives === shouldLive ? '' : '!'}`,
      who,
      counted(answers, 'answers in the second after'),
    );
    screen.lines([lives === shouldLive ? text : screen.colours.red(text)]);
  }
}

function comparisonLines(compared: readonly Comparison[], verdict: Verdict): string[] {
  const words = {
    same: 'as before',
    reordered: 'as before, line for line; Docker’s restart changed the order',
    different: 'NOT as before:',
  } as const;
  for (const { name, result } of compared) verdict.check(result !== 'different', `${name} is not as before`);
  return compared.flatMap(({ name, result, lines }) => [
    `  ${name.padEnd(22)}${words[result]}`,
    ...lines.map((text) => `    ${text}`),
  ]);
}
