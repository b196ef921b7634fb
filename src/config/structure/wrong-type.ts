import { EXAMPLES, SHAPES } from './places.ts';
import type { ProblemList } from '../problems/problem-list.ts';
import { quoted } from '../problems/quoted.ts';
import type { Tree } from '../yaml/tree.ts';

const lastKey = (place: string): string => place.slice(place.lastIndexOf('.') + 1);

export const nameOfKind = (tree: Tree): string =>
  ({ text: 'a single value', list: 'a list', mapping: "'key: value'", nothing: 'nothing', faulty: 'this' })[tree.kind];

/** Where a list (or the text of a note) should be, and something else is. */
export function reportWrongList(place: string, tree: Tree, problems: ProblemList): void {
  const key = lastKey(place);
  if (key === 'note') {
    problems.error(
      'bad-note',
      tree.span,
      `'note' takes text, not ${nameOfKind(tree)}`,
      'write it in quotes, in one line',
    );
    return;
  }
  problems.error('wrong-type', tree.span, `'${key}' takes a list, not ${nameOfKind(tree)}`, listHint(place, tree));
}

function listHint(place: string, tree: Tree): string {
  const key = lastKey(place);
  if (tree.kind === 'mapping' && place === 'allow')
    return `put a dash before the first key of each entry: ${SHAPES['allow.*']}`;
  if (tree.kind === 'mapping') return `begin each entry with a dash: "- ${EXAMPLES[place]}"`;
  if (tree.kind !== 'text') return `write ${key}: [${EXAMPLES[place]}]`;
  if (tree.text.startsWith('-')) return `put a space behind the dash: "- ${tree.text.slice(1, 60).split(/\s/, 1)[0]}"`;
  return /^[\w.:/, -]{1,80}$/.test(tree.text)
    ? `write ${key}: [${commaSeparated(tree.text)}]`
    : `write ${key}: [${EXAMPLES[place]}]`;
}

const commaSeparated = (text: string): string =>
  text
    .split(/[\s,]+/)
    .filter(Boolean)
    .join(', ');

/** Where keys with values should be, and something else is. */
export function reportWrongMapping(place: string, tree: Tree, problems: ProblemList): void {
  if (place === '') {
    reportWrongTop(tree, problems);
    return;
  }
  const what = place === 'allow.*' ? 'an entry of allow' : `'${place}'`;
  const message = `${what} takes 'key: value', not ${nameOfKind(tree)}`;
  problems.error('wrong-type', tree.span, message, `write ${SHAPES[place]}`);
}

function reportWrongTop(tree: Tree, problems: ProblemList): void {
  if (tree.kind === 'nothing') {
    problems.error('empty-file', tree.span, 'the config is empty', "run 'seawall init' to write a first one");
    return;
  }
  const colon = tree.kind === 'text' ? /^\w+(?=:)/.exec(tree.text)?.[0] : undefined;
  const hint =
    colon === undefined ? "begin with 'version: 1' and 'trusted:'" : `put a space behind the colon: "${colon}: …"`;
  problems.error(
    'wrong-type',
    tree.span,
    `the config takes 'key: value', not ${nameOfKind(tree)} ${shown(tree)}`.trim(),
    hint,
  );
}

const shown = (tree: Tree): string => (tree.kind === 'text' ? quoted(tree.text) : '');
