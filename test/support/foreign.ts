import { ownsChain, ownsSet } from '../../src/ruleset/ownership.ts';
import type { FakeKernel } from './fake-kernel.ts';
import { splitWords } from '../../src/iptables/tokens.ts';

/** All of the kernel's state that is nobody's but the others': what Seawall must leave as it was, in its order. */
export function foreignText({ tables, sets }: FakeKernel): string {
  const lines = ([4, 6] as const).flatMap((family) => tables[family].save().split('\n').filter(isForeign));
  const others = sets.names().filter((name) => !ownsSet(name));
  return [...lines, sets.save(others)].join('\n');
}

function isForeign(line: string): boolean {
  const [, chain = ''] = /^(?::|-A )(\S+)/.exec(line) ?? [];
  const words = splitWords(line);
  const hooks = words.some((word, at) => ['-j', '-g'].includes(words[at - 1] ?? '') && ownsChain(word));
  return !ownsChain(chain) && !hooks;
}
