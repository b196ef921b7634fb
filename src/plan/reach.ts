import { FAMILIES } from '../net/family.ts';
import { portsNotIn } from './port-difference.ts';
import type { AllowedView, PolicyView } from './view.ts';

/** Who reached a port and who will: `443/tcp: trusted only → everyone`. */
export interface ReachChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

type Views = readonly { readonly before: PolicyView; readonly after: PolicyView }[];

/** The same as sentences, of ports that become public and that are public no more. */
export const reachChange = (added: readonly string[], removed: readonly string[], views: Views): ReachChange => ({
  added: added.map((port) => `${port}: ${whoElse(port, allowedIn(views, 'before'))} → everyone`),
  removed: removed.map((port) => `${port}: everyone → ${whoElse(port, allowedIn(views, 'after'))}`),
});

const allowedIn = (views: Views, when: 'before' | 'after'): AllowedView[] =>
  FAMILIES.flatMap((_family, index) => views[index]?.[when].allowed ?? []);

/** Who reaches a port that isn't public. */
function whoElse(port: string, allowed: readonly AllowedView[]): string {
  const asked = allowed.filter(({ ports }) => portsNotIn([port], ports).join() !== port);
  if (asked.length === 0) return 'trusted only';
  const sources = new Map(asked.map(({ source, size }) => [source, size]));
  const count = [...sources.values()].reduce<number | undefined>(
    (sum, size) => (sum === undefined || size === undefined ? undefined : sum + size),
    0,
  );
  if (count === undefined) return 'the trusted and some allowed sources';
  return `the trusted and ${count} allowed source${count === 1 ? '' : 's'}`;
}
