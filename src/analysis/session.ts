import type { Address } from '../net/address.ts';
import { slotSetName } from '../ruleset/ownership.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import type { LiveState } from '../plan/live-state.ts';
import { flowsToCut, judgeIn, type Flow, type Sides } from './flow.ts';

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
 * The sessions that the new rules take. Of the others' only those that the old rules let in: one that was cut off before may
 * linger for hours in sshd's eyes. The own one is certainly alive, whatever the old rules say. Judged is the port that
 * was dialled, which the kernel's table tells.
 */
export function sessionsToCut(
  sessions: readonly Session[],
  tracked: readonly Flow[],
  { before, after, sides }: { before: LiveState; after: Ruleset; sides: Sides },
): Session[] {
  return sessions.filter((session) => {
    const flow = tracked.find((each) => isFlowOf(each, session)) ?? openingOf(session, sides);
    if (!flow) return false;
    return session.own ? judgeIn(after, flow, sides) === 'drop' : flowsToCut([flow], before, after, sides).length > 0;
  });
}

/** How the session began, if its client dialled sshd's own port. */
function openingOf({ client, clientPort, port }: Session, { links }: Sides): Flow | undefined {
  const own = links.flatMap(({ addresses }) => addresses).find(({ family }) => family === client.family);
  const ports = { sourcePort: clientPort ?? 50_000, port, serverPort: port };
  return own && { protocol: 'tcp', source: client, destination: own, ...ports };
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
