import type { Condition, End, TrackState } from '../../ruleset/condition.ts';
import {
  byOption,
  conditionOf,
  openCondition,
  type MatchReader,
  type OptionReader,
  type Plain,
} from './match-reading.ts';
import type { Option } from './rule-words.ts';
import { listOf, maskedAddresses, maskedNumber, portRange } from './values.ts';

const STATES: Readonly<Record<string, TrackState>> = {
  NEW: 'new',
  ESTABLISHED: 'established',
  RELATED: 'related',
  INVALID: 'invalid',
  UNTRACKED: 'untracked',
};

/** What has no connection of which something could be asked. */
const WITHOUT: readonly TrackState[] = ['invalid', 'untracked'];

const tracked = (text: string): Condition => ({ kind: 'state', states: WITHOUT, not: true, text });
const trackless = (text: string): Condition => ({ kind: 'state', states: WITHOUT, text });

/** `NEW,DNAT`: one of the states, or a connection that was rewritten. */
function readStates(option: Option): Condition {
  const names = option.values.length === 1 ? listOf(option.values[0], nameOf) : undefined;
  if (names === undefined) return openCondition(option.text);
  const states = names.flatMap((name) => STATES[name] ?? []);
  const parts: Plain[] = states.length > 0 ? [{ kind: 'state', states }] : [];
  if (names.includes('DNAT')) parts.push({ kind: 'nat', dnat: true });
  if (names.includes('SNAT')) parts.push({ kind: 'nat', snat: true });
  const [only] = parts;
  if (only && parts.length === 1) return conditionOf(only, option.text, option.not);
  const of = parts.map((part) => conditionOf(part, option.text, false));
  return conditionOf({ kind: 'any', of }, option.text, option.not);
}

const nameOf = (text: string): string | undefined =>
  Object.hasOwn(STATES, text) || text === 'DNAT' || text === 'SNAT' ? text : undefined;

const originalAddress =
  (end: End): OptionReader =>
  ([text = '', ...more], family) => {
    const ranges = more.length === 0 ? maskedAddresses(text, family) : undefined;
    return ranges && { kind: 'original', end, ranges };
  };

const originalPort =
  (end: End): OptionReader =>
  ([text, ...more]) => {
    const range = more.length === 0 ? portRange(text) : undefined;
    return range && { kind: 'original', end, ports: [range] };
  };

const direction: OptionReader = ([text]) =>
  text === 'ORIGINAL' || text === 'REPLY'
    ? { kind: 'direction', direction: text === 'REPLY' ? 'reply' : 'original' }
    : undefined;

const OF_CONNECTION: Readonly<Record<string, OptionReader>> = {
  '--ctorigsrc': originalAddress('src'),
  '--ctorigdst': originalAddress('dst'),
  '--ctorigsrcport': originalPort('src'),
  '--ctorigdstport': originalPort('dst'),
  '--ctdir': direction,
};

const readOne = byOption(OF_CONNECTION);

/**
 * For a packet without a connection the kernel looks at nothing but the state, if that is asked for; if it is not, then
 * nothing holds, not even a negation.
 */
export const conntrack: MatchReader = (options, family, text) => {
  const state = options.find(({ name }) => name === '--ctstate' || name === '--state');
  const others = options.filter((option) => option !== state);
  const conditions = readOne(others, family, text);
  if (state === undefined) return others.length === 0 ? [] : [tracked(text), ...conditions];
  const first = readStates(state);
  if (hasConnection(first)) return [first, ...conditions];
  return [first, ...conditions.map((each) => orTrackless(each))];
};

/** Whether who passes this condition surely has a connection. */
const hasConnection = (condition: Condition): boolean =>
  condition.kind === 'state' && condition.not !== true && condition.states.every((state) => !WITHOUT.includes(state));

const orTrackless = (condition: Condition): Condition => ({
  kind: 'any',
  of: [trackless(condition.text), condition],
  text: condition.text,
});

const markOf =
  (of: 'packet' | 'connection'): OptionReader =>
  ([text, ...more]) => {
    const mark = more.length === 0 ? maskedNumber(text) : undefined;
    return mark && { kind: 'mark', of, ...mark };
  };

export const mark = byOption({ '--mark': markOf('packet') });

const connmarkOption = byOption({ '--mark': markOf('connection') });

/** Without a connection there is no mark, and not even `! --mark` holds. */
export const connmark: MatchReader = (options, family, text) => [
  tracked(text),
  ...connmarkOption(options, family, text),
];
