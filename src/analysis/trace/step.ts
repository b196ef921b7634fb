import type { Prefix } from '../../net/prefix.ts';
import { PrefixSet } from '../../net/prefix-set.ts';
import type { FilterRule, RuleAction } from '../../ruleset/netfilter.ts';
import { splitBy } from './conditions.ts';
import { effectOf } from './effect.ts';
import type { Machine } from './machine.ts';
import { type Membership, membershipsOf } from './membership.ts';
import type { Flow, Packet, RuleRef } from './packet.ts';
import { addressesOf, inside, outside } from './parts.ts';

/** A rule that was asked, and for which of the sources it matched. */
export interface Step extends RuleRef {
  readonly matched: boolean | 'unknown';
  /** Where it didn't match in any case: the first of its conditions that failed or isn't known. */
  readonly because: string | undefined;
  /** What it did to the packet, in words. */
  readonly effect: string | undefined;
  /** The entries of the sets it asks in which the packet is. */
  readonly entries?: readonly Membership[];
}

/** One source: what was asked, what it said. */
export function toldOf(
  rule: FilterRule,
  { packet, sources }: Flow,
  hit: boolean,
  missed: boolean,
  machine: Machine,
): Pick<Step, 'matched' | 'because' | 'effect' | 'entries'> {
  const [source] = addressesOf(sources).prefixes();
  const entries = source ? membershipsOf(rule.conditions, packet, source, machine.netfilter.sets) : [];
  const told = entries.length > 0 ? { entries } : {};
  if (hit && !missed) {
    const action = source ? chosen(rule.action, packet, source, machine) : rule.action;
    return { ...told, matched: true, because: undefined, effect: effectOf(action, packet, machine, source) };
  }
  const failed = rule.conditions.find((condition) => {
    const { may, must } = splitBy(condition, packet, machine);
    return hit ? outside(sources, must) !== undefined : inside(sources, may) === undefined;
  });
  return { ...told, matched: hit ? 'unknown' : false, because: failed?.text, effect: undefined };
}

/** Of a map, what it gives for the packet. */
function chosen(action: RuleAction, packet: Packet, source: Prefix, machine: Machine): RuleAction {
  if (action.kind !== 'choose') return action;
  const only = PrefixSet.of(source.family, [source]);
  return (
    action.cases.find(({ when }) => inside(only, splitBy(when, packet, machine).must) !== undefined)?.action ?? action
  );
}
