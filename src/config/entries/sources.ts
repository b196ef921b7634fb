import { formatPrefix, type Prefix } from '../../net/prefix.ts';
import { coveredPrefixes } from './coverage.ts';
import { completeEveryone, everyoneFinding, type Role } from './everyone.ts';
import type { Source } from '../model.ts';
import { spanOf } from '../problems/positions.ts';
import type { ProblemList } from '../problems/problem-list.ts';
import { quoted } from '../problems/quoted.ts';
import { readFile, readSource, type SourceReading } from './source-text.ts';
import { child, itemsOf, type Tree } from '../yaml/tree.ts';

type PrefixSource = Extract<Source, { kind: 'prefix' }>;

const isPrefixSource = (source: Source): source is PrefixSource => source.kind === 'prefix';

export const prefixSources = (sources: readonly Source[]): PrefixSource[] => sources.filter(isPrefixSource);

/**
 * The sources of one list, without those that have errors; entries of a wrong kind are for the structure's check. A
 * missing list is an empty one.
 */
export function readSources(tree: Tree | undefined, role: Role, problems: ProblemList): Source[] {
  const sources = itemsOf(tree).flatMap((item) => readItem(item, role, problems));
  checkRepeats(sources, problems);
  for (const { at } of completeEveryone(prefixSources(sources))) {
    problems.add(everyoneFinding('this entry, together with those above,', role), spanOf(at));
  }
  return sources;
}

function readItem(item: Tree, role: Role, problems: ProblemList): Source[] {
  const path = child(item, 'file');
  if (item.kind === 'text') return located(readSource(item.text, role), item, problems);
  return path?.kind === 'text' ? located(readFile(path.text), path, problems, item) : [];
}

function located({ value, findings }: SourceReading, text: Tree, problems: ProblemList, item = text): Source[] {
  for (const finding of findings) problems.add(finding, text.span);
  return value === undefined ? [] : [{ ...value, at: problems.positions.at(item.span) }];
}

/** Names the line of the entry that makes another one superfluous. */
function checkRepeats(sources: readonly Source[], problems: ProblemList): void {
  const first = new Map<string, Source>();
  for (const source of sources) {
    if (source.kind === 'prefix') continue;
    const key = source.kind === 'name' ? source.name : `file ${source.path}`;
    const other = first.get(key);
    if (other === undefined) first.set(key, source);
    else reportDuplicate(source, other, source.kind === 'name' ? source.name : source.path, problems);
  }
  for (const [source, cover] of coveredPrefixes(prefixSources(sources))) reportCovered(source, cover, problems);
}

function reportCovered(source: PrefixSource, cover: PrefixSource, problems: ProblemList): void {
  if (source.prefix.length === cover.prefix.length) {
    reportDuplicate(source, cover, formatPrefix(source.prefix), problems);
    return;
  }
  const wide: Prefix = cover.prefix;
  const message = `${quoted(formatPrefix(source.prefix))} is part of ${formatPrefix(wide)} in line ${cover.at.line}`;
  const hint = `delete it, or make ${formatPrefix(wide)} narrower if that was not meant`;
  problems.warning('covered', spanOf(source.at), message, hint);
}

function reportDuplicate(source: Source, other: Source, shown: string, problems: ProblemList): void {
  const message = `${quoted(shown)} stands in line ${other.at.line} already`;
  problems.warning('duplicate', spanOf(source.at), message, 'delete one of the two');
}
