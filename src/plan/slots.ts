import type { Family } from '../net/family.ts';
import type { OwnTable } from '../iptables/save.ts';
import type { Match } from '../ruleset/match.ts';
import type { FamilyRules } from '../ruleset/ruleset.ts';
import { otherSlot, SLOT_ROLES, type SlotRole, slotSetName, type Slots } from '../ruleset/ownership.ts';

/**
 * The slots that the live rules refer to; read from the rules, so nothing has to be remembered. Of several tables the first
 * counts in which there are any.
 */
export function slotsInUse(tables: readonly OwnTable[]): Slots {
  const table = tables.find(({ chains }) => chains.size > 0);
  if (!table) return {};
  const text = [...table.chains.values()].flat().join('\n');
  const slots: Partial<Record<SlotRole, 'a' | 'b'>> = {};
  for (const role of SLOT_ROLES) {
    if (refersTo(text, slotSetName(role, table.family, 'b'))) slots[role] = 'b';
  }
  return slots;
}

const refersTo = (text: string, set: string): boolean => text.includes(` ${set} `);

/** The slots with some of them turned over. */
export function turnSlots(slots: Slots, roles: readonly SlotRole[]): Slots {
  return { ...slots, ...Object.fromEntries(roles.map((role) => [role, otherSlot(slots[role] ?? 'a')])) };
}

/** The role of a set whose content changes in place, undefined for all other sets. */
export function roleOf(name: string, family: Family): SlotRole | undefined {
  return SLOT_ROLES.find((role) => name === slotSetName(role, family, 'a') || name === slotSetName(role, family, 'b'));
}

/** The rules with their sets under other names of theirs. */
export function inSlots(rules: FamilyRules, slots: Slots): FamilyRules {
  const { family } = rules;
  const renamed = (name: string): string => {
    const role = roleOf(name, family);
    return role === undefined ? name : slotSetName(role, family, slots[role] ?? 'a');
  };
  const match = (each: Match): Match => (each.kind === 'in-set' ? { ...each, set: renamed(each.set) } : each);
  return {
    ...rules,
    sets: rules.sets.map((set) => ({ ...set, name: renamed(set.name) })),
    chains: rules.chains.map((chain) => ({
      ...chain,
      rules: chain.rules.map((rule) => ({ ...rule, match: rule.match.map(match) })),
    })),
  };
}
