import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { semanticDiff } from '../../../../src/analysis/trace/difference.ts';
import type { Machine } from '../../../../src/analysis/trace/machine.ts';
import { follow } from '../../../../src/analysis/trace/way.ts';
import { machineIn, machineUnder } from '../../../../src/live/ruleset-machine.ts';
import type { Address } from '../../../../src/net/address.ts';
import { addressBits, FAMILIES } from '../../../../src/net/family.ts';
import { PROTOCOLS, type Protocol } from '../../../../src/net/port.ts';
import { PrefixSet } from '../../../../src/net/prefix-set.ts';
import { standing } from '../../../../src/plan/standing.ts';
import { compile } from '../../../../src/policy/compile.ts';
import { patient, runs } from '../../../support/runs.ts';
import { addressOf, policiesArb } from '../../../support/small-world.ts';
import { address } from '../../../support/values.ts';

const AROUND: Pick<Machine, 'links' | 'routes'> = {
  links: [
    { name: 'eth0', addresses: ['192.0.2.1', '2001:db8::1'].map((text) => ({ address: address(text), length: 24 })) },
    { name: 'docker0', kind: 'bridge', addresses: [{ address: address('172.17.0.1'), length: 16 }] },
  ],
  routes: FAMILIES.map((family) => ({ prefix: { family, value: 0n, length: 0 }, link: 'eth0' })),
};
const TO = ['192.0.2.1', '172.17.0.1', '172.17.0.2', '9.9.9.9', '2001:db8::1', 'fd00:17::2'].map(address);
const PORTS = [0, 21, 22, 23, 80, 81, 8000, 8001, 8002];

function passes(machine: Machine, from: Address, to: Address, protocol: Protocol, port: number): 'yes' | 'no' | 'may' {
  const length = addressBits(from.family);
  const { passed, ended } = follow(machine, {
    sources: PrefixSet.of(from.family, [{ ...from, length }]),
    destination: to,
    protocol: protocol === 'tcp' ? 6 : 17,
    ports: { source: 40_000, destination: port },
    in: 'eth0',
    state: 'new',
  });
  return passed.length === 0 ? 'no' : ended.length === 0 ? 'yes' : 'may';
}

const changeOf = (a: string, b: string): string | undefined =>
  a === b ? undefined : a === 'no' ? 'allowed' : b === 'no' ? 'denied' : 'unsure';

test(
  'each packet that two policies judge differently is in one difference, and no other packet in any',
  patient,
  () => {
    fc.assert(
      fc.property(policiesArb(2), ([one, two]) => {
        if (!one || !two) return;
        const [before, after] = [machineIn(standing(compile(one)), AROUND), machineUnder(compile(two), AROUND)];
        const found = semanticDiff(before, after, 'eth0');
        for (const to of TO)
          for (const from of [0, 1, 2, 4, 7].map((slot) => addressOf(to.family, slot)).concat(...strangers(to)))
            for (const protocol of PROTOCOLS)
              for (const port of PORTS) {
                const [a, b] = [before, after].map((machine) => passes(machine, from, to, protocol, port));
                const inThese = found.filter(
                  ({ sources, destinations, ports }) =>
                    sources.has(from) &&
                    destinations.has(to) &&
                    ports.some((range) => range.protocol === protocol && range.first <= port && port <= range.last),
                );
                const expected = changeOf(a ?? '', b ?? '');
                expect(inThese.map(({ change }) => change)).toEqual(expected === undefined ? [] : [expected]);
              }
        for (const { change, witness } of found) {
          const [a = '', b = ''] = [before, after].map((machine) =>
            passes(machine, witness.from, witness.to, witness.protocol, witness.port),
          );
          expect(changeOf(a, b)).toBe(change);
        }
      }),
      runs(20, 0.02),
    );
  },
);

const strangers = ({ family }: Address): Address[] => [address(family === 4 ? '198.51.100.77' : '2001:db8:77::1')];
