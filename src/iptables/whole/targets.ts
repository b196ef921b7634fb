import type { Family } from '../../net/family.ts';
import type { PacketChange, RuleAction } from '../../ruleset/netfilter.ts';
import { readDnat, readRedirect, readSnat } from './target-nat.ts';
import type { Option } from './rule-words.ts';
import { maskedNumber } from './values.ts';

/** What stands behind `-j` or `-g`. */
export interface Target {
  readonly name: string;
  readonly goto: boolean;
  readonly options: readonly Option[];
  readonly text: string;
}

export interface Outcome {
  readonly action: RuleAction;
  readonly also?: readonly PacketChange[];
}

type TargetReader = (options: readonly Option[], family: Family, text: string) => RuleAction;

const VERDICTS: ReadonlyMap<string, RuleAction> = new Map([
  ['ACCEPT', { kind: 'accept' }],
  ['DROP', { kind: 'drop' }],
  ['RETURN', { kind: 'return' }],
]);

/** They write, count or change what no verdict here depends on; then the next rule is asked. */
const GO_ON = new Set(
  (
    'LOG NFLOG ULOG TRACE AUDIT TEE CHECKSUM CLASSIFY SECMARK CONNSECMARK DSCP ECN ' +
    'TOS TTL HL TCPMSS TCPOPTSTRIP RATEEST LED IDLETIMER'
  ).split(' '),
);

const CONTINUE: RuleAction = { kind: 'continue' };
const ALL_BITS = 0xffff_ffff;
const markOpen = (of: 'packet' | 'connection'): PacketChange => ({ kind: 'mark', of, mask: ALL_BITS });

const open = (what: string): RuleAction => ({ kind: 'open', what });

const valueOf = (options: readonly Option[], ...names: string[]): string | undefined =>
  options.find(({ name }) => names.includes(name))?.values[0];

const reject: TargetReader = (options, family) => ({
  kind: 'reject',
  with: valueOf(options, '--reject-with') ?? (family === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable'),
});

const not32 = (value: number): number => (~value & ALL_BITS) >>> 0;

/** How each option of MARK and CONNMARK changes a mark, as `(mark & ~mask) ^ value`. */
const SETTERS: ReadonlyMap<string, (value: number, mask: number) => { value: number; mask: number }> = new Map([
  ['--set-xmark', (value, mask) => ({ value, mask })],
  ['--set-mark', (value, mask) => ({ value, mask: (value | mask) >>> 0 })],
  ['--and-mark', (value) => ({ value: 0, mask: not32(value) })],
  ['--or-mark', (value) => ({ value, mask: value })],
  ['--xor-mark', (value) => ({ value, mask: 0 })],
]);

const setMark =
  (of: 'packet' | 'connection'): TargetReader =>
  (options) => {
    const option = options.find(({ name }) => SETTERS.has(name));
    const given = maskedNumber(option?.values[0]);
    const change = given && SETTERS.get(option?.name ?? '')?.(given.value, given.mask);
    return change ? { kind: 'mark', of, ...change } : markOpen(of);
  };

const connmark: TargetReader = (options, family, text) =>
  options.some(({ name }) => name === '--restore-mark')
    ? markOpen('packet')
    : setMark('connection')(options, family, text);

const ct: TargetReader = (options) =>
  options.some(({ name }) => name === '--notrack') ? { kind: 'notrack' } : CONTINUE;

/** Puts into a set or takes out of it; `--map-set` sets the mark from what the set says. */
const set: TargetReader = (options) =>
  options.some(({ name }) => name === '--map-set') ? markOpen('packet') : CONTINUE;

const READERS: ReadonlyMap<string, TargetReader> = new Map<string, TargetReader>([
  ['REJECT', reject],
  ['MARK', setMark('packet')],
  ['CONNMARK', connmark],
  ['HMARK', () => markOpen('packet')],
  ['NOTRACK', () => ({ kind: 'notrack' })],
  ['CT', ct],
  ['SET', set],
  ['DNAT', readDnat],
  ['REDIRECT', readRedirect],
  ['SNAT', readSnat],
  ['MASQUERADE', () => ({ kind: 'masquerade' })],
  ['QUEUE', (_options, _family, text) => open(text)],
  ['NFQUEUE', (_options, _family, text) => open(text)],
  ['SYNPROXY', (_options, _family, text) => open(text)],
]);

/** A chain goes before an extension of that name, as in the kernel's own table. */
export function readTarget(target: Target, chains: ReadonlySet<string>, family: Family): Outcome {
  const { name, goto, options, text } = target;
  const verdict = VERDICTS.get(name);
  if (verdict && !goto) return { action: verdict };
  if (goto || chains.has(name)) return { action: { kind: goto ? 'goto' : 'jump', chain: name } };
  if (GO_ON.has(name)) return { action: CONTINUE };
  const reader = READERS.get(name);
  return reader ? { action: reader(options, family, text) } : unknownTarget(text);
}

/** Whatever it does: TPROXY takes the packet and marks it, NETMAP rewrites it, others nobody here knows. */
const unknownTarget = (text: string): Outcome => ({
  action: { kind: 'open', what: text, rewrites: true },
  also: [markOpen('packet'), markOpen('connection')],
});
