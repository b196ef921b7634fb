import type { Netfilter } from '../../ruleset/netfilter.ts';
import type { AuditRow } from './audit.ts';

export type Level = 'high' | 'medium' | 'low';

export interface AuditFinding {
  readonly level: Level;
  /** The same in every run, for a baseline. */
  readonly key: string;
  readonly text: string;
  /** The line that fixes it. */
  readonly fix: string;
}

/** What nobody means to offer to everyone: who reaches it owns the data, or the machine. */
const SENSITIVE = new Map([
  [2375, 'Docker’s API, which gives root'],
  [2376, 'Docker’s API'],
  [2379, 'etcd'],
  [3306, 'MySQL'],
  [5432, 'PostgreSQL'],
  [5672, 'RabbitMQ'],
  [6379, 'Redis'],
  [8500, 'Consul'],
  [9200, 'Elasticsearch'],
  [10250, 'kubelet'],
  [11211, 'memcached'],
  [27017, 'MongoDB'],
]);
/** What most machines are there for. */
const USUAL = new Set([22, 80, 443]);
const RANK: Readonly<Record<Level, number>> = { high: 0, medium: 1, low: 2 };

/** What is open to everyone, worst first. What Seawall's own config makes public is meant to be. */
export function auditFindings(rows: readonly AuditRow[], netfilter: Netfilter): AuditFinding[] {
  const others = firewallOf(netfilter);
  return rows
    .flatMap((row) => findingOf(row, others))
    .toSorted((a, b) => RANK[a.level] - RANK[b.level] || a.key.localeCompare(b.key));
}

type Firewall = 'Seawall' | 'ufw' | 'firewalld' | undefined;

function firewallOf({ tables }: Netfilter): Firewall {
  const names = tables.flatMap(({ name, chains }) => [name, ...chains.keys()]);
  if (names.some((name) => /^SEAWALL-|^inet seawall$/.test(name))) return 'Seawall';
  if (names.some((name) => name.startsWith('ufw'))) return 'ufw';
  return names.includes('inet firewalld') ? 'firewalld' : undefined;
}

function findingOf(row: AuditRow, firewall: Firewall): AuditFinding[] {
  if (row.kind === 'beyond') return [beyond(row)];
  const open = Object.entries(row.reach).filter(
    ([, { who, by }]) => who === 'everyone' && !by.some(({ text }) => text.includes('seawall-public')),
  );
  if (open.length === 0) return [];
  const families = open.map(([family]) => `IPv${family}`).join(' and ');
  const past = row.kind === 'published' && firewall !== undefined ? `, past ${firewall}: Docker published it` : '';
  const published = row.kind === 'published' && past === '' ? ': Docker published it' : '';
  const what = SENSITIVE.get(row.port ?? 0);
  const kind = what === undefined ? '' : ` (${what})`;
  return [
    {
      level: levelOf(row, past !== ''),
      key: keyOf(
        row,
        open.map(([family]) => family),
      ),
      text: `${row.name} ${portText(row)}${kind}: everyone, on ${families}${past}${published}`,
      fix: fixOf(row, firewall),
    },
  ];
}

const levelOf = ({ port, kind }: AuditRow, past: boolean): Level => {
  if (SENSITIVE.has(port ?? 0) || past) return 'high';
  return kind !== 'container' && USUAL.has(port ?? 0) ? 'low' : 'medium';
};

export const portText = ({ port, protocol }: AuditRow): string =>
  port === undefined ? 'any port' : `${port}/${protocol}`;

const keyOf = (row: AuditRow, families: readonly string[]): string =>
  `${row.kind} ${row.name} ${portText(row)} IPv${families.join('+')}`;

function beyond(row: AuditRow): AuditFinding {
  return {
    level: 'medium',
    key: keyOf(row, ['4', '6']),
    text: `${row.name}: on the outer link itself, out of reach of any firewall on this machine`,
    fix: 'filter it on the router, or publish its ports on a bridge network instead',
  };
}

function fixOf({ kind, port, protocol }: AuditRow, firewall: Firewall): string {
  if (firewall === 'Seawall') return 'Seawall stands but doesn’t close it: seawall status, then seawall apply';
  const close = 'close all but what you name: seawall init, then seawall apply';
  if (kind === 'published') return `publish it on 127.0.0.1 alone, as in -p 127.0.0.1:8080:80; or ${close}`;
  if (kind === 'container') return close;
  if (firewall === 'ufw') return `ufw deny ${port}/${protocol}`;
  if (firewall === 'firewalld') return `firewall-cmd --permanent --remove-port ${port}/${protocol}`;
  return `let it listen on 127.0.0.1; or ${close}`;
}
