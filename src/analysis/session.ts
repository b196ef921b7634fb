import type { Address } from '../net/address.ts';
import { slotSetName } from '../ruleset/ownership.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { judgeIn } from './flow.ts';
import type { Flow, Sides } from './flow.ts';

/** Somebody who is logged in over SSH. */
export interface Session {
  readonly client: Address;
  readonly clientPort: number | undefined;
  /** Where sshd took it. The client may have dialled another port that leads there. */
  readonly port: number;
  /** It is the one that this program runs in. */
  readonly own: boolean;
}

/** A connection, and whom it would be taken from. */
export interface NamedFlow extends Flow {
  /** The program, or the container, that serves it. */
  readonly owner?: string;
  /** The SSH session that this program runs in. */
  readonly own?: true;
}

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

/** The connection that carries the session, among those that the kernel tracks. */
export const isFlowOf = ({ protocol, source, sourcePort, serverPort }: Flow, session: Session): boolean =>
  protocol === 'tcp' &&
  sourcePort === session.clientPort &&
  serverPort === session.port &&
  sameAddress(source, session.client);

export const sameAddress = (a: Address, b: Address): boolean => a.family === b.family && a.value === b.value;

/** Whether the address is on the list `block`, which beats `trusted`. */
export function isBlocked(ruleset: Ruleset, { family, value }: Address): boolean {
  const names = (['a', 'b'] as const).map((slot) => slotSetName('block', family, slot));
  return ruleset[family].sets.some(
    (set) => set.kind === 'net' && names.includes(set.name) && set.members.has({ family, value }),
  );
}
