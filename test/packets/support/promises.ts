import type { Target } from '../../../lab/targets.ts';
import type { Outsider } from './sources.ts';

/**
 * What the firewall promises, said a second time and by hand: nothing in here knows how Seawall keeps it.
 *
 * `as before`: as Docker and the host's programs answer when there is no firewall.
 */
export type Promised = 'as before' | 'closed';

/** Who may reach what from outside. `publicPorts`: as in the config, `8080/tcp`: the number that a client dials. */
export function promisedTo(source: Outsider, target: Target, publicPorts: readonly string[]): Promised {
  if (source.trusted) return 'as before';
  const dialsThisMachine = target.kind !== 'direct';
  return dialsThisMachine && publicPorts.some((text) => holds(text, target)) ? 'as before' : 'closed';
}

/** What Docker 20.10 to 27 leave open without a firewall: everything that somebody has a route to. */
export function openWithout(target: Target): boolean {
  return target.reach !== 'nobody';
}

function holds(text: string, { port, protocol }: Target): boolean {
  const [range = '', name] = text.split('/');
  const [first, last = first] = range.split('-').map(Number);
  return name === protocol && first !== undefined && last !== undefined && first <= port && port <= last;
}
