/** `npm run reliability`: writes docs/reliability.md from what the last whole `npm test` found. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const START = '<!-- table -->';
const END = '<!-- end of table -->';

const rows = readFileSync(path('dist/faults.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))
  .toSorted((a, b) => a.number - b.number || (a.fault < b.fault ? -1 : 1));
const cells = ({ number, fault, injected, times, leaked, lost, converged }) =>
  `| ${[number, fault, injected, times, leaked ?? '–', lost ?? '–', `${converged} of ${times}`].join(' | ')} |`;
const table = [
  '| # | fault | injected | times | leaked | lost | converged |',
  '|--:|---|---|--:|--:|--:|--:|',
  ...rows.map(cells),
].join('\n');
const document = path('docs/reliability.md');
const text = readFileSync(document, 'utf8');
const [from, to] = [text.indexOf(START), text.indexOf(END)];
if (from === -1 || to === -1) throw new Error(`${document} has no place for the table`);
writeFileSync(document, `${text.slice(0, from + START.length)}\n\n${table}\n\n${text.slice(to)}`);
console.log(`${rows.length} rows written to docs/reliability.md`);
