import type { NamedFlow } from '../analysis/session.ts';
import { renderChange, restoreTool } from '../iptables/change.ts';
import { type Address, formatAddress } from '../net/address.ts';
import { type PolicyChange, stepSummary } from '../plan/changes.ts';
import type { Step } from '../plan/plan.ts';
import type { Colours } from './colours.ts';
import { counted, grouped, wrap } from './text.ts';

/** What a person is told before a change. */
export interface ChangeFacts {
  readonly changes: readonly PolicyChange[];
  /** No firewall stands yet. */
  readonly first: boolean;
  readonly steps: readonly Step[];
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

export function changeReport(facts: ChangeFacts, colours: Colours): string {
  const { bold, dim } = colours;
  if (facts.steps.length === 0) return 'Nothing to change: what stands is what the config says.';
  return [
    facts.first ? bold('This closes the machine: no firewall of Seawall stands yet.') : bold('This changes:'),
    ...facts.changes.flatMap((change) => policyLines(change, colours)),
    ...(facts.changes.length === 0 ? [dim('  the policy stays; what differs from it in the kernel is repaired')] : []),
    ...facts.steps.map(
      (step, index) =>
        `${index === 0 ? '  kernel'.padEnd(CELL + 2) : ' '.repeat(CELL + 2)}${dim(wrapped(stepSummary(step)))}`,
    ),
    ...cutLines(facts.cut, colours),
    ...(facts.rules ? ['', ...facts.steps.flatMap(ruleLines)] : []),
  ].join('\n');
}

const wrapped = (text: string): string => wrap(text, ' '.repeat(CELL + 2)).trimStart();

/** What one part of the policy gains and loses. */
export function policyLines(
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
  if (step.kind !== 'change-table') return [];
  return [`# ${restoreTool(step.change)} --noflush`, renderChange(step.change).trimEnd()];
}
