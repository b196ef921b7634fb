import { formatAddress } from '../net/address.ts';
import { subtract } from '../net/subtract.ts';
import type { Address } from '../net/address.ts';
import type { PrefixList } from './facts.ts';

/** How a name or a list that the config speaks of differs from what it was at the last apply. */
export interface SourceChange {
  readonly kind: 'name' | 'list';
  /** The name, or the list's path as the config writes it. */
  readonly name: string;
  readonly added: number;
  readonly removed: number;
}

/** None if the name stands for the same addresses, in whatever order. */
export function nameChange(name: string, before: readonly Address[], after: readonly Address[]): SourceChange[] {
  const [old, now] = [before, after].map((addresses) => new Set(addresses.map(formatAddress)));
  const notIn = (these?: ReadonlySet<string>, others?: ReadonlySet<string>): number =>
    [...(these ?? [])].filter((text) => others?.has(text) !== true).length;
  return changed({ kind: 'name', name, added: notIn(now, old), removed: notIn(old, now) });
}

/** None if the list holds the same addresses, however they are written. */
export function listChange(name: string, before: PrefixList, after: PrefixList): SourceChange[] {
  const gained = (of: PrefixList, other: PrefixList): number =>
    (['v4', 'v6'] as const).reduce((sum, half) => sum + subtract(of[half], other[half]).size, 0);
  return changed({ kind: 'list', name, added: gained(after, before), removed: gained(before, after) });
}

const changed = (change: SourceChange): SourceChange[] => (change.added + change.removed > 0 ? [change] : []);
