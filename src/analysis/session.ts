import type { Address } from '../net/address.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { judgeIn } from './flow.ts';
import type { Sides } from './flow.ts';

/**
 * Whether an address may connect to a TCP port of this machine under these rules. One over an internal interface,
 * or from the machine itself, always may.
 */
export function mayConnect(ruleset: Ruleset, source: Address, port: number, sides: Sides): boolean {
  const own = sides.links.flatMap(({ addresses }) => addresses).find(({ family }) => family === source.family);
  if (!own) return true;
  const flow = { protocol: 'tcp', source, sourcePort: 50_000, destination: own, port, serverPort: port } as const;
  return judgeIn(ruleset, flow, sides) !== 'drop';
}
