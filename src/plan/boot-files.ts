import { createHash } from 'node:crypto';
import { createSet } from '../ipset/create.ts';
import { tableTexts } from '../iptables/change.ts';
import { BUILT_IN, TABLE } from '../iptables/names.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import type { FamilyRules, Ruleset } from '../ruleset/ruleset.ts';

type Chunk = string | Uint8Array;

/** A plain file that the kernel's own tools can load. */
export interface PlainFile {
  readonly name: string;
  readonly content: () => Iterable<Chunk>;
}

export const TOOL: Readonly<Record<Family, 'iptables' | 'ip6tables'>> = { 4: 'iptables', 6: 'ip6tables' };

/** All that an empty kernel needs, in the order in which it is to be loaded: sets, chains, hooks. */
export function plainFiles(ruleset: Ruleset): PlainFile[] {
  return [
    { name: 'sets.ipset', content: () => allSets(ruleset) },
    ...FAMILIES.map((family) => ({ name: `rules.${TOOL[family]}`, content: () => [chainsText(ruleset[family])] })),
    { name: 'hooks', content: () => [FAMILIES.map((family) => hooksText(ruleset[family])).join('')] },
  ];
}

function* allSets(ruleset: Ruleset): Generator<Chunk> {
  for (const family of FAMILIES) for (const set of ruleset[family].sets) yield* createSet(set);
}

/** Input of `iptables-restore --noflush`: own chains only. */
function chainsText(rules: FamilyRules): string {
  const { chains } = tableTexts(rules);
  return [
    `*${TABLE}`,
    ...[...chains.keys()].map((name) => `:${name} - [0:0]`),
    ...[...chains].flatMap(([name, texts]) => texts.map((text) => `-A ${name} ${text}`)),
    'COMMIT\n',
  ].join('\n');
}

/** One line a hook: tool, built-in chain, rule. The rules hold no quotes, so a shell can split them by spaces. */
function hooksText(rules: FamilyRules): string {
  return tableTexts(rules)
    .hooks.map(({ point, text }) => `${TOOL[rules.family]} ${BUILT_IN[point]} ${text}\n`)
    .join('');
}

/** Two rulesets with the same fingerprint are the same, entry by entry. Hexadecimal. */
export function rulesetFingerprint(ruleset: Ruleset): string {
  const hash = createHash('sha256');
  for (const family of FAMILIES) {
    hash.update(chainsText(ruleset[family])).update(hooksText(ruleset[family]));
    for (const set of ruleset[family].sets) {
      hash.update(`\n${set.name} `);
      if (set.kind === 'net') hash.update(set.members.fingerprint());
      if (set.kind === 'port') hash.update(JSON.stringify(set.ports.ranges()));
    }
  }
  return hash.digest('hex');
}
