import { visible } from '../config/problems/quoted.ts';
import type { PolicyChange } from '../plan/changes.ts';
import type { Drift, DriftFinding } from '../plan/drift.ts';
import type { Colours } from './colours.ts';
import { counted, grouped, wrap } from './text.ts';

/** Why what stands is not what the config says. */
export interface DifferenceFacts {
  /** The generation that the kernel was compared with; null where none is known, so that the config stands for it. */
  readonly generation: number | null;
  readonly drift: Drift;
  /**
   * What should stand, against the generation. `edited`: the config was edited since. `other-facts`: it was not, but
   * names, lists, links or Docker's networks changed.
   */
  readonly wanted: 'same' | 'edited' | 'other-facts' | 'unknown';
}

const CELL = 11;

/** What differs, in half a sentence for the headline, and what heals it. */
export function differenceHead({ generation, drift, wanted }: DifferenceFacts): string {
  if (drift.rival) return 'but old rules are in force by the other backend. Heal it: seawall apply';
  if (drift.elsewhere) return 'but old rules are in force in the other variant of iptables. Heal it: seawall apply';
  const changed = generation !== null && drift.count > 0;
  const since = `${wanted === 'edited' ? 'the config was edited' : 'names, lists or links have changed'} since`;
  if (generation === null || wanted === 'unknown') return 'but differs from the config. Heal it: seawall apply';
  if (wanted === 'same') return 'but differs: somebody changed it in the kernel. Heal it: seawall apply';
  if (changed) return `but somebody changed it, and ${since}: seawall apply`;
  return `as last applied, but ${since}: seawall apply`;
}

/** What stands otherwise in the kernel, thing by thing. */
export function driftLines({ generation, drift }: DifferenceFacts, { dim }: Colours): string[] {
  const { findings, count } = drift;
  if (count === 0) return [];
  const more = count - findings.length;
  const against =
    generation === null ? 'in the kernel, against the config' : `in the kernel, since generation ${generation}`;
  return [
    '',
    dim(`${against}:`),
    ...findings.map(findingText),
    ...(more > 0 ? [`  and ${grouped(more)} more`] : []),
    ...(findings.some(({ foreign }) => foreign === true)
      ? [dim('  If other rules come back in front of Seawall after an apply: seawall doctor')]
      : []),
  ];
}

const findingText = ({ place, text }: DriftFinding): string =>
  `  ${wrap(breakable(visible(`${place}: ${text}`)), '    ').trimStart()}`;

/** A rule of somebody else may be of any length, and hold words of any length. */
const breakable = (text: string): string => {
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return shown.replaceAll(/\S{80}(?=\S)/g, '$& ');
};
const LONGEST = 300;

/** What that means, or would: entries that the config has and the kernel has not, and the other way round. */
export function meaningLines(
  changes: readonly PolicyChange[],
  repairs: number,
  told: boolean,
  { green, red, dim }: Colours,
): string[] {
  const line = (word: string, text: string): string => `  ${word}  ${wrap(text, ' '.repeat(CELL)).trimStart()}`;
  const lines = changes.flatMap(({ area, added, removed, addedCount, removedCount }) => [
    ...cutOff(added, addedCount).map((text) => line(green('missing'), `${area}: ${text}`)),
    ...cutOff(removed, removedCount).map((text) => line(red('surplus'), `${area}: ${text}`)),
  ]);
  if (lines.length > 0) return ['', dim('in words of the config:'), ...lines];
  return told ? [] : ['', dim(`  the policy is the same, but ${counted(repairs, 'part')} of the rules or sets differ`)];
}

/** The entries that are spelled out, and how many there are if those are not all. */
const cutOff = (texts: readonly string[], count: number): readonly string[] =>
  count > texts.length ? [...texts, `… ${grouped(count)} in all`] : texts;
