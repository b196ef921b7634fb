import type { Family } from '../net/family.ts';
import type { PrefixSet } from '../net/prefix-set.ts';
import type { End, SetKeyPart } from './condition.ts';
import type { AddressRange, NumberRange } from './ranges.ts';

/** A set of addresses, ports, or of several together, one entry each. */
export interface FilterSet {
  /** `hash:net`, `bitmap:port` of ipset; nft's type, as `ipv4_addr . inet_service`. */
  readonly type: string;
  /** Packets of other families are in no set of these; both for what has no family (ports, marks, a list). */
  readonly families: readonly Family[];
  /** What an entry is made of, in order. */
  readonly parts: readonly SetPart[];
  readonly content: SetContent;
  /** Entries come and go by themselves, or by rules. */
  readonly changing: boolean;
}

/** `service`: protocol and port in one, as ipset has it. `port`: the number alone, of TCP and UDP. */
export type SetPart = 'address' | 'port' | 'service' | 'protocol' | 'link' | 'mac' | 'mark' | 'other';

/** Addresses and ports alone are kept so that 10^6 of them cost little; everything else entry by entry. */
export type SetContent =
  /** Exactly these addresses: what ipset's `nomatch` takes out is out. */
  | { readonly kind: 'addresses'; readonly members: PrefixSet }
  | { readonly kind: 'ports'; readonly ranges: readonly NumberRange[] }
  | { readonly kind: 'tuples'; readonly entries: readonly SetTuple[] }
  /** Whoever is in one of these sets, by their names as `setKey` has them. */
  | { readonly kind: 'list'; readonly sets: readonly string[] }
  /** May hold anything. */
  | { readonly kind: 'unknown' };

/** One entry: a key for each part of the set, all of which have to fit. */
export interface SetTuple {
  readonly keys: readonly SetKey[];
  readonly text: string;
  /** Whoever is in this entry is not in the set, if no narrower one says otherwise. */
  readonly nomatch?: true;
}

export type SetKey =
  | { readonly kind: 'addresses'; readonly range: AddressRange }
  | { readonly kind: 'numbers'; readonly range: NumberRange } // ports, protocols, marks
  | { readonly kind: 'service'; readonly protocol: number; readonly ports: NumberRange }
  | { readonly kind: 'link'; readonly name: string } // a trailing `*`: any rest
  /** Anything may fit it or not. */
  | { readonly kind: 'open'; readonly text: string };

/**
 * What of a packet is looked up for each part of the set. A rule of iptables only says whose end, and the set which part
 * of it; and it may say more ends than the set has parts. Undefined where it says fewer: the kernel then finds nothing.
 */
export const lookedUp = (fields: readonly SetKeyPart[], parts: readonly SetPart[]): readonly SetKeyPart[] | undefined =>
  fields.length < parts.length
    ? undefined
    : fields.slice(0, parts.length).map((field, at) => (isEnd(field) ? partOf(field, parts[at]) : field));

const isEnd = (field: SetKeyPart): field is End => field === 'src' || field === 'dst';

function partOf(end: End, part: SetPart = 'other'): SetKeyPart {
  if (part === 'port') return `${end}-port`;
  if (part === 'service') return `${end}-service`;
  if (part === 'mac') return `${end}-mac`;
  if (part === 'link') return end === 'src' ? 'in' : 'out';
  return part === 'address' ? end : part;
}
