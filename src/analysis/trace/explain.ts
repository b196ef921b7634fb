import type { Address } from '../../net/address.ts';
import { addressBits } from '../../net/family.ts';
import { PrefixSet } from '../../net/prefix-set.ts';
import type { TrackState } from '../../ruleset/netfilter.ts';
import { isOwn, type Machine, wayTo } from './machine.ts';
import type { Flow, Packet, RuleRef } from './packet.ts';
import type { Step } from './step.ts';
import { follow, followAnswer, followOwn, packetOf, type Way } from './way.ts';

export interface Asked {
  readonly from: Address;
  readonly to: Address;
  /** The number of the IP header. */
  readonly protocol: number;
  readonly ports: { readonly source: number; readonly destination: number } | undefined;
  /** Undefined: the link that the way to the source leads by. */
  readonly in: string | undefined;
  readonly state: TrackState;
}

/** What becomes of one packet, and why. */
export interface Explanation extends Verdict {
  /** The link that it was taken to come in by; `lo` for what the machine itself sends. */
  readonly in: string;
  readonly answer: Verdict | undefined;
  /** The rule that decides against it, where one does. */
  readonly whyNot: RuleRef | undefined;
  readonly assumptions: readonly string[];
}

export interface Verdict {
  readonly verdict: 'accept' | 'drop' | 'reject';
  readonly certainty: 'definite' | 'possible';
  readonly steps: readonly Step[];
  /** Where it went in the end: behind NAT another address and port than was dialled. */
  readonly arrived: Pick<Packet, 'destination' | 'ports' | 'out'> | undefined;
}

export function explainPacket(machine: Machine, asked: Asked): Explanation {
  const { from, to, protocol, ports, state } = asked;
  const sends = asked.in === undefined && isOwn(machine, from) && !isOwn(machine, to);
  const link = asked.in ?? (isOwn(machine, from) ? 'lo' : (wayTo(machine, from) ?? 'eth0'));
  const steps: Step[] = [];
  const sources = only(from);
  const question = { sources, destination: to, protocol, ports, in: link, state };
  const way = (sends ? followOwn : follow)(machine, question, (step) => steps.push(step));
  const verdict = verdictOf(way, steps);
  const [passed] = way.passed;
  const whyNot = way.ended[0]?.at;
  return {
    ...verdict,
    in: link,
    whyNot,
    answer: passed && answerOf(machine, asked, passed, link),
    assumptions: [
      ...(state === 'new' && protocol === 6 ? ['the first packet of a connection: NEW, SYN'] : [`state ${state}`]),
      ...(sends ? ['this machine sends it'] : asked.in === undefined ? [`it comes in by ${link}`] : []),
      ...(ports ? [`from port ${ports.source}`] : []),
    ],
  };
}

const only = (address: Address): PrefixSet =>
  PrefixSet.of(address.family, [{ ...address, length: addressBits(address.family) }]);

/** Unsure is what may go one way and the other; it is then told as what it may come to at worst. */
function verdictOf({ passed, ended }: Way, steps: readonly Step[]): Verdict {
  const [first] = ended;
  const [arrived] = passed;
  return {
    verdict: arrived ? 'accept' : (first?.verdict ?? 'drop'),
    certainty: arrived && first ? 'possible' : 'definite',
    steps,
    arrived: arrived?.packet,
  };
}

/** The answer belongs to a connection that is known, and NAT turns its addresses back. */
function answerOf(machine: Machine, asked: Asked, passed: Flow, link: string): Verdict {
  const { packet } = passed;
  const forwarded = packet.out;
  const question = {
    sources: only(packet.destination),
    destination: asked.from,
    protocol: asked.protocol,
    ports: packet.ports && { source: packet.ports.destination, destination: packet.ports.source },
    in: forwarded ?? '',
    state: 'established' as const,
  };
  const back: Packet = {
    ...packetOf(question),
    direction: 'reply',
    dnat: packet.dnat,
    in: forwarded,
    out: forwarded === undefined ? link : undefined,
    mark: { value: 0, unknown: 0 },
    connectionMark: packet.connectionMark,
  };
  const steps: Step[] = [];
  const flow: Flow = { packet: back, sources: question.sources, by: [] };
  return verdictOf(
    followAnswer(machine, flow, (step) => steps.push(step)),
    steps,
  );
}
