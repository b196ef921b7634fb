import { createHash } from 'node:crypto';
import { createSet } from '../ipset/create.ts';
import { tableTexts } from '../iptables/change.ts';
import { BUILT_IN, TABLE } from '../iptables/names.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import { diffNft } from '../nftables/change.ts';
import { NFT_TABLE } from '../nftables/names.ts';
import { NO_NFT } from '../nftables/read-table.ts';
import { makeAndFill, renderNftChange } from '../nftables/render-change.ts';
import { emptyNftSet, fillNftSet, type Filling, makeNftSet } from '../nftables/render-set.ts';
import { isHashed, partsOf } from '../nftables/set-parts.ts';
import { CUT_HOOK } from '../policy/compile.ts';
import type { Backend } from '../ruleset/backend.ts';
import { isList, ownsSet } from '../ruleset/ownership.ts';
import type { FamilyRules, Ruleset } from '../ruleset/ruleset.ts';
import type { NetSetSpec, SetSpec } from '../ruleset/set.ts';
import { inSlots } from './slots.ts';

type Chunk = string | Uint8Array;

/** A plain file that the kernel's own tools can load. */
export interface PlainFile {
  readonly name: string;
  readonly content: () => Iterable<Chunk>;
  /** There is never another content under this name, so a file of this name can be taken over as it is. */
  readonly lasting?: true;
}

export const TOOL: Readonly<Record<Family, 'iptables' | 'ip6tables'>> = { 4: 'iptables', 6: 'ip6tables' };

/** All that an empty kernel needs, in the order in which it is to be loaded: sets, chains, hooks. */
export const plainFiles = (ruleset: Ruleset, backend: Backend = 'iptables'): PlainFile[] =>
  backend === 'nftables'
    ? [...longSets(ruleset).flatMap(hashFile), ...nftFiles(ruleset)]
    : [setsFile(allSets(ruleset)), ...rulesFiles(ruleset)];

/**
 * The same for the next boot: long lists in files of their own, so that a change of something else leaves them be. The
 * words of iptables are the record of a generation, whichever backend it is for; what nftables loads comes beside it.
 */
export function bootFiles(ruleset: Ruleset, backend: Backend = 'iptables'): PlainFile[] {
  const sets = allSets(ruleset);
  const lists = sets.filter(isLongList);
  return [
    setsFile(sets.filter((set) => !isLongList(set))),
    ...lists.map((set) => ({ name: `${set.name}.ipset`, content: () => createSet(set), lasting: true as const })),
    ...rulesFiles(ruleset),
    ...(backend === 'nftables' ? plainFiles(ruleset, backend) : []),
  ];
}

/** What nft loads; by this file a boot knows which backend a generation is for. */
export const NFT_FILE = 'rules.nft';

/** Everything but the long sets: the other ones, and then what asks them. */
function nftFiles(ruleset: Ruleset): PlainFile[] {
  const tables = { 4: tableTexts(atBoot(ruleset[4])), 6: tableTexts(atBoot(ruleset[6])) };
  const { prepare, change } = diffNft({ tables, sets: allSets(ruleset) }, NO_NFT, new Map());
  const small = prepare.fill.filter(({ set }) => !isHashed(set));
  return [
    { name: 'sets.nft', content: () => setLines(small) },
    { name: NFT_FILE, content: () => (change ? renderNftChange(change) : []) },
  ];
}

/** Sets get their content whatever they held. What fills by itself keeps what it has. */
function* setLines(fillings: readonly Filling[]): Generator<Chunk> {
  yield `add table ${NFT_TABLE}\n`;
  for (const filling of fillings) {
    yield makeNftSet(filling);
    if (filling.set.kind !== 'denied') yield emptyNftSet(filling);
    yield* fillNftSet(filling);
  }
}

/** The hook for cut connections is none of a boot: there are no connections then. */
const atBoot = (rules: FamilyRules): FamilyRules => ({
  ...rules,
  hooks: rules.hooks.filter(({ point }) => point !== CUT_HOOK.point),
});

const longSets = (ruleset: Ruleset): NetSetSpec[] => [
  ...new Map(
    allSets(ruleset)
      .filter(isHashed)
      .map((set) => [set.name, set]),
  ).values(),
];

/** One file a long set, and as many transactions in it as whoever loads it likes. */
const hashFile = (set: NetSetSpec): PlainFile[] => [
  {
    name: `${set.name}.nft`,
    lasting: true,
    content: function* () {
      yield `add table ${NFT_TABLE}\n`;
      for (const part of partsOf(set)) yield* makeAndFill({ set, part });
    },
  },
];

/** Entries from which on a list is worth a file; below that, opening one more file costs more than writing it again. */
const LONG = 4096;

const isLongList = (set: SetSpec): boolean => set.kind === 'net' && isList(set.name) && set.members.size >= LONG;

/** Whether a file of this name holds one long list, named by its content. */
export const isLongListFile = (name: string): boolean =>
  ownsSet(name) && (name.endsWith('.nft') || (isList(name) && name.endsWith('.ipset')));

const allSets = (ruleset: Ruleset): SetSpec[] => FAMILIES.flatMap((family) => ruleset[family].sets);

const setsFile = (sets: readonly SetSpec[]): PlainFile => ({ name: 'sets.ipset', content: () => createAll(sets) });

function* createAll(sets: readonly SetSpec[]): Generator<Chunk> {
  for (const set of sets) yield* createSet(set);
}

function rulesFiles(ruleset: Ruleset): PlainFile[] {
  return [
    ...FAMILIES.map((family) => ({ name: `rules.${TOOL[family]}`, content: () => [chainsText(ruleset[family])] })),
    { name: 'hooks', content: () => [FAMILIES.map((family) => hooksText(ruleset[family])).join('')] },
  ];
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

/**
 * One line a hook: tool, built-in chain, rule. The rules hold no quotes, so a shell can split them by spaces. The hook for
 * cut connections is none of them: at boot there are no connections.
 */
function hooksText(rules: FamilyRules): string {
  return tableTexts(rules)
    .hooks.filter(({ point }) => point !== CUT_HOOK.point)
    .map(({ point, text }) => `${TOOL[rules.family]} ${BUILT_IN[point]} ${text}\n`)
    .join('');
}

/** Two rulesets with the same one mean the same, whichever of their names the sets are used under. Hexadecimal. */
export const meaningFingerprint = (ruleset: Ruleset): string =>
  rulesetFingerprint({ 4: inSlots(ruleset[4], {}), 6: inSlots(ruleset[6], {}) });

/** Two rulesets with the same fingerprint are the same, entry by entry, in whatever order their sets are. Hexadecimal. */
export function rulesetFingerprint(ruleset: Ruleset): string {
  const hash = createHash('sha256');
  for (const family of FAMILIES) {
    hash.update(chainsText(ruleset[family])).update(hooksText(ruleset[family]));
    for (const set of ruleset[family].sets.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      hash.update(`\n${set.name} `);
      if (set.kind === 'net') hash.update(set.members.fingerprint());
      if (set.kind === 'port') hash.update(JSON.stringify(set.ports.ranges()));
    }
  }
  return hash.digest('hex');
}
