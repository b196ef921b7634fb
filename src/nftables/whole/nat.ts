import type { Condition } from '../../ruleset/condition.ts';
import type { RuleAction } from '../../ruleset/netfilter.ts';
import type { AddressRange, NumberRange } from '../../ruleset/ranges.ts';
import { addressItem, numberItem } from './items.ts';
import { listOf, objectOf, onlyKey, textOf, type Json, type JsonObject } from './json.ts';
import { noNaming } from './names.ts';

/** A choice by a map, and what a packet needs to be looked up. */
export interface Chosen {
  readonly needs: readonly Condition[];
  readonly action: RuleAction;
}

/** Makes a choice of a map: for each of its values what is done. */
type Choose = (map: JsonObject, use: (value: Json) => RuleAction) => Chosen;

/** Undefined for what is no NAT. A destination that can't be read is somewhere. */
export function natAction(kind: string, inner: JsonObject, choose: Choose): RuleAction | Chosen | undefined {
  if (kind === 'masquerade') return { kind: 'masquerade' };
  if (kind === 'redirect') return redirect(inner);
  if (kind !== 'dnat' && kind !== 'snat') return undefined;
  const [form, map] = onlyKey(inner['addr']) ?? [''];
  if (form !== 'map') return translation(kind, inner['addr'], inner['port']);
  return choose(objectOf(map), (value) => {
    const [whole, parts] = onlyKey(value) ?? [''];
    const [address, port] = whole === 'concat' ? listOf(parts) : [value];
    return translation(kind, address, port ?? inner['port']);
  });
}

function redirect({ port }: JsonObject): RuleAction {
  if (port === undefined) return { kind: 'redirect' };
  const ports = numberItem(port, noNaming);
  return ports ? { kind: 'redirect', ports } : somewhere('redirect');
}

function translation(kind: 'dnat' | 'snat', addr: Json, port: Json): RuleAction {
  const addresses = addr === undefined ? undefined : placeOf(addr);
  const ports: NumberRange | undefined = port === undefined ? undefined : numberItem(port, noNaming);
  if ((addr !== undefined && !addresses) || (port !== undefined && !ports)) return somewhere(kind);
  return kind === 'dnat' ? { kind, addresses, ports } : { kind, addresses };
}

const somewhere = (what: string): RuleAction => ({ kind: 'open', what, rewrites: true });

const placeOf = (addr: Json): AddressRange | undefined =>
  textOf(addr)?.startsWith('@') === true ? undefined : (addressItem(addr, 4) ?? addressItem(addr, 6));
