import type { TrackState } from '../../ruleset/condition.ts';
import { listOf, onlyKey, textOf, type Json } from './json.ts';
import { flagNaming, numberOf } from './names.ts';
import { anyOf, type Plain } from './plain.ts';

const STATES: readonly TrackState[] = ['new', 'established', 'related', 'invalid', 'untracked'];

export const stateName = (item: Json): TrackState | undefined => STATES.find((state) => state === item);

/** `ct state established,related`: a packet has one state. */
export function stateFlags(names: readonly Json[]): Plain | undefined {
  const states = names.map(stateName);
  return states.every((state) => state !== undefined) ? { kind: 'state', states } : undefined;
}

/** `ct status dnat`; what else a connection's status says is not judged here. */
export const statusFlags = (names: readonly Json[]): Plain =>
  anyOf(
    names.map((name): Plain => {
      if (name === 'dnat') return { kind: 'nat', dnat: true };
      if (name === 'snat') return { kind: 'nat', snat: true };
      return { kind: 'open', what: `ct status ${textOf(name) ?? ''}` };
    }),
  );

/** `syn`, `["fin","syn"]`, `{"|": ["fin","syn"]}`, or a number. */
export function bitsOf(value: Json): number | undefined {
  const [kind, inner] = onlyKey(value) ?? [''];
  const bits = listOf(kind === '|' ? inner : value).map((part) =>
    part === value || kind !== '|' ? numberOf(part, flagNaming) : bitsOf(part),
  );
  return bits.every((bit) => bit !== undefined) ? bits.reduce((all, bit) => all | bit, 0) : undefined;
}

/** All flags, or those of the mask, are these. */
export function flagCondition(value: Json, mask: Json = 255): Plain | undefined {
  const [flags, bits] = [bitsOf(value), bitsOf(mask)];
  return flags === undefined || bits === undefined ? undefined : { kind: 'tcp-flags', mask: bits, flags };
}

/** One of the flags is there. */
export function hasTcpFlag(names: readonly Json[]): Plain | undefined {
  const bits = bitsOf([...names]);
  return bits === undefined ? undefined : { kind: 'tcp-flags', mask: bits, flags: 0, not: true };
}
