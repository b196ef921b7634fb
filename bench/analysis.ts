import { askedFor, portClasses } from '../src/analysis/trace/classes.ts';
import { explainPacket } from '../src/analysis/trace/explain.ts';
import type { Machine } from '../src/analysis/trace/machine.ts';
import { serviceMatrix } from '../src/analysis/trace/matrix.ts';
import { parseIptables } from '../src/iptables/whole/parse.ts';
import { milliseconds } from './report/format.ts';
import type { Measurement, Result } from './result.ts';

const COUNTS = [100, 1000, 5000, 20_000];
const RULES_OF_CHAIN = 50;

/** What it costs to read rules of other tools and to say what they mean. */
export const analysis: Measurement = {
  name: 'analysis',
  targets: [],
  title: 'Rules of other tools: reading, explain, matrix',
  run: (effort) => Promise.resolve(measure(effort < 1 ? COUNTS.slice(0, 3) : COUNTS)),
};

function measure(counts: readonly number[]): Result {
  const rows = counts.map((count) => {
    const text = filterOf(count);
    const parsed = clocked(() => parseIptables(text, 4));
    const machine: Machine = { netfilter: { tables: parsed.value, sets: new Map() }, links: [], routes: [] };
    const explained = clocked(() => explainPacket(machine, ASKED));
    const ports = portClasses(askedFor(machine.netfilter, 4).ports);
    const one = clocked(() => matrixAt(machine, 1003));
    const all = clocked(() => ports.map(({ first }) => matrixAt(machine, first)));
    const times = [parsed, explained, one, all].map(({ ms }) => milliseconds(ms));
    return [String(count), ...times, String(ports.length), String(one.value.classes.length)];
  });
  const head = ['rules', 'read', 'explain', 'matrix of a port', 'matrices of all ports', 'port classes', 'classes'];
  return {
    how: 'Made-up rules: chains of 49 rules each about sources and ports, behind one rule each about a destination. One run.',
    verdicts: [],
    tables: [{ head, rows }],
    pictures: [],
    notes: [],
  };
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
