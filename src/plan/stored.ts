import { parseSets } from '../ipset/save.ts';
import { BUILT_IN, TABLE } from '../iptables/names.ts';
import { parseRule } from '../iptables/parse-rule.ts';
import { parseSave } from '../iptables/save.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import { isComplete } from '../ruleset/complete.ts';
import { ownsChain } from '../ruleset/ownership.ts';
import type { Chain, FamilyRules, Hook, HookPoint, Ruleset } from '../ruleset/ruleset.ts';
import type { SetSpec } from '../ruleset/set.ts';
import { TOOL } from './boot-files.ts';
import { specOf } from './restore.ts';

/** Plain files of a ruleset by their names, as `bootFiles` makes them. */
export type StoredFiles = ReadonlyMap<string, Uint8Array>;

/** Reads plain files back into the ruleset that they came from; undefined if one is missing or isn't Seawall's. */
export function readStored(files: StoredFiles): Ruleset | undefined {
  const sets = readSets(files);
  const [v4, v6] = FAMILIES.map((family) => readFamily(files, family, sets));
  return v4 && v6 && isComplete(v4) && isComplete(v6) ? { 4: v4, 6: v6 } : undefined;
}

function readSets(files: StoredFiles): SetSpec[] {
  const parts = [...files].filter(([name]) => name.endsWith('.ipset')).map(([, bytes]) => bytes);
  return [...parseSets(Buffer.concat(parts))].flatMap(([name, set]) => specOf(name, set) ?? []);
}

function readFamily(files: StoredFiles, family: Family, sets: readonly SetSpec[]): FamilyRules | undefined {
  const [rulesText, hooksText] = [`rules.${TOOL[family]}`, 'hooks'].map((name) => textOf(files, name));
  if (rulesText === undefined || hooksText === undefined) return undefined;
  const chains = [...parseSave(rulesText).chains].map(([name, { rules }]) => readChain(name, rules, family));
  if (!rulesText.split('\n').every(isLine)) return undefined;
  const lines = hooksText.split('\n').filter((line) => line.startsWith(`${TOOL[family]} `));
  const hooks = lines.map((line) => readHook(line, family));
  if (chains.includes(undefined) || hooks.includes(undefined)) return undefined;
  const text = `${rulesText}\n${hooksText}`;
  const own = sets.filter(({ name }) => text.includes(` ${name} `));
  // Port numbers are of neither IP version.
  if (own.some((set) => set.kind !== 'port' && set.family !== family)) return undefined;
  return {
    family,
    // A set's name tells by which family's rules it is asked, its kind alone doesn't.
    sets: own.map((set) => ({ ...set, family })),
    chains: chains.filter((chain) => chain !== undefined),
    hooks: hooks.filter((hook) => hook !== undefined),
  };
}

const textOf = (files: StoredFiles, name: string): string | undefined => {
  const bytes = files.get(name);
  return bytes && Buffer.from(bytes).toString();
};

function readChain(name: string, texts: readonly string[], family: Family): Chain | undefined {
  const rules = texts.map((text) => parseRule(text, family));
  return ownsChain(name) && !rules.includes(undefined)
    ? { name, rules: rules.filter((rule) => rule !== undefined) }
    : undefined;
}

/** A line that is none of these would be left out without a word, and with it perhaps what closes the door. */
const isLine = (line: string): boolean =>
  line === '' || line === `*${TABLE}` || line === 'COMMIT' || /^(:\S+ - \[0:0\]|-A \S+ .+)$/.test(line);

/** One line of the file `hooks`: tool, built-in chain, rule. */
function readHook(line: string, family: Family): Hook | undefined {
  const [, chain = '', text = ''] = /^\S+ (\S+) (.+)$/.exec(line) ?? [];
  const point = (Object.keys(BUILT_IN) as HookPoint[]).find((each) => BUILT_IN[each] === chain);
  const rule = parseRule(text, family);
  if (!point || rule?.action.kind !== 'jump') return undefined;
  return { point, match: rule.match, chain: rule.action.chain };
}
