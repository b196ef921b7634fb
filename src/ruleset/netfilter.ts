import type { Address } from '../net/address.ts';
import type { Family } from '../net/family.ts';
import type { PrefixSet } from '../net/prefix-set.ts';

/**
 * All that netfilter holds on a machine, whichever tools wrote it, in the words of none of them. What nobody here
 * understands is kept as it was printed: it may match and may not, and an answer that depends on it says so.
 */
export interface Netfilter {
  readonly tables: readonly FilterTable[];
  /** By `setKey`. */
  readonly sets: ReadonlyMap<string, FilterSet>;
}

export interface FilterTable {
  readonly tool: 'iptables' | 'nftables';
  /** `filter`, `mangle` … of iptables; `inet seawall`, `ip docker-bridges` … of nftables. */
  readonly name: string;
  readonly families: readonly Family[];
  readonly chains: ReadonlyMap<string, FilterChain>;
}

export type FilterHook = 'ingress' | 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';

/** Where the kernel hands packets to a chain. */
export interface ChainBase {
  readonly hook: FilterHook;
  /** Lower ones come first: raw -300, conntrack -200, mangle -150, DNAT -100, filter 0, SNAT 100. */
  readonly priority: number;
  readonly type: 'filter' | 'nat' | 'route';
  readonly policy: 'accept' | 'drop';
  /** Of an ingress chain alone. */
  readonly devices?: readonly string[];
}

export interface FilterChain {
  readonly name: string;
  /** Absent for a chain that is only jumped to. */
  readonly base?: ChainBase;
  readonly rules: readonly FilterRule[];
}

export interface FilterRule {
  /** As the tool prints it (iptables: without `-A CHAIN` and counters; nftables: in nft's own words). */
  readonly text: string;
  /** All of them have to hold; none: every packet matches. */
  readonly conditions: readonly Condition[];
  readonly action: RuleAction;
}

/** Both ends included. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

export interface AddressRange {
  readonly first: Address;
  readonly last: Address;
}

export type End = 'src' | 'dst';

export type TrackState = 'new' | 'established' | 'related' | 'invalid' | 'untracked';

/**
 * One condition; `not` turns it round. `text`: as it was printed, to be shown. A condition on a part that a packet doesn't
 * have (a port of ICMP) doesn't hold; whether its negation then does is the tool's own, and so each parser writes it out
 * (iptables: `-p tcp ! --dport 22` is a protocol and a negated port).
 */
export type Condition = { readonly text: string; readonly not?: true } & (
  | { readonly kind: 'family'; readonly family: Family }
  | { readonly kind: 'link'; readonly side: 'in' | 'out'; readonly names: readonly string[] } // a trailing `*`: any rest
  | { readonly kind: 'address'; readonly end: End; readonly ranges: readonly AddressRange[] }
  /** What the routing table says the address is to this machine: `local`, `unicast`, `broadcast`, `multicast`, `anycast` … */
  | {
      readonly kind: 'address-type';
      readonly end: End;
      readonly types: readonly string[];
      readonly onLink?: 'in' | 'out';
    }
  | { readonly kind: 'protocol'; readonly protocols: readonly NumberRange[] } // numbers as in the IP header
  | { readonly kind: 'port'; readonly end: End | 'either'; readonly ranges: readonly NumberRange[] }
  | { readonly kind: 'icmp'; readonly types: readonly { readonly type: NumberRange; readonly code?: NumberRange }[] }
  | { readonly kind: 'tcp-flags'; readonly mask: number; readonly flags: number }
  | { readonly kind: 'state'; readonly states: readonly TrackState[] }
  /** Whether conntrack rewrote the connection's destination or source. */
  | { readonly kind: 'nat'; readonly dnat?: boolean; readonly snat?: boolean }
  /** The connection's destination before any NAT. */
  | { readonly kind: 'original'; readonly ranges?: readonly AddressRange[]; readonly ports?: readonly NumberRange[] }
  | { readonly kind: 'direction'; readonly direction: 'original' | 'reply' }
  | { readonly kind: 'mark'; readonly of: 'packet' | 'connection'; readonly value: number; readonly mask: number }
  | { readonly kind: 'fragment' } // not the first one
  /** `fields`: what of the packet is looked up, in the set's order. `mask`: bits of the address that count. */
  | { readonly kind: 'set'; readonly set: string; readonly fields: readonly SetKeyPart[]; readonly mask?: number }
  /** Something about the packet that is never decided here (`limit`, `recent`, `string`, `time`, an unknown match …). */
  | { readonly kind: 'open'; readonly what: string }
);

export type SetKeyPart = 'src' | 'dst' | 'src-port' | 'dst-port' | 'protocol' | 'in' | 'out' | 'src-mac' | 'mark';

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
  | { readonly kind: 'mark'; readonly of: 'packet' | 'connection'; readonly value: number; readonly mask: number }
  | { readonly kind: 'notrack' }
  /** By a key of the packet to one of several actions: nftables' vmap. The first that fits counts. */
  | { readonly kind: 'choose'; readonly cases: readonly { readonly when: Condition; readonly action: RuleAction }[] }
  /** What may end the packet's way or let it go on: an unknown target, a queue. */
  | { readonly kind: 'open'; readonly what: string };

/** A set of addresses, ports, or of several together, one entry each. */
export interface FilterSet {
  /** `hash:net`, `bitmap:port` of ipset; nft's type, as `ipv4_addr . inet_service`. */
  readonly type: string;
  readonly families: readonly Family[];
  /** What an entry is made of, in order. */
  readonly parts: readonly ('address' | 'port' | 'protocol' | 'link' | 'mac' | 'mark' | 'other')[];
  readonly content: SetContent;
  /** Entries come and go by themselves, or by rules. */
  readonly changing: boolean;
}

/** Addresses and ports alone are kept so that 10^6 of them cost little; everything else entry by entry. */
export type SetContent =
  | { readonly kind: 'addresses'; readonly members: PrefixSet; readonly except?: PrefixSet } // `nomatch`
  | { readonly kind: 'ports'; readonly protocol?: number; readonly ranges: readonly NumberRange[] }
  | { readonly kind: 'tuples'; readonly entries: readonly SetTuple[] }
  | { readonly kind: 'unknown' };

/** `nomatch`: whoever is in this entry is not in the set, if no narrower one says otherwise. */
export interface SetTuple {
  readonly addresses: readonly AddressRange[];
  readonly protocol?: number;
  readonly ports?: NumberRange;
  readonly link?: string;
  readonly text: string;
  readonly nomatch?: true;
}

/** ipset's sets are the machine's; those of nftables are their table's. */
export const setKey = (tool: FilterTable['tool'], table: string, set: string): string =>
  tool === 'iptables' ? set : `${table} ${set}`;
