import { createHash } from 'node:crypto';
import type { LiveSet } from '../ipset/save.ts';
import { FAMILIES } from '../net/family.ts';
import type { LiveState } from './live-state.ts';

/**
 * Two states with the same fingerprint hold the same rules at the same places, and the same entries. Entries that come
 * and go by themselves don't count. Hexadecimal.
 */
export function liveFingerprint({ backend = 'iptables', tables, sets, others = [], rival }: LiveState): string {
  const hash = createHash('sha256');
  // As it was before there was a choice.
  if (backend !== 'iptables') hash.update(backend);
  for (const family of FAMILIES) {
    const { chains, hooks } = tables[family];
    const places = hooks.map(({ point, position, text }) => `${point} ${position} ${text}`);
    hash.update(JSON.stringify([family, [...chains].toSorted(byName), places.toSorted()]));
  }
  for (const { variant, table } of others)
    hash.update(JSON.stringify([variant, table.family, [...table.chains].toSorted(byName), table.hooks]));
  for (const [name, set] of [...sets].toSorted(byName)) hash.update(`\n${name} ${setText(set)}`);
  if (rival && !isNothing(rival)) hash.update(`\n${liveFingerprint(rival)}`);
  return hash.digest('hex');
}

const isNothing = ({ tables, sets }: LiveState): boolean =>
  sets.size === 0 && FAMILIES.every((family) => tables[family].chains.size + tables[family].hooks.length === 0);

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

function setText(set: LiveSet): string {
  if (set.kind === 'net') return set.members.fingerprint();
  return set.kind === 'port' ? JSON.stringify(set.ports.ranges()) : set.kind;
}
