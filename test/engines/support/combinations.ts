import type { EngineOptions } from '../../../lab/engine.ts';
import type { Release } from '../../../lab/other-engines.ts';

/** An engine and how it is set; Seawall runs on it with either backend. */
export interface Combination {
  /** Debian's release; bookworm's Docker is the one in PATH. */
  readonly release: 'bookworm' | Release;
  readonly iptables: 'nft' | 'legacy';
  /** More of daemon.json. */
  readonly config: NonNullable<EngineOptions['config']>;
}

const NO_PROXY = { 'userland-proxy': false };
const SIX = { ipv6: true, 'fixed-cidr-v6': '2001:db8:d0c:77::/64', ip6tables: true, experimental: true };
const LIVE = { 'live-restore': true };

/** Each value of each setting at least once on an old and on a new engine, not each with each: that would take hours. */
export const COMBINATIONS: readonly Combination[] = [
  { release: 'bookworm', iptables: 'legacy', config: {} },
  { release: 'bookworm', iptables: 'nft', config: { ...NO_PROXY, ...SIX } },
  { release: 'trixie', iptables: 'nft', config: {} },
  { release: 'trixie', iptables: 'legacy', config: { ...NO_PROXY, ...LIVE } },
  { release: 'sid', iptables: 'nft', config: {} },
  { release: 'sid', iptables: 'legacy', config: { ...NO_PROXY, ...LIVE } },
  { release: 'sid', iptables: 'nft', config: SIX },
];

export const BACKENDS = ['iptables', 'nftables'] as const;
export type Backend = (typeof BACKENDS)[number];

export function settingsText({ iptables, config }: Combination): string {
  const named = [
    `iptables-${iptables}`,
    `userland-proxy ${config['userland-proxy'] === false ? 'off' : 'on'}`,
    config['live-restore'] === true ? 'live-restore' : '',
    config['ip6tables'] === true ? 'ip6tables and IPv6 on' : '',
  ];
  return named.filter((name) => name !== '').join(', ');
}
