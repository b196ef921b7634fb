import type { AuditRow } from '../analysis/trace/audit.ts';
import { type AuditFinding, portText } from '../analysis/trace/findings.ts';
import type { RuleRef } from '../analysis/trace/packet.ts';
import type { Reach } from '../analysis/trace/reach.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import { formatPrefix } from '../net/prefix.ts';
import type { PrefixSet } from '../net/prefix-set.ts';
import type { Colours } from './colours.ts';
import { wrap } from './text.ts';

export interface AuditFacts {
  readonly rows: readonly AuditRow[];
  readonly findings: readonly AuditFinding[];
  /** Findings that the baseline knows. */
  readonly known: number;
  /** What couldn't be seen, in words. */
  readonly unseen: readonly string[];
}

const CELLS = [24, 10, 17, 17, 28] as const;
const FEW = 3;

/** One screen: what answers, who reaches it, by which rule; then what to do, worst first. */
export function auditReport(facts: AuditFacts, colours: Colours): string {
  const { rows, findings, known, unseen } = facts;
  const head = line(['what', 'port', 'IPv4', 'IPv6', 'by']);
  return [
    colours.bold(head),
    ...rows.map((row) => painted(row, line(cellsOf(row)), colours)),
    ...(rows.length === 0 ? ['nothing listens here, and nothing is published'] : []),
    '',
    ...findings.flatMap((finding, at) => findingLines(finding, findings[at + 1], colours)),
    ...(findings.length === 0 ? [colours.green('Nothing here is open to everyone that isn’t meant to be.')] : []),
    ...(known > 0 ? [`${known} more in the baseline.`] : []),
    ...unseen.map((text) => colours.yellow(wrap(`not seen: ${text}`))),
    colours.dim('Assumed: the first packet of a connection (NEW, SYN), from a high port, by an outer link.'),
  ].join('\n');
}

const line = (cells: readonly string[]): string =>
  cells
    .map((cell, at) => cut(cell, CELLS[at] ?? 20).padEnd(CELLS[at] ?? 20))
    .join(' ')
    .trimEnd();

const cut = (text: string, width: number): string => (text.length > width ? `${text.slice(0, width - 1)}…` : text);

function painted({ reach }: AuditRow, text: string, { red, yellow }: Colours): string {
  const who = Object.values(reach).map((each) => each.who);
  if (who.includes('everyone')) return red(text);
  return who.includes('some') ? yellow(text) : text;
}

function cellsOf(row: AuditRow): string[] {
  const [first] = FAMILIES.flatMap((family) => row.reach[family] ?? []);
  const by = row.kind === 'beyond' ? 'no rule here sees it' : first ? ruleText(first.by[0]) : '';
  return [nameOf(row), portText(row), ...FAMILIES.map((family) => whoText(row, family)), by];
}

const nameOf = ({ kind, name }: AuditRow): string => (kind === 'program' ? name : `container ${name}`);

export function whoText({ kind, loopback, reach }: AuditRow, family: Family): string {
  if (kind === 'beyond') return 'out of reach';
  if (loopback) return 'this machine';
  const found = reach[family];
  return found ? reachText(found) : '-';
}

function reachText({ who, must, may }: Reach): string {
  const maybe = must.equals(may) ? '' : 'maybe ';
  if (who !== 'some') return who;
  if (may.share() > 0.5) return `${maybe}nearly everyone`;
  if (may.size > 1) return `${maybe}${may.size} prefixes`;
  return `${maybe}${prefixes(may)[0] ?? ''}`;
}

const prefixes = (set: PrefixSet, most = FEW): string[] =>
  [...set.prefixes()].slice(0, most).map((prefix) => formatPrefix(prefix));

export const ruleText = (rule: RuleRef | undefined): string =>
  rule === undefined
    ? 'no rule is against it'
    : `${rule.table} ${rule.chain} ${rule.rule === 0 ? rule.text : `${rule.rule}: ${rule.text}`}`;

/** Neighbours that the same line fixes share it. */
function findingLines({ level, text, fix }: AuditFinding, next: AuditFinding | undefined, colours: Colours): string[] {
  const paint = { high: colours.red, medium: colours.yellow, low: (plain: string) => plain }[level];
  const indent = ' '.repeat(8);
  return [
    `${paint(level.padEnd(8))}${wrap(text, indent).trimStart()}`,
    ...(next?.fix === fix ? [] : [`${indent}${colours.bold('→')} ${wrap(fix, `${indent}  `).trimStart()}`]),
  ];
}

/** The same as tables of Markdown. */
export function auditMarkdown({ rows, findings, unseen }: AuditFacts): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  return [
    '| what | port | IPv4 | IPv6 | by |',
    '|---|---|---|---|---|',
    ...rows.map((row) => `| ${cellsOf(row).map(cell).join(' | ')} |`),
    '',
    ...findings.map(({ level, text, fix }) => `- **${level}** ${text}. Fix: ${fix}`),
    ...unseen.map((text) => `- not seen: ${text}`),
  ].join('\n');
}

/** What `--json` tells of a row. */
export const rowJson = (row: AuditRow): object => ({
  kind: row.kind,
  name: row.name,
  protocol: row.protocol ?? null,
  port: row.port ?? null,
  loopback: row.loopback,
  reach: Object.fromEntries(
    FAMILIES.flatMap((family) => {
      const reach = row.reach[family];
      if (!reach) return [];
      const { who, must, may, by } = reach;
      const certainty = must.equals(may) ? 'definite' : 'possible';
      const some = who === 'some' ? { sources: prefixes(may, 1000) } : {};
      return [[`v${family}`, { who, certainty, ...some, by }]];
    }),
  ),
});
