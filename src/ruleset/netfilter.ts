import type { Family } from '../net/family.ts';
import type { Condition } from './condition.ts';
import type { FilterSet } from './filter-set.ts';
import type { AddressRange, NumberRange } from './ranges.ts';

export type { Condition, End, SetKeyPart, TrackState } from './condition.ts';
export type { AddressRange, NumberRange } from './ranges.ts';
export { lookedUp, type FilterSet, type SetContent, type SetKey, type SetPart, type SetTuple } from './filter-set.ts';

/**
 * All that netfilter holds on a machine, whichever tools wrote it, in the words of none of them. What nobody here
 * understands is kept as it was printed: it may match and may not, and an answer that depends on it says so.
 */
export interface Netfilter {
  readonly tables: readonly FilterTable[];
  /** By `setKey`. */
  readonly sets: ReadonlyMap<string, FilterSet>;
  /** Tables that judge no packet on its way through IP (`arp x`, `bridge y`): to be named, not to be asked. */
  readonly aside?: readonly string[];
  /** What nobody here can read: whatever it stands for is missing. */
  readonly unread?: readonly string[];
}

export interface FilterTable {
  readonly tool: 'iptables' | 'nftables';
  /** `filter`, `mangle` … of iptables; `inet seawall`, `ip docker-bridges` … of nftables. */
  readonly name: string;
  readonly families: readonly Family[];
  readonly chains: ReadonlyMap<string, FilterChain>;
  /** Lines that nobody here can read: whatever they stand for is missing. */
  readonly unread?: readonly string[];
}

export type FilterHook = 'ingress' | 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting' | 'egress';

/** Where the kernel hands packets to a chain. */
export interface ChainBase {
  readonly hook: FilterHook;
  /** Lower ones come first: raw -300, conntrack -200, mangle -150, DNAT -100, filter 0, SNAT 100. */
  readonly priority: number;
  readonly type: 'filter' | 'nat' | 'route';
  readonly policy: 'accept' | 'drop';
  /** Of an ingress or egress chain alone; some versions of nft don't say which, and then it may be any. */
  readonly devices?: readonly string[];
}

export interface FilterChain {
  readonly name: string;
  /** Absent for a chain that is only jumped to. */
  readonly base?: ChainBase;
  readonly rules: readonly FilterRule[];
  /** Of the policy, where the tool printed them. */
  readonly counters?: Counters;
}

export interface Counters {
  readonly packets: number;
  readonly bytes: number;
}

export interface FilterRule {
  /** As the tool prints it (iptables: without `-A CHAIN` and counters; nftables: in nft's own words). */
  readonly text: string;
  /** All of them have to hold; none: every packet matches. */
  readonly conditions: readonly Condition[];
  /** What it does to a packet that matches before it acts: nftables sets a mark and accepts in one rule. */
  readonly also?: readonly PacketChange[];
  readonly action: RuleAction;
  /** Where the tool printed them. */
  readonly counters?: Counters;
}

/** The mark becomes `(mark & ~mask) ^ value`; without `value` nobody here knows what the bits of `mask` become. */
export type PacketChange =
  | {
      readonly kind: 'mark';
      readonly of: 'packet' | 'connection';
      readonly value?: number | undefined;
      readonly mask: number;
    }
  | { readonly kind: 'notrack' };

export type RuleAction =
  | { readonly kind: 'accept' | 'drop' | 'return' | 'continue' }
  | { readonly kind: 'reject'; readonly with: string }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
  /** Absent parts stay as they are; `redirect`: to this machine; a range means that one of it is chosen. */
  | {
      readonly kind: 'dnat' | 'redirect';
      readonly addresses?: AddressRange | undefined;
      readonly ports?: NumberRange | undefined;
    }
  | { readonly kind: 'snat' | 'masquerade'; readonly addresses?: AddressRange | undefined }
  /** The packet goes on to the next rule. */
  | PacketChange
  /** By a key of the packet to one of several actions: nftables' vmap. The first that fits counts; if none does, the rule doesn't match. */
  | { readonly kind: 'choose'; readonly cases: readonly { readonly when: Condition; readonly action: RuleAction }[] }
  /**
   * What may end the packet's way (accepted, dropped, taken elsewhere) or let it go on: an unknown target, a queue.
   * `rewrites`: it may leave the packet with other addresses or ports.
   */
  | { readonly kind: 'open'; readonly what: string; readonly rewrites?: true };

/** ipset's sets are the machine's; those of nftables are their table's. */
export const setKey = (tool: FilterTable['tool'], table: string, set: string): string =>
  tool === 'iptables' ? set : `${table} ${set}`;
