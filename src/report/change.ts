import type { NamedFlow } from '../analysis/session.ts';
import { visible } from '../config/problems/quoted.ts';
import { type Address, formatAddress } from '../net/address.ts';
import { type PolicyChange, stepSummary } from '../plan/changes.ts';
import { inputText, stepText } from '../plan/step-text.ts';
import type { ReachChange } from '../plan/reach.ts';
import type { Step } from '../plan/plan.ts';
import type { SourceChange } from '../policy/source-change.ts';
import type { Difference } from '../analysis/trace/difference.ts';
import type { Colours } from './colours.ts';
import { meaningReport } from './meaning.ts';
import { counted, grouped, wrap } from './text.ts';

/** What a person is told before a change. */
export interface ChangeFacts {
  readonly changes: readonly PolicyChange[];
  readonly sources: readonly SourceChange[];
  /** No firewall stands yet. */
  readonly first: boolean;
  readonly steps: readonly Step[];
  /** Undefined where that wasn't compared. */
  readonly packets?: readonly Difference[] | undefined;
  /** Undefined where open connections can't be read. */
  readonly cut: readonly NamedFlow[] | undefined;
  /** Show the rules themselves too. */
  readonly rules: boolean;
}

const AREAS: Readonly<Record<PolicyChange['area'], string>> = {
  trusted: 'trusted',
  block: 'blocked',
  public: 'public',
  allow: 'allow',
  internal: 'internal',
  lists: 'lists',
};
const CELL = 10;
const SHOWN_FLOWS = 10;
const SHOWN_SOURCES = 12;

export function changeReport(facts: ChangeFacts, colours: Colours): string {
  const { bold, dim } = colours;
  if (facts.steps.length === 0) return 'Nothing to change: what stands is what the config says.';
  return [
    facts.first ? bold('This closes the machine: no firewall of Seawall stands yet.') : bold('This changes:'),
    ...facts.changes
      .filter(({ area }) => area !== 'lists' || !facts.sources.some(({ kind }) => kind === 'list'))
      .flatMap((change) => policyLines(change, colours)),
    ...sourceLines(facts.sources),
    ...(facts.changes.length === 0 ? [dim('  the policy stays; what differs from it in the kernel is repaired')] : []),
    ...packetLines(facts.packets, colours),
    ...facts.steps.map(
      (step, index) =>
        `${index === 0 ? '  kernel'.padEnd(CELL + 2) : ' '.repeat(CELL + 2)}${dim(wrapped(stepSummary(step)))}`,
    ),
    ...cutLines(facts.cut, colours),
    ...(facts.rules ? ['', ...facts.steps.flatMap(ruleLines)] : []),
  ].join('\n');
}

function packetLines(packets: ChangeFacts['packets'], colours: Colours): string[] {
  if (packets === undefined) return [];
  const head = '  packets'.padEnd(CELL + 2);
  if (packets.length === 0) return [`${head}${colours.dim('the same ones pass as before')}`];
  const indent = ' '.repeat(CELL + 2);
  const shown = meaningReport(packets.slice(0, SHOWN_PACKETS), colours, indent);
  const more = packets.length - SHOWN_PACKETS;
  return [`${head}${shown.trimStart()}`, ...(more > 0 ? [`${indent}… and ${grouped(more)} more: --json`] : [])];
}
const SHOWN_PACKETS = 6;

const wrapped = (text: string): string => wrap(text, ' '.repeat(CELL + 2)).trimStart();

/** What one part of the policy gains and loses: of ports who reaches them, of the rest the entries. */
export function policyLines(change: PolicyChange, colours: Colours): string[] {
  return change.reach === undefined ? entryLines(change, colours) : reachLines(change, change.reach, colours);
}

function reachLines(
  { area, addedCount, removedCount }: PolicyChange,
  { added, removed }: ReachChange,
  { green, red }: Colours,
): string[] {
  const line = (text: string): string => `  ${AREAS[area].padEnd(CELL)}${text}`;
  const lines = (sentences: readonly string[], count: number, paint: (text: string) => string): string[] => [
    ...sentences.map((text) => line(paint(wrapped(text)))),
    ...(count > sentences.length ? [line(`… ${grouped(count)} in all`)] : []),
  ];
  return [...lines(added, addedCount, green), ...lines(removed, removedCount, red)];
}

function sourceLines(sources: readonly SourceChange[]): string[] {
  const shown = sources
    .slice(0, SHOWN_SOURCES)
    .map((source) => `  ${SOURCES[source.kind].padEnd(CELL)}${sourceText(source)}`);
  const more = sources.length - shown.length;
  return more > 0 ? [...shown, `${' '.repeat(CELL + 2)}… and ${grouped(more)} more`] : shown;
}

const SOURCES: Readonly<Record<SourceChange['kind'], string>> = { name: 'names', list: 'lists' };

/** `office.example.com: +2 -1 addresses`. */
function sourceText({ kind, name, added, removed }: SourceChange): string {
  const counts = [...(added > 0 ? [`+${grouped(added)}`] : []), ...(removed > 0 ? [`-${grouped(removed)}`] : [])];
  const [one, many] = kind === 'name' ? ['address', 'addresses'] : ['prefix', 'prefixes'];
  return wrapped(`${visible(name)}: ${counts.join(' ')} ${added + removed === 1 ? one : many}`);
}

function entryLines(
  { area, added, removed, addedCount, removedCount }: PolicyChange,
  { green, red }: Colours,
): string[] {
  const line = (sign: string, entries: readonly string[], count: number, paint: (text: string) => string): string[] => {
    if (count === 0) return [];
    const more = count > entries.length ? ` … ${grouped(count)} in all` : '';
    return [`  ${AREAS[area].padEnd(CELL)}${paint(wrapped(`${sign} ${entries.join('  ')}${more}`))}`];
  };
  return [...line('+', added, addedCount, green), ...line('-', removed, removedCount, red)];
}

function cutLines(cut: readonly NamedFlow[] | undefined, { red, dim }: Colours): string[] {
  const head = '  cuts'.padEnd(CELL + 2);
  if (cut === undefined) return [`${head}${dim('open connections can’t be read: conntrack is not installed')}`];
  if (cut.length === 0) return [`${head}${dim('no open connection')}`];
  const shown = cut.slice(0, SHOWN_FLOWS).map((flow) => `${' '.repeat(CELL + 2)}${flowText(flow)}`);
  const more =
    cut.length > SHOWN_FLOWS ? [`${' '.repeat(CELL + 2)}… and ${grouped(cut.length - SHOWN_FLOWS)} more`] : [];
  return [`${head}${red(counted(cut.length, 'open connection'))}`, ...shown, ...more];
}

/** `tcp 203.0.113.7:50000 → 198.51.100.10:22 (sshd, your own session)` */
export function flowText({ protocol, source, sourcePort, destination, port, owner, own }: NamedFlow): string {
  const whose = [...(owner === undefined ? [] : [owner]), ...(own ? ['your own session'] : [])].join(', ');
  const ends = `${protocol} ${endText(source, sourcePort)} → ${endText(destination, port)}`;
  return whose === '' ? ends : `${ends} (${whose})`;
}

/** An IPv6 address in brackets, so that its port is told apart (RFC 5952, 6). */
const endText = (address: Address, port: number): string =>
  address.family === 4 ? `${formatAddress(address)}:${port}` : `[${formatAddress(address)}]:${port}`;

function ruleLines(step: Step): string[] {
  if (step.kind !== 'change-table' && step.kind !== 'change-nft') return [];
  const text = stepText(step);
  return [`# ${text.tool}`, inputText(text).trimEnd()];
}
