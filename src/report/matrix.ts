import type { Matrix } from '../analysis/trace/matrix.ts';
import { formatPrefix } from '../net/prefix.ts';
import type { PrefixSet } from '../net/prefix-set.ts';
import type { Colours } from './colours.ts';
import { counted, wrap } from './text.ts';

/** `A` to `Z`, then `A1` … */
export const classId = (at: number): string => {
  const letter = String.fromCodePoint(65 + (at % 26));
  return at < 26 ? letter : `${letter}${Math.floor(at / 26)}`;
};

const MOST = 12;
const FEW = 6;

export function matrixReport({ classes, edges }: Matrix, { bold, dim }: Colours): string {
  const names = classes
    .slice(0, MOST)
    .map(({ addresses }, at) => `${classId(at).padEnd(4)}${wrap(shortly(addresses()), '    ').trimStart()}`);
  if (classes.length > MOST) {
    const sure = edges.filter(({ certainty }) => certainty === 'definite').length;
    const sum = `${classes.length} classes, ${counted(sure, 'edge')} for sure and ${edges.length - sure} possible; all of them: --json or --dot`;
    return [sum, ...names, dim(`and ${classes.length - MOST} more`)].join('\n');
  }
  const ids = classes.map((_, at) => classId(at));
  const cell = (from: number, to: number): string => {
    const edge = edges.find((each) => each.from === from && each.to === to);
    return edge === undefined ? '-' : edge.certainty === 'definite' ? 'yes' : 'may';
  };
  const rows = ids.map((id, from) => row([id, ...ids.map((_, to) => cell(from, to))]));
  return [...names, '', bold(row(['from\\to', ...ids])), ...rows].join('\n');
}

const row = (cells: readonly string[]): string =>
  cells
    .map((text, at) => text.padEnd(at === 0 ? 8 : 5))
    .join(' ')
    .trimEnd();

export const shortly = (set: PrefixSet): string => {
  const first: string[] = [];
  for (const prefix of set.prefixes()) {
    if (first.length === FEW) break;
    first.push(formatPrefix(prefix));
  }
  return set.size > FEW ? `${first.join(' ')} and ${set.size - FEW} more` : first.join(' ');
};

/** For Graphviz; possible edges are dashed. */
export const matrixDot = ({ classes, edges }: Matrix): string =>
  [
    'digraph matrix {',
    ...classes.map(({ addresses }, at) => `  ${classId(at)} [label="${classId(at)}: ${shortly(addresses())}"];`),
    ...edges.map(({ from, to, certainty }) => {
      const style = certainty === 'possible' ? ' [style=dashed]' : '';
      return `  ${classId(from)} -> ${classId(to)}${style};`;
    }),
    '}',
  ].join('\n');

export const matrixJson = ({ classes, edges }: Matrix): object => ({
  classes: classes.map(({ addresses }, at) => ({
    id: classId(at),
    prefixes: [...addresses().prefixes()].map(formatPrefix),
  })),
  edges: edges.map(({ from, to, certainty }) => ({ from: classId(from), to: classId(to), certainty })),
});
