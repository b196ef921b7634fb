import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { stop as stopBundler } from 'esbuild';
import { repositoryRoot } from '../lab/repository.ts';
import type { World } from '../lab/world.ts';
import { CONFIG } from './config.ts';
import { markKept, removeKept, waysIn } from './keep.ts';
import { buildScene } from './scene.ts';
import { Screen, Verdict } from './screen.ts';
import { show } from './show.ts';

/**
 * The demo, as scripts/demo.mjs starts it: `--keep` leaves the lab behind, `--remove` takes such labs away.
 * SEAWALL_BIN names another program to show instead of dist/seawall.mjs.
 */
const screen = new Screen();
const keep = process.argv.includes('--keep');
let kept = false;

// The lab takes itself away when its process exits, however it does (lab/reclaim.ts).
process.stdout.on('error', () => process.exit(1));
process.once('SIGINT', () => interrupted(130));
process.once('SIGTERM', () => interrupted(143));
process.once('SIGHUP', () => interrupted(129));
process.once('disconnect', orphaned);

try {
  process.exitCode = process.argv.includes('--remove') ? await remove() : await demo();
} catch (error) {
  screen.settle();
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
// An open channel to the starter would keep this process from ending.
if (!kept && process.connected) process.disconnect();

function interrupted(code: number): void {
  screen.settle();
  if (!kept) process.stderr.write('Interrupted; the lab is removed.\n');
  process.exit(code);
}

/** Whoever started this was killed; without a starter nobody could stop it with Ctrl-C. */
function orphaned(): void {
  process.exit();
}

async function demo(): Promise<number> {
  const began = performance.now();
  screen.lines(['Seawall: a machine that runs Docker, closed by default. Nothing here touches your own network.']);
  const world = await screen.during('namespaces, a Docker Engine, three containers', buildScene(program()));
  const verdict = new Verdict();
  try {
    await show(world, screen, verdict);
    if (keep) await standAgain(world, verdict);
  } catch (error) {
    await world.remove();
    throw error;
  }
  if (!keep) await screen.during('everything is removed', world.remove());
  screen.lines(['', ...ending(world, (performance.now() - began) / 1000), ...conclusion(verdict)]);
  const code = verdict.wrong.length === 0 ? 0 : 1;
  if (keep) await stayBehind(code);
  return code;
}

function program(): string[] {
  const { SEAWALL_BIN } = process.env;
  return SEAWALL_BIN ? [SEAWALL_BIN] : [process.execPath, join(repositoryRoot(), 'dist/seawall.mjs')];
}

/** A kept lab is more use with its firewall than without. */
async function standAgain(world: World, verdict: Verdict): Promise<void> {
  await world.writeConfig(CONFIG);
  const { code } = await world.exec('host', ['seawall', 'apply', '--yes']);
  verdict.check(code === 0, `the last seawall apply ended with exit code ${code}`);
  markKept(world);
}

function ending(world: World, seconds: number): string[] {
  const took = `${seconds.toFixed(0)} s`;
  return keep
    ? [`The lab stays up, with the firewall applied (${took}).`, ...waysIn(world), '']
    : [`${took}; the lab is gone again.`];
}

const SHOWN = 12;

function conclusion({ wrong }: Verdict): string[] {
  const { green, red } = screen.colours;
  if (wrong.length === 0) return [green('every cell as promised')];
  const more = wrong.length > SHOWN ? [`  … and ${wrong.length - SHOWN} more`] : [];
  return [
    ...wrong.slice(0, SHOWN).map((text) => `  ${text}`),
    ...more,
    red(`NOT as promised: ${wrong.length}, see above`),
  ];
}

/** The process that owns the lab lives on without a terminal; whoever started it gets the prompt back. */
async function stayBehind(code: number): Promise<void> {
  kept = true;
  setInterval(() => {}, 1 << 30);
  process.off('disconnect', orphaned);
  // It holds on to standard error, and whoever reads that would wait for its end.
  await stopBundler();
  process.send?.({ code }, () => {
    process.disconnect?.();
    for (const stream of [1, 2]) {
      closeSync(stream);
      openSync('/dev/null', 'w');
    }
  });
}

async function remove(): Promise<number> {
  const count = await screen.during('the lab is removed', removeKept());
  screen.lines([count === 0 ? 'No lab was kept.' : `${count === 1 ? 'The lab is' : `${count} labs are`} gone.`]);
  return 0;
}
