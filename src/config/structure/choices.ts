import type { ProblemList } from '../problems/problem-list.ts';
import { quoted } from '../problems/quoted.ts';
import { CHOICES } from '../schema.ts';
import { nearest } from '../suggest.ts';
import type { Tree } from '../yaml/tree.ts';

type ChoicePlace = keyof typeof CHOICES;

export const isChoice = (place: string): place is ChoicePlace => Object.hasOwn(CHOICES, place);

/** What yes and no mean for each key that does not take them. */
const YES: Readonly<Record<ChoicePlace, string>> = { log: 'limited', 'docker.swarm': 'auto', backend: 'auto' };
const NO: Readonly<Record<ChoicePlace, string | undefined>> = { log: 'off', 'docker.swarm': 'off', backend: undefined };
const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ['nft', 'nftables'],
  ['ipset', 'iptables'],
  ['xtables', 'iptables'],
]);

export function badChoice(place: ChoicePlace, tree: Tree, problems: ProblemList): void {
  const key = place.slice(place.lastIndexOf('.') + 1);
  const allowed = CHOICES[place].join(' or ');
  const message = tree.kind === 'text' ? `${quoted(tree.text)} is no value for '${key}'` : `'${key}' needs a value`;
  const meant = tree.kind === 'text' ? choiceMeant(place, tree.text.toLowerCase()) : undefined;
  const hint = meant === undefined ? `write ${key}: ${allowed}` : `write ${key}: ${meant} (it takes ${allowed})`;
  problems.error('bad-value', tree.span, message, hint);
}

function choiceMeant(place: ChoicePlace, text: string): string | undefined {
  if (/^(?:true|yes|on|y|1)$/.test(text)) return YES[place];
  if (/^(?:false|no|off|n|0|none|never)$/.test(text)) return NO[place];
  return NICKNAMES.get(text) ?? nearest(text, CHOICES[place]);
}

/** What the tree chooses; the first choice where it holds none. */
export function choiceOf<K extends ChoicePlace>(place: K, tree: Tree | undefined): (typeof CHOICES)[K][number] {
  const choices: readonly (typeof CHOICES)[K][number][] = CHOICES[place];
  const chosen = tree?.kind === 'text' ? choices.find((choice) => choice === tree.text) : undefined;
  return chosen ?? CHOICES[place][0];
}
