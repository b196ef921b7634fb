import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Claim, claims, sweep } from '../lab/reclaim.ts';
import type { World } from '../lab/world.ts';
import { VISITORS } from './rows.ts';

/** The file that marks a world as one that `--keep` left behind. */
const MARK = 'kept-by-demo';

/** Marks the world as kept. It stands until its process, this one, is told to end. */
export function markKept(world: World): void {
  writeFileSync(join(world.dir, MARK), '');
}

/** How to enter a kept world. */
export function waysIn(world: World): string[] {
  const host = `${words(world.enter('host'))} env PATH=${world.dir}/bin:$PATH bash`;
  return [
    'the host (there: seawall status, docker ps, iptables-save, …):',
    `  ${host}`,
    ...VISITORS.flatMap(({ name, node, v4, v6 }) => [`${name} (${v4}, ${v6}):`, `  ${words(world.enter(node))} bash`]),
    'try, as any of them:',
    '  busybox nc -w 1 198.51.100.10 8080 </dev/null    # a service says its name and your address',
    'its Docker, from your own shell:',
    `  DOCKER_HOST=unix://${world.engine.socket} docker ps`,
    `seawall’s config and state: ${world.configFile}, ${world.stateDir}/`,
    'remove it: npm run demo -- --remove',
  ];
}

function words(enter: readonly string[]): string {
  return enter.filter((word) => word !== '--').join(' ');
}

/** Ends the kept worlds; their own processes clear up. Resolves to how many there were. */
export async function removeKept(): Promise<number> {
  const found = claims().filter(isKept);
  // Nobody else clears up behind a process that was killed. What is left after that belongs to a living one.
  sweep();
  for (const { owner } of claims().filter(isKept)) process.kill(owner.pid, 'SIGTERM');
  const deadline = performance.now() + 20_000;
  while (found.some(({ dir }) => existsSync(dir))) {
    if (performance.now() > deadline) throw new Error('a kept lab did not go away within 20 s');
    await sleep(50);
    sweep();
  }
  return found.length;
}

function isKept({ dir }: Claim): boolean {
  return existsSync(join(dir, MARK));
}
