import { formatAddress } from '../net/address.ts';
import type { Flow } from './flow.ts';

/** Picks connections out of the kernel's table: all that have these values. */
export type CutFilter = Pick<Flow, 'protocol' | 'destination' | 'port'> & Partial<Pick<Flow, 'source'>>;

/** Each filter costs the kernel a walk over its table and a grace period of some 20 ms, so a flood must not need one each. */
const PRECISE_LIMIT = 64;

/**
 * The filters that pick out just these flows, of all that there are. One a client and port; where those are many, one
 * filter takes all clients of a port, if every one of them is to go.
 */
export function cutFilters(all: readonly Flow[], cut: readonly Flow[]): CutFilter[] {
  const precise = [...groups(cut, clientKey).values()].flatMap(([first]) => first ?? []);
  if (precise.length <= PRECISE_LIMIT) return precise.map(withSource);
  const everyone = groups(all, portKey);
  const leaving = groups(cut, portKey);
  const whole = new Set(
    [...leaving].filter(([key, flows]) => everyone.get(key)?.length === flows.length).map(([key]) => key),
  );
  const ports = [...whole].flatMap((key) => leaving.get(key)?.[0] ?? []);
  return [...ports.map(withoutSource), ...precise.filter((flow) => !whole.has(portKey(flow))).map(withSource)];
}

const withoutSource = ({ protocol, destination, port }: Flow): CutFilter => ({ protocol, destination, port });
const withSource = (flow: Flow): CutFilter => ({ ...withoutSource(flow), source: flow.source });

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
