// Random rules and random packets: what the model says becomes of each is what the real kernel does.
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseIpset } from '../../src/ipset/whole/parse.ts';
import { parseIptables } from '../../src/iptables/whole/parse.ts';
import { formatAddress } from '../../src/net/address.ts';
import { FAMILIES } from '../../src/net/family.ts';
import type { Netfilter } from '../../src/ruleset/netfilter.ts';
import { NaiveMachine, type Probe } from '../support/naive-verdict.ts';
import { VARIANTS } from '../support/real-kernel.ts';
import { Judge, SURROUNDINGS } from './support/judge.ts';
import { ipsets, iptablesArb, probeArb } from './support/ruleset-arb.ts';

const NIGHTLY = process.env['SEAWALL_NIGHTLY'] !== undefined;
const PACKETS = 120;
/** 10^4 packets in a night for each of the tests here. */
const RULESETS = NIGHTLY ? 90 : 6;
const seed = process.env['FC_SEED'];

const judge = new Judge();
beforeAll(async () => {
  await judge.start();
  await judge.run('ipset', ['restore'], FAMILIES.map(ipsets).join(''));
});
afterAll(() => judge.stop());

const shown = ({ source, destination, ports, protocol, icmp, flags, state }: Probe): string =>
  JSON.stringify([formatAddress(source), formatAddress(destination), protocol, ports, icmp, flags, state]);

/** Packets whose fate is another one than the model says. */
async function misjudged(netfilter: Netfilter, probes: readonly Probe[]): Promise<string[]> {
  const model = new NaiveMachine(netfilter, SURROUNDINGS);
  const passed = await judge.passed(probes);
  return probes.flatMap((probe, at) => {
    const outcomes = model.outcomes(probe);
    const real = passed[at] ? 'pass' : 'drop';
    decided += outcomes.size === 1 ? 1 : 0;
    met[real]++;
    return outcomes.has(real) ? [] : [`${shown(probe)} ${real}, not ${[...outcomes].join()}`];
  });
}

/** The rules alone: the packets are in the message of what failed. */
const reporter = ({ failed, counterexample, errorInstance, seed: played }: fc.RunDetails<[string, Probe[]]>): void => {
  if (failed) throw new Error(`FC_SEED=${played}\n${counterexample?.[0]}`, { cause: errorInstance });
};

let decided = 0;
const met = { pass: 0, drop: 0 };

describe.each(VARIANTS)('%s iptables', (variant) => {
  test.each(FAMILIES)('IPv%i', { timeout: NIGHTLY ? 3_600_000 : 120_000 }, async (family) => {
    const tool = (name: string): string => `${family === 4 ? 'iptables' : 'ip6tables'}-${variant}-${name}`;
    const empty = [...'raw mangle nat filter'.split(' ')].map((table) => `*${table}\nCOMMIT\n`).join('');
    const probes = fc.array(probeArb(family), { minLength: PACKETS, maxLength: PACKETS });
    [decided, met.pass, met.drop] = [0, 0, 0];
    try {
      await fc.assert(
        fc.asyncProperty(iptablesArb(family), probes, async (text, packets) => {
          await judge.run(tool('restore'), [], empty);
          await judge.run(tool('restore'), [], text);
          const tables = parseIptables(await judge.run(tool('save')), family);
          const sets = parseIpset(Buffer.from(await judge.run('ipset', ['save'])));
          expect(await misjudged({ tables, sets }, packets)).toEqual([]);
        }),
        { numRuns: RULESETS, endOnFailure: true, reporter, ...(seed === undefined ? {} : { seed: Number(seed) }) },
      );
    } finally {
      await judge.run(tool('restore'), [], empty);
    }
    // It is no proof if the model says "perhaps" or everything has the same fate.
    expect(decided).toBeGreaterThan(0.7 * RULESETS * PACKETS);
    expect(Math.min(met.pass, met.drop)).toBeGreaterThan(0.05 * RULESETS * PACKETS);
  });
});
