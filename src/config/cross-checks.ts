import { formatPrefix } from '../net/prefix.ts';
import { coveredPrefixes } from './entries/coverage.ts';
import type { Config, Source } from './model.ts';
import { spanOf } from './problems/positions.ts';
import type { ProblemList } from './problems/problem-list.ts';
import { quoted } from './problems/quoted.ts';
import { prefixSources } from './entries/sources.ts';
import { keySpan, type Tree } from './yaml/tree.ts';

/** Warns where parts of the config that are each in order don't go together. */
export function crossCheck(config: Config, tree: Tree, problems: ProblemList): void {
  checkBlocked(config, problems);
  if (config.trusted.length > 0 || config.public.length > 0 || config.allow.length > 0) return;
  const message = 'nobody is trusted and no port is public: nobody can reach this machine from outside';
  const hint = 'list your own address under trusted, or 22/tcp under public';
  problems.warning('nobody-trusted', keySpan(tree, 'trusted') ?? keySpan(tree, 'version') ?? tree.span, message, hint);
}

/** `block` is judged before `trusted` and `allow`: an entry of those that it covers has no effect. */
function checkBlocked({ block, trusted, allow }: Config, problems: ProblemList): void {
  const blocked = new Set<Source>(prefixSources(block));
  const others = [...trusted, ...allow.flatMap(({ from }) => from)];
  const covered = coveredPrefixes(prefixSources([...block, ...others]), (source) => blocked.has(source));
  for (const [source, cover] of covered) {
    if (blocked.has(source)) continue;
    const there = `${formatPrefix(cover.prefix)} in line ${cover.at.line}`;
    const message = `${quoted(formatPrefix(source.prefix))} has no effect: ${there} blocks it`;
    problems.warning('trusted-but-blocked', spanOf(source.at), message, 'delete one of the two');
  }
}
