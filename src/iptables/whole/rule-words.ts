/** One option of a rule with what stands behind it: `! --dport 22`, `-m tcp`, `-j LOG`. */
export interface Option {
  /** With its dashes; empty for words in front of the first option. */
  readonly name: string;
  readonly not: boolean;
  readonly values: readonly string[];
  /** As it stands in the rule. */
  readonly text: string;
}

/** Options whose value may itself look like an option, for it is a free text that is quoted only where it must be. */
const FREE = new Set([
  '--comment',
  '--log-prefix',
  '--nflog-prefix',
  '--ulog-prefix',
  '--string',
  '--hex-string',
  '--name',
]);

const QUOTED = /"((?:[^"\\]|\\.)*)"(?=\s|$)/y;
const OPTION = /^--?[A-Za-z]/;
const [TAB, CARRIAGE_RETURN, SPACE] = [9, 13, 32];
const isBlank = (code: number): boolean => code === SPACE || (code >= TAB && code <= CARRIAGE_RETURN);

interface Word {
  readonly value: string;
  readonly from: number;
  readonly to: number;
  /** `!` turns round the option behind it, or that before it. */
  readonly kind: 'option' | 'not' | 'value';
}

/** Cuts a rule, as iptables-save prints it or as somebody wrote it, into its options. Any text is cut somehow. */
export function cutOptions(rule: string): Option[] {
  const words = wordsOf(rule);
  const options: Option[] = [];
  for (let at = 0; at < words.length;) {
    const end = endOfOption(words, at);
    options.push(optionOf(rule, words, at, end));
    at = end;
  }
  return options;
}

function wordsOf(rule: string): Word[] {
  const words: Word[] = [];
  for (let at = 0; at < rule.length;) {
    const word = rule[at] === '"' ? (quotedWord(rule, at) ?? bareWord(rule, at)) : bareWord(rule, at);
    if (word.to > at) words.push(word);
    at = word.to + 1;
  }
  return words;
}

function quotedWord(rule: string, from: number): Word | undefined {
  QUOTED.lastIndex = from;
  const inner = QUOTED.exec(rule)?.[1];
  const value = inner?.includes('\\') ? inner.replaceAll(/\\(.)/g, '$1') : inner;
  return value === undefined ? undefined : { value, from, to: QUOTED.lastIndex, kind: 'value' };
}

function bareWord(rule: string, from: number): Word {
  let to = from;
  while (to < rule.length && !isBlank(rule.charCodeAt(to))) to++;
  const value = rule.slice(from, to);
  return { value, from, to, kind: kindOf(value) };
}

const kindOf = (value: string): Word['kind'] =>
  value === '!' ? 'not' : value.startsWith('-') && OPTION.test(value) ? 'option' : 'value';

/** Behind the values: at the next option, or at the `!` in front of it. */
function endOfOption(words: readonly Word[], from: number): number {
  let at = standsBeforeOption(words, from) ? from + 1 : from;
  const word = words[at];
  at += word?.kind === 'option' && FREE.has(word.value) ? 2 : 1;
  while (at < words.length && words[at]?.kind !== 'option' && !standsBeforeOption(words, at)) at++;
  return Math.min(at, words.length);
}

const standsBeforeOption = (words: readonly Word[], at: number): boolean =>
  words[at]?.kind === 'not' && words[at + 1]?.kind === 'option';

/** Old versions wrote `--dport ! 22`. */
function optionOf(rule: string, words: readonly Word[], from: number, end: number): Option {
  const text = rule.slice(words[from]?.from, words[end - 1]?.to);
  const before = words[from]?.kind === 'not';
  const at = before ? from + 1 : from;
  const first = words[at];
  if (first?.kind !== 'option') return { name: '', not: false, values: valuesOf(words, from, end), text };
  const behind = words[at + 1]?.kind === 'not' && at + 2 < end;
  return { name: first.value, not: before !== behind, values: valuesOf(words, behind ? at + 2 : at + 1, end), text };
}

function valuesOf(words: readonly Word[], from: number, end: number): string[] {
  const values: string[] = [];
  for (let at = from; at < end; at++) values.push(words[at]?.value ?? '');
  return values;
}
