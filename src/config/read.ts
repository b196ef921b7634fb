import { readAllow } from './entries/allow.ts';
import { choiceOf } from './structure/choices.ts';
import { crossCheck } from './cross-checks.ts';
import { readInterfaces } from './entries/interfaces.ts';
import { loadTree } from './yaml/load.ts';
import type { BlockSource, Config, Problem, Source } from './model.ts';
import { readPorts } from './entries/ports.ts';
import { ProblemList } from './problems/problem-list.ts';
import { quoted } from './problems/quoted.ts';
import { readSources } from './entries/sources.ts';
import { checkStructure } from './structure/check-structure.ts';
import { child, type Tree } from './yaml/tree.ts';

export interface ConfigReading {
  /** Absent if and only if there is an error: a config is used as a whole or not at all. */
  readonly config: Config | undefined;
  /** All that is wrong, in the order of the file. */
  readonly problems: Problem[];
}

/**
 * Reads the text of a config file. Only what makes the rest unreadable (a syntax error of YAML, a newer version, a
 * control character) is reported alone.
 */
export function readConfig(text: string): ConfigReading {
  const problems = new ProblemList(text);
  const tree = loadTree(text, problems);
  const config = tree && readTree(tree, problems);
  return { config: problems.hasErrors ? undefined : config, problems: problems.sorted() };
}

function readTree(tree: Tree, problems: ProblemList): Config | undefined {
  if (isNewer(tree, problems)) return undefined;
  checkStructure(tree, problems);
  const config = readSections(tree, problems);
  if (!problems.hasErrors) crossCheck(config, tree, problems);
  return config;
}

/** Keys that only a newer Seawall knows would all be reported as unknown. */
function isNewer(tree: Tree, problems: ProblemList): boolean {
  const version = child(tree, 'version');
  if (version?.kind !== 'text' || !/^[1-9][0-9]*$/.test(version.text) || version.text === '1') return false;
  const message = `version ${quoted(version.text)} of the config is made for a newer Seawall`;
  problems.error('newer-version', version.span, message, "upgrade Seawall, or write 'version: 1' and what it knows");
  return true;
}

const readSections = (tree: Tree, problems: ProblemList): Config => ({
  trusted: readSources(child(tree, 'trusted'), 'trusted', problems),
  public: readPorts(child(tree, 'public'), problems),
  allow: readAllow(child(tree, 'allow'), problems),
  block: readSources(child(tree, 'block'), 'block', problems).filter(isBlockSource),
  interfaces: readInterfaces(child(tree, 'interfaces'), problems),
  log: choiceOf('log', child(tree, 'log')),
  swarm: choiceOf('docker.swarm', child(child(tree, 'docker'), 'swarm')),
  backend: choiceOf('backend', child(tree, 'backend')),
});

const isBlockSource = (source: Source): source is BlockSource => source.kind !== 'name';
