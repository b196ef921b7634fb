// Random rules and random packets: what the model and the engine say becomes of each is what the real kernel does.
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Machine } from '../../src/analysis/trace/machine.ts';
import { follow } from '../../src/analysis/trace/way.ts';
import { parseIpset } from '../../src/ipset/whole/parse.ts';
import { parseIptables } from '../../src/iptables/whole/parse.ts';
import { formatAddress } from '../../src/net/address.ts';
import { addressBits, FAMILIES, type Family } from '../../src/net/family.ts';
import { PrefixSet } from '../../src/net/prefix-set.ts';
import { parseNft } from '../../src/nftables/whole/parse.ts';
import type { Netfilter } from '../../src/ruleset/netfilter.ts';
import { NaiveMachine, type Probe } from '../support/naive-verdict.ts';
import { VARIANTS } from '../support/real-kernel.ts';
import { Judge, machineWith, SURROUNDINGS } from './support/judge.ts';
import { nftArb } from './support/nft-arb.ts';
import { NO_RULES, ipsets, iptablesArb, probeArb } from './support/ruleset-arb.ts';

const NIGHTLY = process.env['SEAWALL_NIGHTLY'] !== undefined;
const PACKETS = 120;
/** 10^4 packets in a night for each of the tests here. */
const RULESETS = NIGHTLY ? 90 : 8;
const seed = process.env['FC_SEED'];

const judge = new Judge();
beforeAll(async () => {
  await judge.start();
  await judge.run('ipset', ['restore'], FAMILIES.map(ipsets).join(''));
});
afterAll(() => judge.stop());

const shown = ({ source, destination, ports, protocol, icmp, flags, state }: Probe): string =>
  JSON.stringify([formatAddress(source), formatAddress(destination), protocol, ports, icmp, flags, state]);

/** Of what the engine answers: SYN, UDP and a ping; undefined for other packets. */
function engineOutcomes(machine: Machine, probe: Probe): ReadonlySet<string> | undefined {
  const { family, source, destination, protocol, ports, flags, icmp, state } = probe;
  const isPing = icmp !== undefined && icmp.code === 0 && icmp.type === (family === 4 ? 8 : 128);
  if ((protocol === 6 && flags !== SYN) || (icmp !== undefined && !isPing)) return undefined;
  const sources = PrefixSet.of(family, [{ ...source, length: addressBits(family) }]);
  const { passed, ended } = follow(machine, { sources, destination, protocol, ports, in: probe.in, state });
  return new Set([...passed.map(() => 'pass'), ...ended.map(() => 'drop')]);
}

const SYN = 2;

/** Packets whose fate is another one than is said. */
async function misjudged(netfilter: Netfilter, probes: readonly Probe[]): Promise<string[]> {
  const model = new NaiveMachine(netfilter, SURROUNDINGS);
  const machine = machineWith(netfilter);
  const passed = await judge.passed(probes);
  return probes.flatMap((probe, at) => {
    const outcomes = model.outcomes(probe);
    const engine = engineOutcomes(machine, probe) ?? outcomes;
    const real = passed[at] ? 'pass' : 'drop';
    met.decided += outcomes.size === 1 ? 1 : 0;
    met[real]++;
    // The engine may be no vaguer than reading rule by rule is.
    if (outcomes.has(real) && engine.has(real) && engine.size === outcomes.size) return [];
    return [`${shown(probe)} ${real}; by the model ${[...outcomes].join()}, by the engine ${[...engine].join()}`];
  });
}

/** The rules alone: the packets are in the message of what failed. */
const reporter = ({ failed, counterexample, errorInstance, seed: played }: fc.RunDetails<[string, Probe[]]>): void => {
  if (failed) throw new Error(`FC_SEED=${played}\n${counterexample?.[0]}`, { cause: errorInstance });
};

const met = { pass: 0, drop: 0, decided: 0 };

const options = {
  numRuns: RULESETS,
  endOnFailure: true,
  reporter,
  ...(seed === undefined ? {} : { seed: Number(seed) }),
};
const patient = { timeout: NIGHTLY ? 3_600_000 : 120_000 };

const probesArb = (family: Family): fc.Arbitrary<Probe[]> =>
  fc.array(probeArb(family), { minLength: PACKETS, maxLength: PACKETS });

describe.each(VARIANTS)('%s iptables', (variant) => {
  test.each(FAMILIES)('IPv%i', patient, async (family) => {
    const tool = (name: string): string => `${family === 4 ? 'iptables' : 'ip6tables'}-${variant}-${name}`;
    try {
      await fc.assert(
        fc.asyncProperty(iptablesArb(family), probesArb(family), async (text, probes) => {
          await judge.run(tool('restore'), [], NO_RULES);
          await judge.run(tool('restore'), [], text);
          const tables = parseIptables(await judge.run(tool('save')), family);
          const sets = parseIpset(Buffer.from(await judge.run('ipset', ['save'])));
          expect(await misjudged({ tables, sets }, probes)).toEqual([]);
        }),
        options,
      );
    } finally {
      await judge.run(tool('restore'), [], NO_RULES);
    }
  });
});

/** Leaves out the rules in which nft finds a contradiction (TCP and UDP at once): it names their lines. */
async function loadFitting(text: string): Promise<void> {
  let lines = `table inet t\ndelete table inet t\n${text}`.split('\n');
  for (let tries = 0; tries < 40; tries++) {
    const said = await judge.run('nft', ['-f', '-'], lines.join('\n')).then(() => '', String);
    const wrong = new Set(
      [...said.matchAll(/^\S+?:(\d+):[\d-]+: Error: (?!Could not)/gm)].map(([, line]) => Number(line)),
    );
    if (said === '') return;
    if (wrong.size === 0) throw new Error(said);
    lines = lines.filter((_line, at) => !wrong.has(at + 1));
  }
  throw new Error('nft refuses all of it');
}

describe('nft', () => {
  test.each(FAMILIES)('IPv%i', patient, async (family) => {
    try {
      await fc.assert(
        fc.asyncProperty(nftArb(family), probesArb(family), async (text, probes) => {
          await loadFitting(text);
          const whole = parseNft(await judge.run('nft', ['-j', 'list', 'ruleset']));
          const tables = whole.tables.filter(({ name }) => name === 'inet t');
          expect(await misjudged({ ...whole, tables }, probes)).toEqual([]);
        }),
        options,
      );
    } finally {
      await judge.run('nft', ['-f', '-'], 'table inet t\ndelete table inet t\n');
    }
  });
});

test('the model says more than "perhaps", and both fates are met', () => {
  expect(met.decided).toBeGreaterThan(0.7 * (met.pass + met.drop));
  expect(Math.min(met.pass, met.drop)).toBeGreaterThan(0.1 * (met.pass + met.drop));
});
