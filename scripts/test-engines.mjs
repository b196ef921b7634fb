// `npm run test:engines`: the matrix who reaches what and a moment under floods with each engine of
// test/engines/support/combinations.ts and both backends; writes docs/compatibility.md from what was run. Other engines
// are downloaded once (lab/other-engines.ts). Needs root, as the packet tests do. Words go to vitest: `-t sid`; then
// the table is not written.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setup } from './setup.mjs';

const words = process.argv.slice(2);
setup({ packages: true });
await import('./build.mjs');

const folder = mkdtempSync(join(tmpdir(), 'seawall-engines-'));
const file = join(folder, 'lines.jsonl');
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'engines', ...words];
const { status } = spawnSync(process.execPath, vitest, {
  stdio: 'inherit',
  env: { ...process.env, SEAWALL_ENGINES: file },
});
const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
const lines = text === '' ? [] : text.split('\n').map((line) => JSON.parse(line));
rmSync(folder, { recursive: true });
const whole = words.length === 0 && lines.length > 0;
if (whole) writeFileSync('docs/compatibility.md', page(lines));
const kept = lines.filter((line) => line.kept).length;
process.stdout.write(`${kept} of ${lines.length} promises kept${whole ? ', see docs/compatibility.md' : ''}\n`);
process.exitCode = status === 0 && lines.length > 0 ? 0 : 1;

function page(all) {
  const rows = all.map(({ engine, settings, backend, promise, ran, kept: held }) =>
    row([engine, settings, backend, promise, ran, held ? 'kept' : '**broken**']),
  );
  return `# Compatibility

Written by \`npm run test:engines\` from what it ran on Linux ${release()}. Each engine is a real dockerd in a world of
the lab, packets are real. "Open before" counts what answered without Seawall: without that, "closed" says nothing.
20.10, 26 and 28 are Debian's packages (bookworm, trixie, sid), unpacked beside the system's, with the system's runc.
Not each setting was run with each other one.

${row(['Engine', 'Settings', "Seawall's backend", 'Promise', 'What was run', 'Outcome'])}
${row(['---', '---', '---', '---', '---', '---'])}
${rows.join('\n')}

## Recorded rules

Engines that were not run: their rules, as once recorded from a real engine, are loaded without it by
test/packets/corpus.test.ts, and only programs of the host are dialled. They are in test/corpus/docker-rules.
`;
}

function row(cells) {
  return `| ${cells.join(' | ')} |`;
}
