// `npm run test:engines`: the matrix who reaches what and a moment under floods with each engine of
// test/engines/support/combinations.ts and both backends, a swarm of each, then recorded rules of engines that
// Debian doesn't have;
// writes docs/compatibility.md from what was run. Other engines are downloaded once (lab/other-engines.ts). About ten
// minutes; needs root, as the packet tests do. `--recorded`: only those again, beside what the last run found.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { setup } from './setup.mjs';

const recordedOnly = process.argv.includes('--recorded');
setup({ packages: true });
await import('./build.mjs');

const FILES = {
  engines: join('dist', 'engines.jsonl'),
  swarm: join('dist', 'engines-swarm.jsonl'),
  recorded: join('dist', 'engines-recorded.jsonl'),
};
const SWARM = ['--project', 'packets', '--project', 'nftables', '--no-file-parallelism', 'test/packets/swarm.test.ts'];
const statuses = [
  ...(recordedOnly ? [] : [run(FILES.engines, ['--project', 'engines']), run(FILES.swarm, SWARM)]),
  run(FILES.recorded, ['--project', 'packets', 'test/packets/corpus']),
];
const [live, swarm, recorded] = [FILES.engines, FILES.swarm, FILES.recorded].map(linesOf);
// A run that was broken off is none to be written about.
const whole =
  statuses.every((status) => status === 0 || status === 1) &&
  [live, swarm, recorded].every((lines) => lines.length > 0);
if (whole) writeFileSync('docs/compatibility.md', page());
const all = [...live, ...swarm, ...recorded];
const kept = all.filter((line) => line.kept).length;
process.stdout.write(`${kept} of ${all.length} promises kept${whole ? ', see docs/compatibility.md' : ''}\n`);
process.exitCode = whole && statuses.every((status) => status === 0) ? 0 : 1;

function run(file, words) {
  rmSync(file, { force: true });
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', ...words];
  const env = { ...process.env, SEAWALL_ENGINES: file };
  return spawnSync(process.execPath, vitest, { stdio: 'inherit', env }).status;
}

function linesOf(file) {
  const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line));
}

function page() {
  return `# Compatibility

Written by \`npm run test:engines\` from what it ran on Linux ${release().split('-')[0]}.

## Engines that were run

Each is a real dockerd in a world of the lab, with real packets: Debian's packages of bookworm, trixie and sid, the
latter two unpacked beside the system's and run with the system's runc. "Open before" counts what answered without
Seawall: without that, "closed" says nothing. Not each setting was run with each other one.

${table(live)}

## Two engines that are a swarm

One of them behind Seawall; an overlay network, an encrypted one, and a service that is published in mode \`host\`.

${table(swarm)}

## Recorded rules, engine not run

Rules that a real engine once made, loaded without it. A namespace stands for the container that they lead to.

${table(recorded)}

## Not run

A routing mesh (IPVS) with these engines: the rules of a real one, with a namespace in place of its ingress, are part of
\`npm test\`. ESP between the nodes of an encrypted overlay. Podman. A running Docker 29.
`;
}

function table(lines) {
  const rows = lines.map(({ engine, settings, backend, promise, ran, kept: held }) =>
    row([engine, settings, backend, promise, ran, held ? 'kept' : '**broken**']),
  );
  const head = row(['Engine', 'Settings', "Seawall's backend", 'Promise', 'What was run', 'Outcome']);
  return [head, row(['---', '---', '---', '---', '---', '---']), ...rows].join('\n');
}

function row(cells) {
  return `| ${cells.join(' | ')} |`;
}
