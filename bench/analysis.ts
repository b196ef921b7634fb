import { askedFor, portClasses } from '../src/analysis/trace/classes.ts';
import { explainPacket } from '../src/analysis/trace/explain.ts';
import type { Machine } from '../src/analysis/trace/machine.ts';
import { serviceMatrix } from '../src/analysis/trace/matrix.ts';
import { parseIpset } from '../src/ipset/whole/parse.ts';
import { parseIptables } from '../src/iptables/whole/parse.ts';
import { milliseconds } from './report/format.ts';
import { prefixes } from './prefixes.ts';
import type { Measurement, Result, Verdict } from './result.ts';

const COUNTS = [100, 1000, 5000, 20_000, 100_000];
/** The amount that the limits are for. */
const USUAL = 5000;
const RULES_OF_CHAIN = 50;
const MILLION = 1_000_000;

/** What it costs to read rules of other tools and to say what they mean. */
export const analysis: Measurement = {
  name: 'analysis',
  targets: [],
  title: 'Rules of other tools: reading, explain, matrix',
  run: (effort) => Promise.resolve(measure(effort < 1 ? COUNTS.slice(0, 3) : COUNTS)),
};

interface Row {
  readonly count: number;
  readonly read: number;
  readonly explain: number;
  readonly one: number;
  readonly all: number;
  readonly ports: number;
  readonly classes: number;
}

function measure(counts: readonly number[]): Result {
  // The first time everything is slow.
  for (const count of [100, 1000]) rowOf(count);
  const rows = counts.map((count) => rowOf(count));
  const more = costOfSet();
  const head = ['rules', 'read', 'explain', 'matrix of a port', 'matrices of all ports', 'port classes', 'classes'];
  return {
    how:
      'Made-up rules: chains of 49 rules each about sources and ports, behind one rule each about a destination. Matrices ' +
      'of all ports: one for each class of ports that the rules tell asunder. And what a set of 10^6 prefixes, which one ' +
      'more rule asks first, adds to them. Matrices tell their classes by one address; to work out all addresses of the ' +
      'classes of a port is a row of its own. One run each.',
    verdicts: verdictsOf(rows, more),
    tables: [
      { head, rows: rows.map(cellsOf) },
      {
        head: ['with a set of 10^6 prefixes', 'more'],
        rows: [
          ['reading', milliseconds(more.read)],
          ['matrix of a port', milliseconds(more.one)],
          ['all addresses of its classes', milliseconds(more.classes)],
          ['matrices of all ports', milliseconds(more.all)],
        ],
      },
    ],
    pictures: [],
    notes: [],
  };
}

function rowOf(count: number): Row {
  const text = filterOf(count);
  const parsed = clocked(() => parseIptables(text, 4));
  const machine: Machine = { netfilter: { tables: parsed.value, sets: new Map() }, links: [], routes: [] };
  const explained = clocked(() => explainPacket(machine, ASKED));
  const ports = portClasses(askedFor(machine.netfilter, 4).ports);
  const one = clocked(() => matrixAt(machine, 1003));
  // None of them is kept, as none is by the command.
  const all = clocked(() => ports.forEach(([range]) => matrixAt(machine, range?.first ?? 0)));
  const [read, explain] = [parsed.ms, explained.ms];
  return { count, read, explain, one: one.ms, all: all.ms, ports: ports.length, classes: one.value.classes.length };
}

const cellsOf = ({ count, read, explain, one, all, ports, classes }: Row): string[] => [
  String(count),
  ...[read, explain, one, all].map(milliseconds),
  String(ports),
  String(classes),
];

interface More {
  readonly read: number;
  readonly one: number;
  readonly classes: number;
  readonly all: number;
}

function costOfSet(): More {
  const create = `create big hash:net family inet hashsize 1024 maxelem ${2 * MILLION}\n`;
  const added = [...prefixes('mixed', MILLION)].map((prefix) => `add big ${prefix}\n`).join('');
  const bytes = Buffer.from(create + added);
  const { value: sets, ms: read } = clocked(() => parseIpset(bytes));
  const costs = (text: string): Omit<More, 'read'> => {
    const machine: Machine = { netfilter: { tables: parseIptables(text, 4), sets }, links: [], routes: [] };
    const ports = portClasses(askedFor(machine.netfilter, 4).ports);
    const one = clocked(() => matrixAt(machine, 1003));
    const classes = clocked(() => one.value.classes.forEach(({ addresses }) => addresses()));
    const all = clocked(() => ports.forEach(([range]) => matrixAt(machine, range?.first ?? 0)));
    return { one: one.ms, classes: classes.ms, all: all.ms };
  };
  const text = filterOf(USUAL);
  const without = costs(text);
  const asking = costs(text.replace('-A FORWARD', '-A FORWARD -m set --match-set big src -j ACCEPT\n-A FORWARD'));
  const more = (what: keyof typeof without): number => asking[what] - without[what];
  return { read, one: more('one'), classes: more('classes'), all: more('all') };
}

function verdictsOf(rows: readonly Row[], more: More): Verdict[] {
  const usual = rows.find(({ count }) => count === USUAL);
  const most = rows.at(-1);
  if (!usual || !most) return [];
  const per = ({ count, read, all }: Row): number => (read + all) / count;
  const of = (what: string, ratio: number, limit = 1): Verdict => ({ target: 'rules', what, ratio, limit });
  return [
    of('5,000 rules: reading and the matrices of all ports / 2 s', (usual.read + usual.all) / 2000),
    of('5,000 rules: `explain` / 50 ms', usual.explain / 50),
    of('5,000 rules: the matrices of all ports with a set of 10^6 prefixes, more / 1 s', more.all / 1000),
    of(
      '5,000 rules: the matrix of a port and all addresses of its classes, more / 1 s',
      (more.one + more.classes) / 1000,
    ),
    of(`a rule of ${most.count} / one of 5,000, reading and all matrices`, per(most) / per(usual), 1.5),
  ];
}

const matrixAt = (machine: Machine, destination: number): ReturnType<typeof serviceMatrix> =>
  serviceMatrix(machine, { hook: 'forward', family: 4, protocol: 6, ports: { source: 40_000, destination } });

const ASKED = {
  from: { family: 4, value: 0xac_10_00_01n },
  to: { family: 4, value: 0x0a_00_00_01n },
  protocol: 6,
  ports: { source: 40_000, destination: 1003 },
  in: 'eth0',
  state: 'new',
} as const;

function filterOf(count: number): string {
  const chains = Array.from({ length: Math.max(1, Math.floor(count / RULES_OF_CHAIN)) }, (_, at) => at);
  const rulesOf = (chain: number): string[] =>
    Array.from({ length: RULES_OF_CHAIN - 1 }, (_, at) => {
      const source = `172.${16 + (at % 16)}.${(chain * 7 + at) % 256}.0/24`;
      const port = 1000 + ((at * 3 + chain) % 40);
      return `-A C${chain} -s ${source} -p tcp -m tcp --dport ${port} -j ${at % 5 === 0 ? 'DROP' : 'ACCEPT'}`;
    });
  return [
    '*filter',
    ':FORWARD DROP [0:0]',
    ...chains.map((chain) => `:C${chain} - [0:0]`),
    ...chains.map((chain) => `-A FORWARD -d 10.${chain >> 8}.${chain % 256}.0/24 -j C${chain}`),
    ...chains.flatMap(rulesOf),
    'COMMIT\n',
  ].join('\n');
}

function clocked<T>(work: () => T): { readonly value: T; readonly ms: number } {
  const from = performance.now();
  const value = work();
  return { value, ms: performance.now() - from };
}
