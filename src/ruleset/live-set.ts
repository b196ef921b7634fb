import type { Family } from '../net/family.ts';
import type { PortSet } from '../net/port.ts';
import type { PrefixSet } from '../net/prefix-set.ts';
import type { SetSpec } from './set.ts';

/** An own set as it stands in the kernel. `unread`: its name alone was asked for. `strange`: no set of ours looks so. */
export type LiveSet =
  | { readonly kind: 'net'; readonly family: Family; readonly members: PrefixSet }
  | { readonly kind: 'port'; readonly ports: PortSet }
  | { readonly kind: 'denied'; readonly family: Family; readonly empty: boolean }
  | { readonly kind: 'unread' }
  | { readonly kind: 'strange' };

export type LiveSets = ReadonlyMap<string, LiveSet>;

/** Whether a live set has just the content that it should have. */
export function sameSet(spec: SetSpec, live: LiveSet | undefined): boolean {
  if (live === undefined) return false;
  if (live.kind === 'unread') return true;
  if (spec.kind === 'net') return live.kind === 'net' && spec.members.equals(live.members);
  if (spec.kind === 'port') return live.kind === 'port' && samePorts(spec.ports, live.ports);
  return live.kind === 'denied' && live.family === spec.family;
}

/** A set in the kernel holds numbers: which protocol they are of is said by the rule that asks it. */
function samePorts(a: PortSet, b: PortSet): boolean {
  const [ours, theirs] = [a.ranges(), b.ranges()];
  return (
    ours.length === theirs.length &&
    ours.every(({ first, last }, at) => first === theirs[at]?.first && last === theirs[at].last)
  );
}
