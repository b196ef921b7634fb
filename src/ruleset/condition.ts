import type { Family } from '../net/family.ts';
import type { AddressRange, NumberRange } from './ranges.ts';

export type End = 'src' | 'dst';

/** What conntrack says of a packet; `untracked` ones have no connection, and so no mark of it, no original, no direction. */
export type TrackState = 'new' | 'established' | 'related' | 'invalid' | 'untracked';

/**
 * One condition; `not` turns it round. `text`: as it was printed, to be shown; two conditions may share one. A condition on
 * a part that a packet doesn't have (a port of ICMP, an address of the other family, an incoming link of what this machine
 * sends) doesn't hold, so its negation does: where the tool thinks otherwise, the parser adds the condition that is meant
 * (the protocol, the family, a state that has a connection).
 */
export type Condition = { readonly text: string; readonly not?: true } & Plain;

type Plain =
  | { readonly kind: 'family'; readonly family: Family }
  /** A trailing `*` is any rest; `*` alone holds for packets without such a link, too. */
  | { readonly kind: 'link'; readonly side: 'in' | 'out'; readonly names: readonly string[] }
  | { readonly kind: 'address'; readonly end: End; readonly ranges: readonly AddressRange[] }
  /**
   * What the routing table says the address is to this machine, one of `types`: `local`, `unicast` (none of the machine's
   * own), `broadcast`, `multicast`, `anycast`, `blackhole`, `unreachable`, `prohibit` … `onLink`: as seen from that link, to
   * which another link's own address is `unicast`.
   */
  | {
      readonly kind: 'address-type';
      readonly end: End;
      readonly types: readonly string[];
      readonly onLink?: 'in' | 'out';
    }
  /** Numbers as in the IP header; in IPv6 of the last header, behind the extensions. */
  | { readonly kind: 'protocol'; readonly protocols: readonly NumberRange[] }
  /** Of TCP, UDP, UDP-Lite, SCTP and DCCP. */
  | { readonly kind: 'port'; readonly end: End | 'either'; readonly ranges: readonly NumberRange[] }
  /** Of ICMP in IPv4 and ICMPv6 in IPv6. Without `code`: any. */
  | { readonly kind: 'icmp'; readonly types: readonly { readonly type: NumberRange; readonly code?: NumberRange }[] }
  /** `(flags of the packet & mask) === flags`; bits as in the header: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32. */
  | { readonly kind: 'tcp-flags'; readonly mask: number; readonly flags: number }
  /**
   * Before conntrack has seen it (at priorities below -200, as of `raw`) every packet is `invalid`, if no rule made it
   * `untracked`, and has no connection.
   */
  | { readonly kind: 'state'; readonly states: readonly TrackState[] }
  /** Whether conntrack rewrote the connection's destination or source; those that are given have to hold. */
  | { readonly kind: 'nat'; readonly dnat?: boolean; readonly snat?: boolean }
  /** The connection's source or destination as it was before any NAT; all that is given has to hold. */
  | {
      readonly kind: 'original';
      readonly end: End;
      readonly ranges?: readonly AddressRange[];
      readonly ports?: readonly NumberRange[];
    }
  | { readonly kind: 'direction'; readonly direction: 'original' | 'reply' }
  /** `(mark & mask) === value` */
  | { readonly kind: 'mark'; readonly of: 'packet' | 'connection'; readonly value: number; readonly mask: number }
  | { readonly kind: 'fragment' } // not the first one
  /**
   * `set`: its `setKey`. `fields`: what of the packet is looked up, in the set's order; see `lookedUp`. `mask`: how many
   * bits of the address count. A set that is not there holds nothing, and neither does one of another family.
   */
  | { readonly kind: 'set'; readonly set: string; readonly fields: readonly SetKeyPart[]; readonly mask?: number }
  /** One of them holds. */
  | { readonly kind: 'any'; readonly of: readonly Condition[] }
  /** Something about the packet that is never decided here (`limit`, `recent`, `string`, `time`, an unknown match …). */
  | { readonly kind: 'open'; readonly what: string };

/** A service is a protocol and its port, of ICMP its type * 256 + code, of others 0. */
export type SetKeyPart =
  | End
  | 'src-port'
  | 'dst-port'
  | 'src-service'
  | 'dst-service'
  | 'protocol'
  | 'in'
  | 'out'
  | 'src-mac'
  | 'dst-mac'
  | 'mark'
  | 'other';
