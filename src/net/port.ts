import type { PortFault } from './fault.ts';
import { bad, good, type Failed, type Parsed } from './parsed.ts';

export type { PortFault } from './fault.ts';

export type Protocol = 'tcp' | 'udp';

export const PROTOCOLS: readonly Protocol[] = ['tcp', 'udp'];

/** The ports `first` to `last`, both included, 1..65535, of one protocol. */
export interface PortRange {
  readonly protocol: Protocol;
  readonly first: number;
  readonly last: number;
}

/** A stretch of ports whose protocol is known from where it stands. */
export interface PortSpan {
  readonly first: number;
  readonly last: number;
}

/**
 * Reads `22/tcp` or `8000-8010/udp`. The protocol is never guessed, and port 0 is none: no client can dial it, and tools
 * take it for "any". A hint, where there is one, is a text that this function accepts.
 */
export function parsePortRange(text: string): Parsed<PortRange, PortFault> {
  const [ports = '', protocol, ...more] = text.split('/');
  if (more.length > 0) return bad('not-a-port');
  const span = parseSpan(ports);
  if (span === undefined) return failed('not-a-port', loosely(text));
  if (protocol === undefined) return failed('no-protocol', `${ports}/tcp`);
  const known = PROTOCOLS.find((name) => name === protocol);
  if (known === undefined) return failed('unknown-protocol', loosely(text));
  return checkSpan(known, span);
}

const parseSpan = (text: string): readonly [string, string] | undefined => {
  const match = /^([0-9]+)(?:-([0-9]+))?$/.exec(text);
  return match?.[1] === undefined ? undefined : [match[1], match[2] ?? match[1]];
};

function checkSpan(protocol: Protocol, span: readonly [string, string]): Parsed<PortRange, PortFault> {
  const [first, last] = [Number(span[0]), Number(span[1])];
  const range = { protocol, first, last };
  if (span.some((port) => /^0./.test(port))) return failed('leading-zero', formatPortRange(range));
  if (Math.min(first, last) < 1 || Math.max(first, last) > 65_535) return bad('port-range');
  if (first > last) return failed('backwards', formatPortRange({ protocol, first: last, last: first }));
  return good(range);
}

/** What other tools' notations mean: `80:90/tcp` of iptables, `tcp/22`, capitals, white space. */
function loosely(text: string): string | undefined {
  const tidy = text.toLowerCase().replaceAll(/\s/g, '').replace(':', '-');
  const plain = tidy.replace(/^(tcp|udp)\/([0-9-]+)$/, '$2/$1');
  return plain === text ? undefined : plain;
}

/** Gives the candidate as hint if it is a range of ports, else the hint that reading it gives. */
function failed(fault: PortFault, candidate?: string): Failed<PortFault> {
  if (candidate === undefined) return bad(fault);
  const meant = parsePortRange(candidate);
  return bad(fault, meant.ok ? candidate : meant.hint);
}

/** `22/tcp` or `8000-8010/tcp`. */
export const formatPortRange = ({ protocol, first, last }: PortRange): string =>
  `${first === last ? first : `${first}-${last}`}/${protocol}`;

/** The ports of one protocol, as ascending ranges that neither overlap nor touch. */
export class PortSet {
  readonly protocol: Protocol;
  /** Number of ports. */
  readonly size: number;
  readonly #spans: readonly PortSpan[];

  private constructor(protocol: Protocol, spans: readonly PortSpan[]) {
    this.protocol = protocol;
    this.#spans = spans;
    this.size = spans.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  }

  /** Takes the ranges of this protocol and leaves the others out. */
  static of(ranges: Iterable<PortRange>, protocol: Protocol): PortSet {
    const own = [...ranges].filter((range) => range.protocol === protocol);
    return new PortSet(protocol, merged(own));
  }

  has(port: number): boolean {
    return this.#spans.some(({ first, last }) => first <= port && port <= last);
  }

  ranges(): readonly PortSpan[] {
    return this.#spans;
  }

  equals(other: PortSet): boolean {
    const text = (set: PortSet): string => JSON.stringify([set.protocol, set.#spans]);
    return text(this) === text(other);
  }
}

function merged(ranges: readonly PortSpan[]): PortSpan[] {
  const spans: PortSpan[] = [];
  for (const { first, last } of ranges.toSorted((a, b) => a.first - b.first)) {
    const before = spans.at(-1);
    if (before === undefined || first > before.last + 1) spans.push({ first, last });
    else spans[spans.length - 1] = { first: before.first, last: Math.max(before.last, last) };
  }
  return spans;
}
