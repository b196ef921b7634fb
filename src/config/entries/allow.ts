import type { AllowEntry } from '../model.ts';
import { readPorts } from './ports.ts';
import type { ProblemList } from '../problems/problem-list.ts';
import { quoted } from '../problems/quoted.ts';
import { readSources } from './sources.ts';
import { child, itemsOf, type Tree } from '../yaml/tree.ts';

const LONGEST_NOTE = 100;

/** The rules under `allow`, those without valid sources or ports left out; the structure's check reports empty lists. */
export const readAllow = (tree: Tree | undefined, problems: ProblemList): AllowEntry[] =>
  itemsOf(tree).flatMap((item) => {
    const from = readSources(child(item, 'from'), 'allow', problems);
    const to = readPorts(child(item, 'to'), problems).map(({ range }) => range);
    const note = readNote(child(item, 'note'), problems);
    if (from.length === 0 || to.length === 0) return [];
    return [{ from, to, ...(note !== undefined && { note }), at: problems.positions.at(item.span) }];
  });

/** Notes go into the kernel's rules and into reports: one line of printable text. */
function readNote(tree: Tree | undefined, problems: ProblemList): string | undefined {
  if (tree?.kind !== 'text') return undefined;
  const length = [...tree.text].length;
  if (length > LONGEST_NOTE) {
    const hint = `shorten it, or move the rest into a comment: "# …"`;
    problems.error('bad-note', tree.span, `the note has ${length} characters; it may have ${LONGEST_NOTE}`, hint);
  } else if (/[\p{C}\p{Zl}\p{Zp}]/u.test(tree.text)) {
    const hint = 'write one line of plain text; a comment may have more lines';
    problems.error('bad-note', tree.span, `${quoted(tree.text)} has a line break or an unprintable character`, hint);
  }
  return tree.text;
}
