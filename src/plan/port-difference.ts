import { formatPortRange, parsePortRange, PortSet, PROTOCOLS, type PortRange, type PortSpan } from '../net/port.ts';

/** Of ranges like `22/tcp` the ports that the others don't hold, again as ranges. */
export function portsNotIn(texts: readonly string[], others: readonly string[]): string[] {
  const [ranges, holes] = [texts.flatMap(rangeOf), others.flatMap(rangeOf)];
  return PROTOCOLS.flatMap((protocol) => {
    const gone = PortSet.of(holes, protocol).ranges();
    const spans = PortSet.of(ranges, protocol).ranges();
    return spans.flatMap((span) => without(span, gone)).map((left) => formatPortRange({ protocol, ...left }));
  });
}

function rangeOf(text: string): PortRange[] {
  const parsed = parsePortRange(text);
  return parsed.ok ? [parsed.value] : [];
}

/** What is left of a span; the holes are ascending. */
function without({ first, last }: PortSpan, holes: readonly PortSpan[]): PortSpan[] {
  const left: PortSpan[] = [];
  let next = first;
  for (const hole of holes) {
    if (hole.last < next || hole.first > last) continue;
    if (hole.first > next) left.push({ first: next, last: hole.first - 1 });
    next = hole.last + 1;
  }
  return next > last ? left : [...left, { first: next, last }];
}
