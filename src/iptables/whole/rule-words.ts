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

const WORD = /"((?:[^"\\]|\\.)*)"(?=\s|$)|(\S+)/g;
const OPTION = /^--?[A-Za-z]/;

interface Word {
  readonly value: string;
  readonly from: number;
  readonly to: number;
  readonly isOption: boolean;
  readonly isNot: boolean;
}

/** Cuts a rule, as iptables-save prints it or as somebody wrote it, into its options. Any text is cut somehow. */
export function cutOptions(rule: string): Option[] {
  const words = [...rule.matchAll(WORD)].map(wordOf);
  const options: Option[] = [];
  for (let at = 0; at < words.length;) {
    const end = endOfOption(words, at);
    options.push(optionOf(rule, words.slice(at, end)));
    at = end;
  }
  return options;
}

function wordOf({ 0: text, 1: quoted, index }: RegExpExecArray): Word {
  const value = quoted === undefined ? text : quoted.replaceAll(/\\(.)/g, '$1');
  const bare = quoted === undefined;
  return { value, from: index, to: index + text.length, isOption: bare && OPTION.test(text), isNot: text === '!' };
}

/** Behind the values: at the next option, or at the `!` in front of it. */
function endOfOption(words: readonly Word[], from: number): number {
  let at = from;
  if (words[at]?.isNot === true && words[at + 1]?.isOption === true) at++;
  const name = words[at];
  if (name?.isOption === true && FREE.has(name.value)) at++;
  at++;
  while (at < words.length && words[at]?.isOption !== true && !standsBeforeOption(words, at)) at++;
  return Math.min(at, words.length);
}

const standsBeforeOption = (words: readonly Word[], at: number): boolean =>
  words[at]?.isNot === true && words[at + 1]?.isOption === true;

/** Old versions wrote `--dport ! 22`. */
function optionOf(rule: string, words: readonly Word[]): Option {
  const text = rule.slice(words[0]?.from, words.at(-1)?.to);
  const before = words[0]?.isNot === true;
  const [first, ...rest] = before ? words.slice(1) : words;
  if (first?.isOption !== true) return { name: '', not: false, values: words.map(({ value }) => value), text };
  const behind = rest[0]?.isNot === true && rest.length > 1;
  const values = (behind ? rest.slice(1) : rest).map(({ value }) => value);
  return { name: first.value, not: before !== behind, values, text };
}
