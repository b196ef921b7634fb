import { interfaceCovers, interfaceFindings } from './interface-name.ts';
import type { Interfaces } from '../model.ts';
import type { Span } from '../problems/positions.ts';
import type { ProblemList } from '../problems/problem-list.ts';
import { quoted } from '../problems/quoted.ts';
import { child, itemsOf, type Tree } from '../yaml/tree.ts';

interface Named {
  readonly name: string;
  readonly span: Span;
}

/** The interfaces' names, without those that have errors. */
export function readInterfaces(tree: Tree | undefined, problems: ProblemList): Interfaces {
  const internal = readNames(child(tree, 'internal'), problems);
  const external = readNames(child(tree, 'external'), problems);
  for (const entry of external) checkConflict(entry, internal, problems);
  return { internal: internal.map(({ name }) => name), external: external.map(({ name }) => name) };
}

function readNames(tree: Tree | undefined, problems: ProblemList): Named[] {
  const names = itemsOf(tree).flatMap((item) => readName(item, problems));
  const stems = new Map<string, Named>();
  for (const entry of names) stems.set(entry.name, stems.get(entry.name) ?? entry);
  const wild = [...stems.values()].filter(({ name }) => name.endsWith('*'));
  for (const entry of names) checkRepeat(entry, stems.get(entry.name), wild, problems);
  return names;
}

function readName(item: Tree, problems: ProblemList): Named[] {
  if (item.kind !== 'text') return [];
  const findings = interfaceFindings(item.text);
  for (const finding of findings) problems.add(finding, item.span);
  return findings.some(({ severity }) => severity === 'error') ? [] : [{ name: item.text, span: item.span }];
}

function checkRepeat(entry: Named, first: Named | undefined, wild: readonly Named[], problems: ProblemList): void {
  const lineOf = ({ span }: Named): number => problems.positions.line(span.start);
  if (first !== undefined && first !== entry) {
    const message = `${quoted(entry.name)} stands in line ${lineOf(first)} already`;
    problems.warning('duplicate', entry.span, message, 'delete one of the two');
    return;
  }
  const cover = wild.find(({ name }) => name !== entry.name && interfaceCovers(name, entry.name));
  if (cover === undefined) return;
  const message = `${quoted(entry.name)} is one of ${quoted(cover.name)} in line ${lineOf(cover)}`;
  problems.warning('covered', entry.span, message, 'delete it');
}

/** An interface that is both inside and outside: nobody should have to know which of the two wins. */
function checkConflict(entry: Named, internal: readonly Named[], problems: ProblemList): void {
  const other = internal.find(({ name }) => interfaceCovers(name, entry.name) || interfaceCovers(entry.name, name));
  if (other === undefined) return;
  const line = problems.positions.line(other.span.start);
  const message = `${quoted(entry.name)} is external here and ${quoted(other.name)} internal in line ${line}`;
  problems.error('interface-conflict', entry.span, message, 'delete one of the two, or name the interfaces one by one');
}
