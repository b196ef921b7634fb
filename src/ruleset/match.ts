import type { Prefix } from '../net/prefix.ts';

/** Connection tracking states that the rules speak of. */
export type ConnState = 'established' | 'related' | 'invalid';

/** Protocols that a rule can name; `icmp` means ICMPv6 in an IPv6 chain. */
export type RuleProtocol = 'tcp' | 'udp' | 'icmp' | 'igmp';

/** Which address or port of the packet is looked up in a set. */
export type SetField = 'src' | 'dst';

/**
 * One condition of a rule, in words that every backend understands.
 *
 * `elsewhere`: the destination is no address of this machine, so the packet is to be forwarded.
 * `group`: the destination is a multicast or broadcast address.
 * `inner-bridge`: it came in by some bridge, with a private source that is behind that bridge; not all backends can tell.
 * `dnat`: the connection's destination was rewritten on its way in.
 * `in`, `out`: the interface; a trailing `*` matches any rest of the name.
 */
export type Match =
  | { readonly kind: 'state'; readonly states: readonly ConnState[]; readonly not?: true }
  | { readonly kind: 'dnat' }
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'group' }
  | { readonly kind: 'inner-bridge' }
  | { readonly kind: 'in' | 'out'; readonly link: string }
  | { readonly kind: 'src' | 'dst'; readonly prefix: Prefix }
  | { readonly kind: 'protocol'; readonly protocol: RuleProtocol }
  | { readonly kind: 'icmp'; readonly type: number; readonly code?: number }
  | { readonly kind: 'hop-limit'; readonly value: number }
  | { readonly kind: 'udp-ports'; readonly source: number; readonly destination: number }
  | { readonly kind: 'in-set'; readonly set: string; readonly fields: readonly SetField[]; readonly not?: true }
  | { readonly kind: 'limit'; readonly count: number; readonly per: 'second' | 'minute'; readonly burst: number };

/**
 * What a rule does. `return` means "not our business": other rules of the machine keep their say.
 * `goto` doesn't come back to the chain it was called from; `note` remembers source and port in a set, `renew` does so and
 * starts their time anew.
 */
export type Action =
  | { readonly kind: 'return' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
  | { readonly kind: 'log'; readonly prefix: string }
  | { readonly kind: 'note' | 'renew'; readonly set: string };

export interface Rule {
  readonly match: readonly Match[];
  readonly action: Action;
  readonly comment?: string;
}
