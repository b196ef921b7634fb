import * as v from 'valibot';
import { badChoice, isChoice } from './choices.ts';
import { KEYS, placeOf, type Path } from './places.ts';
import type { ProblemList } from '../problems/problem-list.ts';
import { quoted } from '../problems/quoted.ts';
import { configSchema } from '../schema.ts';
import { child, itemsOf, plain, type Mapping, type Tree } from '../yaml/tree.ts';
import { reportUnknownKeys } from './unknown-keys.ts';
import { reportWrongItem } from './wrong-item.ts';
import { reportWrongList, reportWrongMapping } from './wrong-type.ts';

type Issue = v.InferIssue<typeof configSchema>;

/** Reports where the tree has not the structure of a config: keys that are unknown or missing, values of a wrong kind. */
export function checkStructure(tree: Tree, problems: ProblemList): void {
  reportLists(tree, problems);
  const { issues = [] } = v.safeParse(configSchema, plain(tree));
  for (const issue of issues) reportIssue(issue, tree, problems);
}

/** Lists where keys belong: to the schema's library, which asks for an object, a list is one. */
function reportLists(root: Tree, problems: ProblemList): void {
  const rules = itemsOf(child(root, 'allow')).map((_, index) => ['allow', index]);
  for (const path of [[], ['interfaces'], ['docker'], ...rules]) {
    const tree = resolve(root, path);
    if (tree?.kind === 'list') reportWrongMapping(placeOf(path), tree, problems);
  }
}

function reportIssue(issue: Issue, root: Tree, problems: ProblemList): void {
  const path: Path = issue.path?.map(({ key }) => key as string | number) ?? [];
  if (issue.type === 'strict_object' && path.length > 0 && issue.path?.at(-1)?.origin === 'key') {
    reportKey(issue, path, root, problems);
    return;
  }
  const at = resolve(root, path);
  if (at !== undefined) reportValue(placeOf(path), at, problems);
}

const resolve = (root: Tree, path: Path): Tree | undefined => path.reduce<Tree | undefined>(child, root);

function reportKey(issue: Issue, path: Path, root: Tree, problems: ProblemList): void {
  const parent = resolve(root, path.slice(0, -1));
  if (parent?.kind !== 'mapping') return;
  // The schema names only the first of them.
  if (issue.expected === 'never') reportUnknownKeys(placeOf(path.slice(0, -1)), parent, problems);
  else reportMissing(String(path.at(-1)), parent, problems);
}

function reportMissing(key: string, parent: Mapping, problems: ProblemList): void {
  const first = parent.entries[0]?.keySpan ?? parent.span;
  if (key === 'version') {
    problems.error('missing-version', first, "'version' is missing", "write 'version: 1' as the first line");
    return;
  }
  if (key === 'from') reportEmptyFrom(first, problems);
  else reportEmptyTo(first, problems);
}

function reportValue(place: string, tree: Tree, problems: ProblemList): void {
  if (tree.kind === 'faulty') return;
  if (place === 'version') reportVersion(tree, problems);
  else if (place === 'allow.*.from' && isEmpty(tree)) reportEmptyFrom(tree.span, problems);
  else if (place === 'allow.*.to' && isEmpty(tree)) reportEmptyTo(tree.span, problems);
  else if (isChoice(place)) badChoice(place, tree, problems);
  else if (place === 'allow.*' || (place in KEYS && !place.endsWith('*'))) reportWrongMapping(place, tree, problems);
  else if (place.endsWith('*')) reportWrongItem(place, tree, problems);
  else reportWrongList(place, tree, problems);
}

const isEmpty = (tree: Tree): boolean => tree.kind === 'nothing' || (tree.kind === 'list' && tree.items.length === 0);

/** Never "from everyone": an empty list may be one whose entries someone removed. */
function reportEmptyFrom(span: Mapping['span'], problems: ProblemList): void {
  const hint = 'write who may come in, such as from: [192.0.2.0/24]; what is open to everyone belongs under public';
  problems.error('empty-from', span, "this rule has no sources: 'from' is missing or empty", hint);
}

function reportEmptyTo(span: Mapping['span'], problems: ProblemList): void {
  const hint = 'write to which ports, such as to: [9100/tcp]; who may reach everything belongs under trusted';
  problems.error('empty-to', span, "this rule has no ports: 'to' is missing or empty", hint);
}

function reportVersion(tree: Tree, problems: ProblemList): void {
  const written =
    tree.kind === 'text' ? `${quoted(tree.text)} is no version of this format` : "'version' has no number";
  problems.error('bad-version', tree.span, written, "write 'version: 1'");
}
