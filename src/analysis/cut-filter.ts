import { formatAddress } from '../net/address.ts';
import { addressBits } from '../net/family.ts';
import { type Prefix, prefixContains } from '../net/prefix.ts';
import type { Flow } from './flow.ts';

/** Picks connections out of the kernel's table: all that have these values. */
export interface CutFilter extends Pick<Flow, 'protocol' | 'destination' | 'port'> {
  /** Undefined: from everywhere. */
  readonly source?: Prefix;
}

/** Each filter costs the kernel a walk over its table and a grace period of some 20 ms, so a flood must not need one each. */
const PRECISE_LIMIT = 64;

/**
 * The filters that pick out just these flows, of all that there are. One a client and port; where those are many, the
 * widest prefixes that hold no client whose connection to the same port stays.
 */
export function cutFilters(all: readonly Flow[], cut: readonly Flow[]): CutFilter[] {
  const precise = [...groups(cut, clientKey).values()].flatMap(([first]) => first ?? []);
  if (precise.length <= PRECISE_LIMIT) return precise.map((flow) => filterOf(flow, single(flow)));
  const going = new Set(cut);
  const staying = groups(
    all.filter((flow) => !going.has(flow)),
    portKey,
  );
  return [...groups(precise, portKey)].flatMap(([key, flows]) => {
    const [first] = flows;
    if (first === undefined) return [];
    const { family } = first.destination;
    const wide = prefixesAround({ family, value: 0n, length: 0 }, flows, staying.get(key) ?? []);
    return wide.map((prefix) => filterOf(first, prefix));
  });
}

/** The widest prefixes within this one that hold some of the first flows' sources and none of the others'. */
function prefixesAround(prefix: Prefix, going: readonly Flow[], staying: readonly Flow[]): Prefix[] {
  if (going.length === 0) return [];
  if (staying.length === 0 || prefix.length === addressBits(prefix.family)) return [prefix];
  return halves(prefix).flatMap((half) => {
    const inside = ({ source }: Flow): boolean => prefixContains(half, source);
    return prefixesAround(half, going.filter(inside), staying.filter(inside));
  });
}

function halves({ family, value, length }: Prefix): Prefix[] {
  const upper = 1n << BigInt(addressBits(family) - length - 1);
  return [value, value | upper].map((start) => ({ family, value: start, length: length + 1 }));
}

const single = ({ source }: Flow): Prefix => ({ ...source, length: addressBits(source.family) });

const filterOf = ({ protocol, destination, port }: Flow, source: Prefix): CutFilter =>
  source.length === 0 ? { protocol, destination, port } : { protocol, destination, port, source };

const portKey = ({ protocol, destination, port }: Flow): string => `${protocol} ${formatAddress(destination)} ${port}`;
const clientKey = (flow: Flow): string => `${portKey(flow)} ${formatAddress(flow.source)}`;

function groups(flows: readonly Flow[], key: (flow: Flow) => string): Map<string, Flow[]> {
  const found = new Map<string, Flow[]>();
  for (const flow of flows) {
    const there = found.get(key(flow));
    if (there) there.push(flow);
    else found.set(key(flow), [flow]);
  }
  return found;
}
