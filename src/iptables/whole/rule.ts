import type { Family } from '../../net/family.ts';
import type { Condition } from '../../ruleset/condition.ts';
import type { Counters, FilterRule } from '../../ruleset/netfilter.ts';
import { isCoreOption, readCoreOption } from './core-options.ts';
import { openCondition } from './match-reading.ts';
import { readMatch } from './matches.ts';
import { cutOptions, type Option } from './rule-words.ts';
import { protocolNumber } from '../../net/protocol-names.ts';
import { readTarget, type Outcome, type Target } from './targets.ts';

/** Of one table. Equal texts give the same object, so that who works on rules can remember what was worked out. */
export class RuleReader {
  readonly #family: Family;
  readonly #chains: ReadonlySet<string>;
  readonly #conditions = new Map<string, readonly Condition[]>();
  readonly #outcomes = new Map<string, Outcome>();

  constructor(family: Family, chains: ReadonlySet<string>) {
    this.#family = family;
    this.#chains = chains;
  }

  /** Reads a rule without `-A CHAIN`. Whatever is not understood is `open`. */
  read(text: string, counters: Counters | undefined): FilterRule {
    const parts = new RuleParts();
    for (const option of cutOptions(text)) parts.take(option);
    const conditions: Condition[] = [];
    for (const piece of parts.pieces) for (const condition of this.#read(piece)) conditions.push(condition);
    const { action, also } = this.#outcome(parts.targets);
    const rule: FilterRule = also ? { text, conditions, also, action } : { text, conditions, action };
    return counters ? { ...rule, counters } : rule;
  }

  #read(piece: Piece): readonly Condition[] {
    // Each is another one, and says nothing.
    if (piece.match === 'comment') return [];
    const text = textOf(piece);
    const key = piece.head === undefined ? `${piece.match ?? ''} ${text}` : text;
    const known = this.#conditions.get(key) ?? readPiece(piece, this.#family, text);
    this.#conditions.set(key, known);
    return known;
  }

  #outcome([target, ...more]: readonly OpenTarget[]): Outcome {
    if (target === undefined) return { action: { kind: 'continue' } };
    const text = textOf(target);
    if (more.length > 0) return { action: { kind: 'open', what: text, rewrites: true } };
    const known = this.#outcomes.get(text) ?? readTarget(targetOf(target, text), this.#chains, this.#family);
    this.#outcomes.set(text, known);
    return known;
  }
}

function textOf({ head, options }: { readonly head?: Option; readonly options: readonly Option[] }): string {
  let text = head?.text ?? '';
  for (const option of options) text = text === '' ? option.text : `${text} ${option.text}`;
  return text;
}

/** One `-m` with its options, or an option that needs none. */
interface Piece {
  readonly match?: string;
  readonly head?: Option;
  readonly options: Option[];
}

interface OpenTarget {
  readonly head: Option;
  readonly options: Option[];
}

const targetOf = ({ head, options }: OpenTarget, text: string): Target => ({
  name: head.values.length === 1 && !head.not ? (head.values[0] ?? '') : '',
  goto: head.name === '-g' || head.name === '--goto',
  options,
  text,
});

function readPiece({ match, head, options }: Piece, family: Family, text: string): readonly Condition[] {
  if (match !== undefined) return readMatch(match, options, family, text);
  return head === undefined ? [openCondition(text)] : notEvery(readCoreOption(head, family));
}

/** `-p all` and `-i +` ask nothing. */
const notEvery = (condition: Condition): readonly Condition[] =>
  !condition.not && (isEveryProtocol(condition) || isEveryLink(condition)) ? [] : [condition];

const isEveryProtocol = (condition: Condition): boolean =>
  condition.kind === 'protocol' && condition.protocols.some(({ first, last }) => first === 0 && last === 255);

const isEveryLink = (condition: Condition): boolean => condition.kind === 'link' && condition.names.includes('*');

/** The matches that a protocol brings with it, where nobody wrote `-m`. */
const OF_PROTOCOL: ReadonlyMap<number, string> = new Map([
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [33, 'dccp'],
  [58, 'icmp6'],
  [132, 'sctp'],
  [136, 'udplite'],
]);

/** Belong to the protocol's match wherever they stand. */
const PROTOCOL_OPTIONS = new Set(
  (
    '--sport --source-port --dport --destination-port --tcp-flags --syn --tcp-option ' +
    '--icmp-type --icmpv6-type --icmp6-type --chunk-types --dccp-types --dccp-option'
  ).split(' '),
);

/** Which option belongs to which match. */
class RuleParts {
  readonly pieces: Piece[] = [];
  readonly targets: OpenTarget[] = [];
  #current: { readonly options: Option[] } | undefined;
  #protocolMatch: string | undefined;

  take(option: Option): void {
    const { name } = option;
    if (name === '-m' || name === '--match') this.#start(option);
    else if (isCoreOption(name)) this.#takeCore(option);
    else if (name === '-j' || name === '-g' || name === '--jump' || name === '--goto') this.#takeTarget(option);
    else if (name === '-c' || name === '--set-counters') return;
    else if (PROTOCOL_OPTIONS.has(name)) this.#protocolPiece().options.push(option);
    else if (name === '' || this.#current === undefined) this.pieces.push({ options: [option] });
    else this.#current.options.push(option);
  }

  #start(option: Option): void {
    const [match = '', ...odd] = option.values;
    const piece = { match: odd.length > 0 || option.not ? '' : match, head: option, options: [] };
    this.pieces.push(piece);
    this.#current = piece;
  }

  #takeCore(option: Option): void {
    this.pieces.push({ head: option, options: [] });
    if (option.name !== '-p' && !option.name.startsWith('--proto')) return;
    this.#protocolMatch = option.not ? undefined : OF_PROTOCOL.get(protocolNumber(option.values[0] ?? '') ?? -1);
  }

  #takeTarget(option: Option): void {
    const target = { head: option, options: [] };
    this.targets.push(target);
    this.#current = target;
  }

  #protocolPiece(): { readonly options: Option[] } {
    const match = this.#protocolMatch ?? '';
    const found = this.pieces.find((piece) => piece.match === match) ?? { match, options: [] };
    if (!this.pieces.includes(found)) this.pieces.push(found);
    return found;
  }
}
