import type { Address } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import type { PrefixSet } from '../../net/prefix-set.ts';
import { addressesOf, type Sources, together, union } from './parts.ts';
import type { PacketChange, TrackState } from '../../ruleset/netfilter.ts';

/** Packets that differ in their source alone, with what rules have done to them so far. */
export interface Packet {
  readonly family: Family;
  readonly destination: Address;
  readonly protocol: number;
  /** Of TCP, UDP and their like. */
  readonly ports: { readonly source: number; readonly destination: number } | undefined;
  readonly icmp: { readonly type: number; readonly code: number } | undefined;
  readonly flags: number | undefined;
  readonly state: TrackState;
  readonly direction: 'original' | 'reply';
  readonly in: string | undefined;
  readonly out: string | undefined;
  /** `unknown`: bits that nobody here knows. */
  readonly mark: Mark;
  readonly connectionMark: Mark;
  readonly dnat: boolean;
  /** Before any NAT. */
  readonly original: { readonly destination: Address; readonly port: number | undefined };
  /** NAT was decided at this hook. */
  readonly translated: boolean;
}

/** Stands for a link that nobody knows: no kernel allows the name. */
export const ANY_LINK = '/';

export interface Mark {
  readonly value: number;
  readonly unknown: number;
}

/** Whose packet it is, and what let it through on its way. */
export interface Flow {
  readonly packet: Packet;
  readonly sources: Sources;
  readonly by: readonly RuleRef[];
}

/** A rule's place. `rule`: its number in the chain from 1; 0 is the chain's policy. */
export interface RuleRef {
  readonly table: string;
  readonly chain: string;
  readonly rule: number;
  readonly text: string;
}

/** Most flows are of a packet that no rule has changed, which is then the same object. */
const keys = new WeakMap<Packet, string>();

function packetKey({ packet }: Flow): string {
  const key = keys.get(packet) ?? textOf(packet);
  keys.set(packet, key);
  return key;
}

const textOf = (p: Packet): string => `${p.destination.value};${onTheWay(p)}`;

/** What is asked of a packet besides its addresses. */
export const onTheWay = (p: Packet): string =>
  [
    p.ports?.destination,
    p.state,
    p.in,
    p.out,
    p.mark.value,
    p.mark.unknown,
    p.connectionMark.value,
    p.connectionMark.unknown,
    p.dnat,
    p.translated,
  ].join(';');

const flowKey = (flow: Flow): string =>
  `${packetKey(flow)};${flow.by.map(({ table, chain, rule }) => `${table} ${chain} ${rule}`).join()}`;

/**
 * Flows that nothing tells apart any more become one. `ways`: how many may differ by what let them through alone. Of more,
 * the first is told for all: behind lists of known hosts, one after the other, they would multiply.
 */
export function merged(flows: readonly Flow[], ways: number): readonly Flow[] {
  const all = ways === 0 ? flows : mergedBy(flowKey, flows);
  return all.length > ways ? mergedBy(packetKey, all) : all;
}

function mergedBy(keyOf: (flow: Flow) => string, flows: readonly Flow[]): readonly Flow[] {
  if (flows.length < 2) return flows;
  const found = new Map<string, Flow>();
  for (const flow of flows) {
    const key = keyOf(flow);
    const known = found.get(key);
    found.set(key, known ? { ...known, sources: together(known.sources, flow.sources) } : flow);
  }
  return [...found.values()];
}

export const unionOf = (sets: readonly Sources[], none: PrefixSet): PrefixSet =>
  sets.map(addressesOf).reduce((all, set) => (all.size === 0 ? set : union(all, set)), none);

/** The packet as a rule leaves it. */
export function changed(packet: Packet, change: PacketChange): Packet {
  if (change.kind === 'notrack') return { ...packet, state: 'untracked' };
  const name = change.of === 'packet' ? 'mark' : 'connectionMark';
  const { value, unknown } = packet[name];
  const mark =
    change.value === undefined
      ? { value, unknown: (unknown | change.mask) >>> 0 }
      : { value: ((value & ~change.mask) ^ change.value) >>> 0, unknown: (unknown & ~change.mask) >>> 0 };
  return { ...packet, [name]: mark };
}
