import type { YAMLParseError } from 'yaml';
import type { ProblemList } from '../problems/problem-list.ts';
import { checkText } from './text-faults.ts';
import { TreeBuilder } from './tree-builder.ts';
import type { Tree } from './tree.ts';
import { readYaml, type YamlText } from './yaml-text.ts';
import { syntaxHint } from './yaml-hints.ts';

/** One syntax error can make every line after it one. */
const MOST_SHOWN = 20;

/**
 * Reads the text into a tree, or reports why there is none. Faults that leave no doubt about the tree (a repeated key, a
 * tab) are reported, and the tree is given all the same, so that all else that is wrong can be shown along with them.
 */
export function loadTree(text: string, problems: ProblemList): Tree | undefined {
  checkText(text, problems);
  if (problems.hasErrors) return undefined;
  const yaml = readYaml(text);
  if (!checkSyntax(yaml, problems)) return undefined;
  return new TreeBuilder(problems).build(yaml.document?.contents, { start: 0, end: 0 });
}

function checkSyntax({ document, second, tooDeep }: YamlText, problems: ProblemList): boolean {
  if (tooDeep !== undefined) {
    const hint = 'a config has lists of plain entries; is there a bracket or a dash too many?';
    problems.error('too-deep', { start: tooDeep, end: tooDeep + 1 }, 'the nesting is deeper than any config', hint);
  }
  if (second !== undefined) {
    const hint = 'keep one config in one file: delete this line and all below it, or the line alone';
    problems.error('several-documents', { start: second, end: second + 3 }, 'a second YAML document begins here', hint);
  }
  return reportErrors(document?.errors ?? [], problems) && tooDeep === undefined;
}

/** Whether the tree is what the writer sees in spite of the errors. */
function reportErrors(errors: readonly YAMLParseError[], problems: ProblemList): boolean {
  const lines = new Set<number>();
  for (const error of errors) {
    const line = problems.positions.line(error.pos[0]);
    if (lines.size >= MOST_SHOWN || lines.has(line)) continue;
    lines.add(line);
    reportError(error, problems);
  }
  return errors.every(({ code }) => code === 'TAB_AS_INDENT');
}

function reportError({ code, pos: [start, end], message }: YAMLParseError, problems: ProblemList): void {
  if (code === 'TAB_AS_INDENT') {
    problems.error('tab-indent', { start, end }, 'a tab indents this line', 'indent with spaces: YAML takes no tabs');
    return;
  }
  const said = message.charAt(0).toLowerCase() + message.slice(1);
  problems.error('yaml-syntax', { start, end }, `this is not valid YAML: ${said}`, syntaxHint(code));
}
