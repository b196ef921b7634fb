import { type Outcome } from './command.ts';

/** What stands in the host's kernel, as text in which counters and times are zero: two of them compare with `===`. */
export interface Snapshot {
  readonly iptables: string;
  readonly ip6tables: string;
  readonly legacy: string;
  readonly ipset: string;
  readonly nft: string;
  readonly sysctl: string;
}

type Exec = (argv: readonly string[]) => Promise<Outcome>;

// What a firewall might change on its way in and has to put back on its way out.
const SYSCTLS = [
  'net/ipv4/ip_forward',
  'net/ipv4/conf/all/rp_filter',
  'net/ipv4/conf/all/route_localnet',
  'net/ipv6/conf/all/forwarding',
  'net/bridge/bridge-nf-call-iptables',
  'net/bridge/bridge-nf-call-ip6tables',
  'net/netfilter/nf_conntrack_tcp_loose',
];

export async function takeSnapshot(exec: Exec): Promise<Snapshot> {
  const [iptables, ip6tables, legacy, ipset, nft, sysctl] = await Promise.all([
    textOf(exec, ['iptables-save']),
    textOf(exec, ['ip6tables-save']),
    textOf(exec, ['sh', '-c', 'iptables-legacy-save; ip6tables-legacy-save']),
    textOf(exec, ['ipset', 'save']),
    textOf(exec, ['nft', '--stateless', 'list', 'ruleset']),
    textOf(exec, ['sh', '-c', 'for k; do echo "$k $(cat /proc/sys/$k 2>&1)"; done', 'sh', ...SYSCTLS]),
  ]);
  return { iptables, ip6tables, legacy, ipset, nft, sysctl };
}

async function textOf(exec: Exec, argv: readonly string[]): Promise<string> {
  const { stdout } = await exec(argv);
  return normalise(stdout);
}

/** Zeroes counters, drops the comments with dates, and forgets the time-outs of set entries. */
export function normalise(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('# '))
    .map((line) =>
      line
        .replaceAll(/\[\d+:\d+\]/g, '[0:0]')
        .replaceAll(/counter packets \d+ bytes \d+/g, 'counter')
        .replaceAll(/(^add .*) timeout \d+/g, '$1 timeout -')
        .replaceAll(/ expires \w+/g, '')
        // The kernel picks a new seed for every hash set.
        .replaceAll(/ initval 0x[0-9a-f]+/g, ''),
    )
    .join('\n');
}
