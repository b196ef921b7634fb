import type { Counters, FilterChain, FilterTable } from '../../ruleset/netfilter.ts';

/** The tables as iptables-save prints them, without its comments; those of other tools are left out. */
export function printIptables(tables: readonly FilterTable[]): string {
  return tables
    .filter(({ tool }) => tool === 'iptables')
    .map(printTable)
    .join('');
}

function printTable({ name, chains }: FilterTable): string {
  const all = [...chains.values()];
  return `${[`*${name}`, ...all.map(printChain), ...all.flatMap(printRules), 'COMMIT'].join('\n')}\n`;
}

const printChain = ({ name, base, counters }: FilterChain): string =>
  `:${name} ${base ? base.policy.toUpperCase() : '-'}${counters ? ` ${printCounters(counters)}` : ''}`;

const printRules = ({ name, rules }: FilterChain): string[] =>
  rules.map(({ text, counters }) => {
    const rule = text === '' ? `-A ${name}` : `-A ${name} ${text}`;
    return counters ? `${printCounters(counters)} ${rule}` : rule;
  });

const printCounters = ({ packets, bytes }: Counters): string => `[${packets}:${bytes}]`;
