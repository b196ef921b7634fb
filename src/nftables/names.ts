import type { Family } from '../net/family.ts';
import type { HookPoint } from '../ruleset/ruleset.ts';

/** One table for both IP versions; all that is in it is Seawall's. */
export const NFT_TABLE = 'inet seawall';

/** The priority of iptables' mangle table: behind connection tracking (-200), in front of any DNAT (-100). */
export const PRIORITY = -150;

/** Own base chains are called by the place that they are hooked in at. */
export const POINTS: readonly HookPoint[] = ['prerouting', 'input', 'forward', 'output'];

/** Both versions' chains are in one table, so each bears its version. */
export const nftChain = (chain: string, family: Family): string => `${chain}${family}`;

/** The chain and its version; undefined for a chain that can't be one of ours. */
export function ownChainOf(name: string): { readonly chain: string; readonly family: Family } | undefined {
  const [, chain, digit] = /^(SEAWALL-[\w.-]*)([46])$/.exec(name) ?? [];
  return chain === undefined ? undefined : { chain, family: digit === '4' ? 4 : 6 };
}

/** Numbers as the kernel and `nft -n` have them. */
export const NFPROTO: Readonly<Record<Family, number>> = { 4: 2, 6: 10 };
export const IP: Readonly<Record<Family, 'ip' | 'ip6'>> = { 4: 'ip', 6: 'ip6' };
