// Whole sets of packets at once must come to what each of them comes to alone, read rule by rule.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { follow } from '../../../../src/analysis/trace/way.ts';
import { addressesOf, everyone } from '../../../../src/analysis/trace/parts.ts';
import { parseIpset } from '../../../../src/ipset/whole/parse.ts';
import { parseIptables } from '../../../../src/iptables/whole/parse.ts';
import { FAMILIES, type Family } from '../../../../src/net/family.ts';
import type { Netfilter } from '../../../../src/ruleset/netfilter.ts';
import { machineWith, SURROUNDINGS } from '../../../packets/support/judge.ts';
import { ipsets, iptablesArb, probeArb } from '../../../packets/support/ruleset-arb.ts';
import { NaiveMachine, type Probe } from '../../../support/naive-verdict.ts';

const SYN = 2;

/** What the engine answers: first segments of TCP, pings, and everything without either. */
const isAnswered = ({ family, protocol, flags, icmp }: Probe): boolean => {
  if (protocol === 6) return flags === SYN;
  return icmp === undefined || (icmp.code === 0 && icmp.type === (family === 4 ? 8 : 128));
};

function fatesOf(netfilter: Netfilter, probe: Probe): string[] {
  const { family, source, destination, protocol, ports, state } = probe;
  const question = { sources: everyone(family), destination, protocol, ports, in: probe.in, state };
  const { passed, ended } = follow(machineWith(netfilter), question);
  return [
    ...(ended.some(({ sources }) => addressesOf(sources).has(source)) ? ['drop'] : []),
    ...(passed.some(({ sources }) => addressesOf(sources).has(source)) ? ['pass'] : []),
  ];
}

const probesOf = (family: Family): fc.Arbitrary<Probe[]> =>
  fc.array(probeArb(family).filter(isAnswered), { minLength: 20, maxLength: 20 });

test.each(FAMILIES)('IPv%i: everyone at once, or one by one', { timeout: 60_000 }, (family) => {
  const sets = parseIpset(Buffer.from(ipsets(family)));
  const met = { pass: 0, drop: 0 };
  fc.assert(
    fc.property(iptablesArb(family), probesOf(family), (text, probes) => {
      const netfilter = { tables: parseIptables(text, family), sets };
      const naive = new NaiveMachine(netfilter, SURROUNDINGS);
      for (const probe of probes) {
        const expected = [...naive.outcomes(probe)].toSorted();
        expect(fatesOf(netfilter, probe)).toEqual(expected);
        if (expected.includes('pass')) met.pass++;
        if (expected.includes('drop')) met.drop++;
      }
    }),
    { numRuns: 15 },
  );
  expect(Math.min(met.pass, met.drop)).toBeGreaterThan(30);
});
