import { parsePrefix } from '../../net/prefix.ts';
import { EXAMPLES, KEYS } from './places.ts';
import type { ProblemList } from '../problems/problem-list.ts';
import { quoted, visible } from '../problems/quoted.ts';
import type { Mapping, Tree } from '../yaml/tree.ts';
import { reportUnknownKeys } from './unknown-keys.ts';
import { nameOfKind } from './wrong-type.ts';

/** An entry of a list that is neither text nor, where sources are listed, `{file: …}`. */
export function reportWrongItem(place: string, tree: Tree, problems: ProblemList): void {
  const example = EXAMPLES[place.slice(0, -2)] ?? '';
  if (tree.kind === 'nothing') {
    problems.error('empty', tree.span, 'this entry is empty', `delete it, or write a value, such as ${example}`);
  } else if (tree.kind === 'list') {
    const [first, ...more] = tree.items;
    const meant = first?.kind === 'text' && more.length === 0 && first.text.length < 80 ? first.text : undefined;
    const hint = `write it without brackets of its own: ${meant === undefined ? example : visible(meant)}`;
    problems.error('wrong-type', tree.span, 'an entry is a single value here, not a list', hint);
  } else if (tree.kind === 'mapping') {
    reportMapping(place, tree, problems);
  }
}

function reportMapping(place: string, tree: Mapping, problems: ProblemList): void {
  const meant = meantAsText(tree);
  if (meant !== undefined) {
    const message = `YAML reads ${quoted(meant)} as a key, for a colon stands at its end`;
    problems.error('needs-quotes', tree.span, message, `put it in quotes: "${meant}"`);
  } else if (place in KEYS) reportWrongFile(place, tree, problems);
  else {
    const message = `an entry is a single value here, not ${nameOfKind(tree)}`;
    problems.error('wrong-type', tree.span, message, textHint(place, tree));
  }
}

/** An IPv6 address that ends in "::" is a key without a value to YAML. */
function meantAsText({ entries }: Mapping): string | undefined {
  const [entry, ...more] = entries;
  if (entry === undefined || more.length > 0 || entry.value.kind !== 'nothing') return undefined;
  return parsePrefix(`${entry.key}:`).ok ? `${entry.key}:` : undefined;
}

/** `22: tcp` instead of `22/tcp`. */
function textHint(place: string, { entries: [entry] }: Mapping): string {
  const port = entry?.value.kind === 'text' && /^(?:tcp|udp)$/i.test(entry.value.text) && /^[0-9-]+$/.test(entry.key);
  if (port) return `write ${entry.key}/${entry.value.text.toLowerCase()}`;
  return `write ${EXAMPLES[place.slice(0, -2)]}`;
}

function reportWrongFile(place: string, tree: Mapping, problems: ProblemList): void {
  const file = tree.entries.find(({ key }) => key === 'file');
  const hasOthers = tree.entries.some(({ key }) => key !== 'file');
  if (hasOthers) reportUnknownKeys(place, tree, problems);
  if (file === undefined ? hasOthers : file.value.kind === 'text') return;
  const hint = 'write {file: lists/partners.txt}, one entry for each file';
  problems.error('bad-path', file?.value.span ?? tree.span, "'file' takes the path of one file", hint);
}
