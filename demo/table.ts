import type { Colours } from '../src/report/colours.ts';
import { CONTAINER_COLUMN, type Cell, isKept } from './measure.ts';
import { FAMILIES, VISITORS } from './rows.ts';

const LABEL = 42;
const WIDTH = 9;

/** The cells as lines of at most 98 columns. `!` marks a cell that is not as the config promises. */
export function tableLines(cells: readonly Cell[], colours: Colours): string[] {
  const outside = cells.filter(({ column }) => column !== CONTAINER_COLUMN);
  const inside = cells.filter(({ column }) => column === CONTAINER_COLUMN);
  const names = VISITORS.map(({ name }) => name.padEnd(2 * WIDTH)).join('');
  return [
    colours.bold(`  ${' '.repeat(LABEL)}${names}`.trimEnd()),
    heading(VISITORS.length, colours),
    ...rowLines(outside, colours),
    heading(1, colours),
    ...rowLines(inside, colours),
  ];
}

function heading(columns: number, { dim }: Colours): string {
  const families = FAMILIES.map((family) => family.padEnd(WIDTH)).join('');
  return dim(`  ${' '.repeat(LABEL)}${families.repeat(columns)}`.trimEnd());
}

function rowLines(cells: readonly Cell[], colours: Colours): string[] {
  return [...new Set(cells.map(({ row }) => row))].map((row) => {
    const own = cells.filter((cell) => cell.row === row);
    return `  ${row.padEnd(LABEL)}${own.map((cell) => painted(cell, colours)).join('')}`.trimEnd();
  });
}

function painted(cell: Cell, { red, green, dim, bold }: Colours): string {
  const kept = isKept(cell);
  const text = (kept ? cell.state : `${cell.state}!`).padEnd(WIDTH);
  if (!kept) return bold(red(text));
  return cell.state === 'open' ? green(text) : dim(text);
}
