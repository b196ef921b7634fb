import { formatPortRange, PortSet, PROTOCOLS } from '../../net/port.ts';
import { overlappingRanges, rangeCovers, sameRange } from './coverage.ts';
import type { PublicPort } from '../model.ts';
import { readPort } from './port-text.ts';
import { spanOf } from '../problems/positions.ts';
import type { ProblemList } from '../problems/problem-list.ts';
import { quoted } from '../problems/quoted.ts';
import { itemsOf, type Tree } from '../yaml/tree.ts';

const EVERY_PORT = 65_535;

/** The ports of one list, without those that have errors. */
export function readPorts(tree: Tree | undefined, problems: ProblemList): PublicPort[] {
  const ports = itemsOf(tree).flatMap((item) => readItem(item, problems));
  for (const [port, other] of overlappingRanges(ports)) reportOverlap(port, other, problems);
  reportAllPorts(ports, problems);
  return ports;
}

function readItem(item: Tree, problems: ProblemList): PublicPort[] {
  if (item.kind !== 'text') return [];
  const reading = readPort(item.text);
  if ('range' in reading) return [{ range: reading.range, at: problems.positions.at(item.span) }];
  problems.add(reading.finding, item.span);
  return [];
}

function reportOverlap(port: PublicPort, other: PublicPort, problems: ProblemList): void {
  const [shown, there] = [
    quoted(formatPortRange(port.range)),
    `${formatPortRange(other.range)} in line ${other.at.line}`,
  ];
  const span = spanOf(port.at);
  if (sameRange(port.range, other.range)) {
    problems.warning('duplicate', span, `${shown} stands in line ${other.at.line} already`, 'delete one of the two');
  } else if (rangeCovers(other.range, port.range)) {
    problems.warning('covered', span, `${shown} is part of ${there}`, 'delete it, or make the other range narrower');
  } else {
    const both = { ...port.range, first: other.range.first };
    problems.warning('overlap', span, `${shown} overlaps with ${there}`, `write the two as ${formatPortRange(both)}`);
  }
}

function reportAllPorts(ports: readonly PublicPort[], problems: ProblemList): void {
  for (const protocol of PROTOCOLS) {
    const own = ports.filter(({ range }) => range.protocol === protocol);
    const [first] = own;
    if (
      first === undefined ||
      PortSet.of(
        own.map(({ range }) => range),
        protocol,
      ).size < EVERY_PORT
    )
      continue;
    const widest = own.find(({ range }) => range.last - range.first + 1 === EVERY_PORT) ?? first;
    const message = `this opens every ${protocol} port there is, those of databases and consoles among them`;
    problems.warning('all-ports', spanOf(widest.at), message, 'list the ports that are meant to be open');
  }
}
