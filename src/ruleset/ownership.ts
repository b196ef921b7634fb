import type { Family } from '../net/family.ts';

/**
 * Ownership is read from names alone, so it is recognised without any memory: a chain or set with this prefix is
 * Seawall's, and so is a rule of a built-in chain that jumps to such a chain. Nothing else ever is.
 */
export const CHAIN_PREFIX = 'SEAWALL-';
export const SET_PREFIX = 'seawall-';

/** No name of ours holds anything else: another one may not even be a word in the tools' input. */
const PLAIN = /^[\w.-]*$/;

export const ownsChain = (name: string): boolean => name.startsWith(CHAIN_PREFIX) && PLAIN.test(name);
export const ownsSet = (name: string): boolean => name.startsWith(SET_PREFIX) && PLAIN.test(name);

/** Where a new set is filled before it takes an old one's place. */
export const SCRATCH_SET = `${SET_PREFIX}scratch`;

/** Sets whose content changes in place. Each has two names, so that several can change in one stroke. */
export type Slot = 'a' | 'b';
export const SLOT_ROLES = ['trusted', 'block', 'public-tcp', 'public-udp'] as const;
export type SlotRole = (typeof SLOT_ROLES)[number];

/** The slot that is in use, by role; a role that isn't listed is in slot `a`. */
export type Slots = Readonly<Partial<Record<SlotRole, Slot>>>;

export const slotSetName = (role: SlotRole, family: Family, slot: Slot): string =>
  `${SET_PREFIX}${role}${family}${slot}`;

export const otherSlot = (slot: Slot): Slot => (slot === 'a' ? 'b' : 'a');

/** Who was turned away, from the first packet on: how often. */
export const deniedSetName = (family: Family): string => `${SET_PREFIX}denied${family}`;

/** The same by the last packet: an entry that is renewed forgets its counters, so one set can't say both. */
export const latelySetName = (family: Family): string => `${SET_PREFIX}lately${family}`;

/** Clients and the server ports that their connections were cut from. */
export const cutSetName = (family: Family): string => `${SET_PREFIX}cut${family}`;

/** Sets named by their content never change: another content is another set. */
export const contentSetName = (kind: 'list' | 'allow' | 'ports', family: Family, fingerprint: string): string =>
  `${SET_PREFIX}${kind}${family}-${fingerprint.slice(0, 12)}`;

/** Whether the set is a long list's. */
export const isList = (name: string): boolean => name.startsWith(`${SET_PREFIX}list`);
