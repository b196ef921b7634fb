import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Machine } from '../../../../src/analysis/trace/machine.ts';
import { serviceMatrix } from '../../../../src/analysis/trace/matrix.ts';
import { atHookAlone } from '../../../../src/analysis/trace/way.ts';
import { parseIpset } from '../../../../src/ipset/whole/parse.ts';
import { parseIptables } from '../../../../src/iptables/whole/parse.ts';
import { addressBits, FAMILIES, type Family } from '../../../../src/net/family.ts';
import { formatPrefix } from '../../../../src/net/prefix.ts';
import { PrefixSet } from '../../../../src/net/prefix-set.ts';
import type { FilterRule, Netfilter } from '../../../../src/ruleset/netfilter.ts';
import {
  addressOf,
  CALLS,
  cell,
  type Expanded,
  expanded,
  lineOf,
  machineOf,
  PLACES,
  QUESTION,
  RANGES,
  ruleArb,
  told,
} from '../../../support/matrices.ts';

// What spares a matrix its time changes nothing of what it says.

describe.each(FAMILIES)('IPv%i: of any rules', (family) => {
  const policyArb = fc.constantFrom('ACCEPT' as const, 'DROP' as const);

  test('what chains that ask for sources alone make of them is the same for each destination', () => {
    const text = fc
      .record({
        forward: fc.array(fc.oneof(ruleArb(family).map(lineOf), fc.constantFrom(...CALLS)), { maxLength: 8 }),
        other: fc.array(
          fc
            .tuple(
              ruleArb(family),
              fc.constantFrom('ACCEPT', 'DROP', 'RETURN', 'REJECT', 'LOG', 'THIRD', 'MARK --set-xmark 1'),
            )
            .map(([rule, target]) =>
              lineOf({ ...rule, destination: undefined })
                .replace('FORWARD', 'OTHER')
                .replace(/-j .*/, `-j ${target}`),
            ),
          { maxLength: 8 },
        ),
        third: fc.array(
          ruleArb(family).map((rule) => lineOf(rule).replace('FORWARD', 'THIRD')),
          { maxLength: 2 },
        ),
      })
      .map(({ forward, other, third }) => [...forward, ...other, ...third]);
    fc.assert(
      fc.property(text, policyArb, (rules, policy) => {
        const machine = machineOf(family, policy, rules);
        const matrix = expanded(serviceMatrix(machine, { ...QUESTION, family }));
        for (const from of PLACES[family]) {
          for (const to of PLACES[family]) expect(cell(matrix, from, to)).toBe(alone(machine, from, to));
        }
      }),
      { numRuns: 60 },
    );
  });

  test('sets that are not cut into classes make the same ones', () => {
    const rangesArb = fc.uniqueArray(fc.constantFrom(...RANGES[family]), { maxLength: 4 });
    const conditionArb = fc
      .record({ set: fc.constantFrom('one', 'two'), end: fc.constantFrom('src', 'dst'), not: fc.boolean() })
      .map(({ set, end, not }) => ` -m set ${not ? '! ' : ''}--match-set ${set} ${end}`);
    const rules = fc.array(
      fc.tuple(ruleArb(family), fc.option(conditionArb, { nil: '' })).map(([rule, condition]) => {
        const [before = '', target = ''] = lineOf(rule).split(' -j ');
        return `-A ${before}${condition} -j ${target}`;
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(rules, rangesArb, rangesArb, policyArb, (lines, one, two, policy) => {
        const text = ['*filter', `:FORWARD ${policy} [0:0]`, ...lines, 'COMMIT', ''].join('\n');
        const machine = {
          netfilter: { tables: parseIptables(text, family), sets: setsOf(family, { one, two }) },
          links: [],
          routes: [],
        };
        const [whole, cut] = [0, Infinity].map((long) =>
          expanded(serviceMatrix(machine, { ...QUESTION, family }, long)),
        );
        expect(byAddresses(whole)).toEqual(byAddresses(cut));
      }),
      { numRuns: 100 },
    );
  });
});

// As nftables is asked for long lists: by the first bits of the address, in a hash of such starts.
test.each([0, 4096])('a set that is asked for the first bits of an address (long from %i on)', (long) => {
  const whole = machineOf(4, 'DROP', ['FORWARD -m set --match-set starts src -j ACCEPT']);
  const tables = whole.netfilter.tables.map((table) => ({
    ...table,
    chains: new Map([...table.chains].map(([name, chain]) => [name, { ...chain, rules: chain.rules.map(asMasked) }])),
  }));
  const machine = { ...whole, netfilter: { tables, sets: setsOf(4, { starts: ['10.1.2.0/32'] }) } };
  const matrix = expanded(serviceMatrix(machine, { ...QUESTION, family: 4 }, long));
  expect(['10.1.2.0', '10.1.2.9', '10.1.3.0'].map((from) => cell(matrix, from, '8.8.8.8'))).toEqual([
    'definite',
    'definite',
    'never',
  ]);
});

const asMasked = (rule: FilterRule): FilterRule => ({
  ...rule,
  conditions: rule.conditions.map((each) => (each.kind === 'set' ? { ...each, mask: 24 } : each)),
});

/** One packet by itself, its source told by its address. */
function alone(machine: Machine, from: string, to: string): string {
  const [source, destination] = [addressOf(from), addressOf(to)];
  const sources = PrefixSet.of(source.family, [{ ...source, length: addressBits(source.family) }]);
  const { passed, ended } = atHookAlone(machine, { ...QUESTION, sources, destination });
  return told(new Set([...(passed.length > 0 ? ['ACCEPT'] : []), ...(ended.length > 0 ? ['DROP'] : [])]));
}

function setsOf(family: Family, contents: Readonly<Record<string, readonly string[]>>): Netfilter['sets'] {
  const lines = Object.entries(contents).flatMap(([name, ranges]) => [
    `create ${name} hash:net family ${family === 4 ? 'inet' : 'inet6'} hashsize 1024 maxelem 65536`,
    // The kernel's own way to say everyone.
    ...ranges
      .flatMap((range) => (range === '::/0' ? ['::/1', '8000::/1'] : [range]))
      .map((range) => `add ${name} ${range}`),
  ]);
  return parseIpset(Buffer.from(lines.map((line) => `${line}\n`).join('')));
}

/** Whatever the order of the classes. */
function byAddresses(matrix: Expanded | undefined): string[] {
  const names = (matrix?.classes ?? []).map((set) => [...set.prefixes()].map(formatPrefix).join());
  const edges = (matrix?.edges ?? []).map(({ from, to, certainty }) => `${names[from]} > ${names[to]}: ${certainty}`);
  return [...names, ...edges].toSorted();
}
