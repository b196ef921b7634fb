import type { Machine } from '../analysis/trace/machine.ts';
import { parseIpset } from '../ipset/whole/parse.ts';
import { parseIptables } from '../iptables/whole/parse.ts';
import { FAMILIES } from '../net/family.ts';
import { plainFiles, TOOL } from '../plan/boot-files.ts';
import { TABLE } from '../iptables/names.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { withLinkKinds } from './link-kinds.ts';

/** The machine as if the ruleset alone stood on it: what Seawall itself lets through. */
export function machineUnder(ruleset: Ruleset, links: Pick<Machine, 'links' | 'routes'>): Machine {
  const files = new Map(plainFiles(ruleset).map(({ name, content }) => [name, bytesOf(content())]));
  const hooks = (files.get('hooks')?.toString() ?? '').split('\n').filter((line) => line !== '');
  const tables = FAMILIES.flatMap((family) => {
    const own = hooks.flatMap((line) => {
      const [tool, chain, ...words] = line.split(' ');
      return tool === TOOL[family] ? [`-A ${chain} ${words.join(' ')}`] : [];
    });
    const chains = (files.get(`rules.${TOOL[family]}`)?.toString() ?? '').split('\n').slice(1, -2);
    const builtIn = BUILT_IN.map((name) => `:${name} ACCEPT [0:0]`);
    return parseIptables([`*${TABLE}`, ...builtIn, ...chains, ...own, 'COMMIT', ''].join('\n'), family);
  });
  const netfilter = { tables, sets: parseIpset(files.get('sets.ipset') ?? new Uint8Array()) };
  return { ...links, netfilter: withLinkKinds(netfilter, links.links) };
}

const BUILT_IN = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'] as const;

const bytesOf = (chunks: Iterable<string | Uint8Array>): Buffer =>
  Buffer.concat([...chunks].map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk)));

/** A live machine without the rules of others: to be compared with a ruleset of Seawall's. */
export function ownPartOf(machine: Machine): Machine {
  const tables = machine.netfilter.tables.filter(
    ({ tool, name }) => (tool === 'iptables' && name === TABLE) || name === 'inet seawall',
  );
  return { ...machine, netfilter: { ...machine.netfilter, tables } };
}
