import type { Address } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import type { PrefixSet } from '../../net/prefix-set.ts';
import { union } from './parts.ts';
import type { TrackState } from '../../ruleset/netfilter.ts';

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
  readonly sources: PrefixSet;
  readonly by: readonly RuleRef[];
}

/** A rule's place. `rule`: its number in the chain from 1; 0 is the chain's policy. */
export interface RuleRef {
  readonly table: string;
  readonly chain: string;
  readonly rule: number;
  readonly text: string;
}

const flowKey = ({ packet: p, by }: Flow): string =>
  [
    p.destination.value,
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
    by.map(({ table, chain, rule }) => `${table} ${chain} ${rule}`).join(),
  ].join(';');

/** Flows that nothing tells apart any more become one. */
export function merged(flows: readonly Flow[]): readonly Flow[] {
  if (flows.length < 2) return flows;
  const found = new Map<string, Flow>();
  for (const flow of flows) {
    const key = flowKey(flow);
    const known = found.get(key);
    found.set(key, known ? { ...known, sources: union(known.sources, flow.sources) } : flow);
  }
  return [...found.values()];
}

export const unionOf = (sets: readonly PrefixSet[], none: PrefixSet): PrefixSet =>
  sets.reduce((all, set) => (all.size === 0 ? set : union(all, set)), none);
