import { join } from 'node:path';
import { createWorld, type World } from '../lab/world.ts';
import { prefixes, writeLines } from './prefixes.ts';
import { count } from './report/format.ts';
import type { Measurement, Result } from './result.ts';
import { onHost, seawall } from './seawall.ts';

/** The number of rules, which nothing of this may raise. */
export const ruleCounts: Measurement = {
  name: 'rule-counts',
  targets: [],
  title: 'Number of rules',
  async run(effort) {
    const world = await createWorld();
    try {
      return report(await countAll(world, effort));
    } finally {
      await world.remove();
    }
  },
};

const ADDRESSES = [1, 1000, 1_000_000];
const PORTS = [1, 20, 500];
const CONTAINERS = [0, 40, 200];
/** Starts of containers at once; more would only wait for each other. */
const AT_ONCE = 4;

interface Row {
  readonly what: string;
  readonly amount: number;
  readonly own: number;
  readonly docker: number;
}

async function countAll(world: World, effort: number): Promise<Row[]> {
  const rows: Row[] = [];
  const note = (what: string, amount: number): void => void rows.push({ what, amount, ...rulesOf(world) });
  const list = join(world.dir, 'list.txt');
  for (const amount of ADDRESSES) {
    await writeLines(list, prefixes('mixed', amount));
    await apply(world, list, 1);
    note('trusted prefixes', amount);
  }
  await writeLines(list, prefixes('mixed', 1));
  for (const amount of PORTS) {
    await apply(world, list, amount);
    note('public ports', amount);
  }
  let running = 0;
  for (const wanted of CONTAINERS.map((amount) => Math.round(amount * Math.min(1, effort)))) {
    for (; running < wanted; running += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => start(world, running + index)));
    }
    await apply(world, list, 1);
    note('containers with a published port', wanted);
  }
  return rows;
}

async function apply(world: World, list: string, ports: number): Promise<void> {
  const open = Array.from({ length: ports }, (_, index) => `${1000 + 3 * index}/tcp`).join(', ');
  await world.writeConfig(`version: 1\ntrusted:\n  - {file: ${list}}\npublic: [${open}]\n`);
  seawall(world, ['apply', '--yes']);
}

async function start(world: World, index: number): Promise<void> {
  const publish = [`${20_000 + index}:80`];
  await world.engine.containers.run({ name: `c${index}`, cmd: ['/bin/sleep', '3600'], publish });
}

/** Rules of both IP versions, Seawall's and all others. */
function rulesOf(world: World): { own: number; docker: number } {
  const texts = ['iptables-save', 'ip6tables-save'].map((tool) => onHost(world, [tool]).stdout);
  const rules = texts.flatMap((text) => text.split('\n')).filter((line) => line.startsWith('-A '));
  const own = rules.filter((line) => line.includes('SEAWALL-')).length;
  return { own, docker: rules.length - own };
}

function report(rows: readonly Row[]): Result {
  const own = rows.map((row) => row.own);
  const [least, most] = [Math.min(...own), Math.max(...own)];
  return {
    how:
      'The rules of Seawall, IPv4 and IPv6 together, with more and more trusted prefixes (from a list), public ports that ' +
      "aren't neighbours, and containers that publish a port. Docker's own rules grow with its containers.",
    verdicts: [
      { target: 'rules', what: 'most rules / fewest rules, over all of these', ratio: most / least, limit: 1 },
    ],
    tables: [
      {
        head: ['', 'amount', 'rules of Seawall', 'rules of Docker'],
        rows: rows.map((row) => [row.what, count(row.amount), String(row.own), String(row.docker)]),
      },
    ],
    pictures: [],
    notes: [],
  };
}
