import type { Family } from '../net/family.ts';
import type { Action, Match, Rule } from '../ruleset/match.ts';
import { ownsChain } from '../ruleset/ownership.ts';
import { parseMatch } from './parse-match.ts';
import { isWellQuoted, splitWords } from './tokens.ts';
import { isName, Words } from './words.ts';

/**
 * Reads one rule (without `-A CHAIN`) that Seawall could have written.
 * Anything else, however small the difference, is `undefined`: then somebody else wrote it.
 */
export function parseRule(text: string, family: Family): Rule | undefined {
  // A NUL would end the line for a tool that is written in C, and cut off what the rule does.
  if (!isWellQuoted(text) || /\p{Cc}/u.test(text)) return undefined;
  const words = new Words(splitWords(text));
  const match: Match[] = [];
  const comments: string[] = [];
  let implied = 0;
  while (!words.done()) {
    if (words.take('-m', 'comment', '--comment')) {
      comments.push(words.next() ?? '');
      continue;
    }
    if (words.isNext('-j') || words.isNext('-g')) {
      const action = parseAction(words);
      const whole = words.done() && comments.length <= 1 && implied === impliedBy(match, family);
      return action && whole ? ruleOf(match, action, comments[0]) : undefined;
    }
    const next = parseMatch(words, family);
    if (!next) return undefined;
    if (next === 'implied') implied++;
    else match.push(next);
  }
  return undefined;
}

const ruleOf = (match: readonly Match[], action: Action, comment: string | undefined): Rule =>
  comment === undefined ? { match, action } : { match, action, comment };

/** How many conditions are only the other half of one that was read. */
const impliedBy = (match: readonly Match[], family: Family): number =>
  family === 4 ? 0 : match.filter(({ kind }) => kind === 'elsewhere').length;

function parseAction(words: Words): Action | undefined {
  if (words.take('-g')) return parseChain('goto', words.next());
  if (words.take('-j', 'RETURN')) return { kind: 'return' };
  if (words.take('-j', 'DROP')) return { kind: 'drop' };
  if (words.take('-j', 'LOG', '--log-prefix')) return { kind: 'log', prefix: words.next() ?? '' };
  if (words.take('-j', 'SET', '--add-set')) {
    const set = words.next() ?? '';
    if (!isName(set) || !words.take('src,dst')) return undefined;
    return { kind: words.take('--exist') ? 'renew' : 'note', set };
  }
  return words.take('-j') ? parseChain('jump', words.next()) : undefined;
}

/** Any other target or chain is none that an own rule has. */
const parseChain = (kind: 'jump' | 'goto', chain = ''): Action | undefined =>
  ownsChain(chain) && isName(chain) ? { kind, chain } : undefined;
