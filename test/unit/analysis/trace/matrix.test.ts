import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { everyone, intersection } from '../../../../src/analysis/trace/parts.ts';
import { unionOf } from '../../../../src/analysis/trace/packet.ts';
import { follow } from '../../../../src/analysis/trace/way.ts';
import { FAMILIES } from '../../../../src/net/family.ts';
import { prefixContains, readPrefix } from '../../../../src/net/prefix.ts';
import { PrefixSet } from '../../../../src/net/prefix-set.ts';
import {
  addressOf,
  cell,
  lineOf,
  machineOf,
  matrixOf,
  type PlainRule,
  PLACES,
  QUESTION,
  ruleArb,
  told,
} from '../../../support/matrices.ts';

describe('known cases', () => {
  test('no rules: one class, and the policy', () => {
    expect(matrixOf(4, 'ACCEPT', [])).toMatchObject({
      classes: [{ size: 1 }],
      edges: [{ from: 0, to: 0, certainty: 'definite' }],
    });
    expect(matrixOf(6, 'DROP', []).edges).toEqual([]);
  });

  test('ranges that are treated alike are one class, however many rules name them', () => {
    const rules = ['10.0.0.0/24', '10.0.7.0/24', '192.168.0.0/16'].map((range) => `FORWARD -s ${range} -j ACCEPT`);
    const matrix = matrixOf(4, 'DROP', rules);
    expect(matrix.classes).toHaveLength(2);
    expect(cell(matrix, '10.0.7.9', '8.8.8.8')).toBe('definite');
    expect(cell(matrix, '8.8.8.8', '10.0.7.9')).toBe('never');
  });

  test('rules about other ports and protocols make no classes', () => {
    const rules = [
      'FORWARD -s 10.0.0.0/24 -p tcp -m tcp --dport 80 -j ACCEPT',
      'FORWARD -s 10.0.1.0/24 -p udp -m udp --dport 22 -j ACCEPT',
    ];
    expect(matrixOf(4, 'DROP', rules).classes).toHaveLength(1);
  });

  test('behind a rate limit that accepts, what is dropped may pass', () => {
    const matrix = matrixOf(4, 'DROP', ['FORWARD -m limit --limit 3/sec -j ACCEPT', 'FORWARD -s 10.0.0.0/8 -j DROP']);
    expect(matrix.classes).toHaveLength(1);
    expect(cell(matrix, '10.0.0.1', '8.8.8.8')).toBe('possible');
  });

  test('a rate limit that drops does not shadow the rule behind it', () => {
    const rules = ['FORWARD -s 10.0.0.0/8 -m limit --limit 3/sec -j DROP', 'FORWARD -s 10.0.0.0/8 -j ACCEPT'];
    const matrix = matrixOf(4, 'DROP', rules);
    expect(cell(matrix, '10.0.0.1', '8.8.8.8')).toBe('possible');
    expect(cell(matrix, '11.0.0.1', '8.8.8.8')).toBe('never');
  });

  test('a rule behind one that drops all of it for certain never decides', () => {
    const matrix = matrixOf(4, 'DROP', ['FORWARD -s 10.0.0.0/8 -j DROP', 'FORWARD -s 10.1.0.0/16 -j ACCEPT']);
    expect(matrix.edges).toEqual([]);
  });

  test('negations, user chains, return and goto', () => {
    const rules = [
      'FORWARD ! -s 10.0.0.0/8 -j OTHER',
      'FORWARD -d 10.9.0.0/16 -j ACCEPT',
      'OTHER -d 10.9.0.0/16 -j RETURN',
      'OTHER ! -d 10.1.0.0/16 -j DROP',
      'OTHER -j ACCEPT',
    ];
    const matrix = matrixOf(4, 'DROP', rules);
    expect(cell(matrix, '8.8.8.8', '10.1.0.1')).toBe('definite');
    expect(cell(matrix, '8.8.8.8', '10.9.0.1')).toBe('definite');
    expect(cell(matrix, '8.8.8.8', '10.2.0.1')).toBe('never');
    expect(cell(matrix, '10.0.0.1', '10.1.0.1')).toBe('never');
    const gone = matrixOf(4, 'ACCEPT', ['FORWARD -g OTHER', 'FORWARD -j DROP', 'OTHER -s 10.0.0.0/8 -j DROP']);
    expect(cell(gone, '8.8.8.8', '10.0.0.1')).toBe('definite');
  });

  test('what an address is to the machine parts it from others', () => {
    const matrix = matrixOf(4, 'DROP', ['FORWARD -m addrtype --dst-type LOCAL -j ACCEPT']);
    expect(['10.0.0.1', '127.0.0.9', '10.0.0.2', '224.0.0.1'].map((to) => cell(matrix, '8.8.8.8', to))).toEqual([
      'definite',
      'definite',
      'never',
      'never',
    ]);
  });

  // Each of them may match or not, so there are more ways than anybody could count.
  test('lists of known hosts, one after the other', () => {
    const list = (chain: string): string[] =>
      Array.from({ length: 300 }, (_, at) => {
        const mac = `02:00:00:00:${(at >> 8).toString(16).padStart(2, '0')}:${(at % 256).toString(16).padStart(2, '0')}`;
        return `${chain} -s 10.0.${at >> 8}.${at % 256}/32 -m mac --mac-source ${mac} -j RETURN`;
      });
    const rules = [
      'FORWARD -j OTHER',
      'FORWARD -j THIRD',
      'FORWARD -d 10.1.0.0/16 -j ACCEPT',
      ...list('OTHER'),
      'OTHER -s 10.0.0.0/16 -j DROP',
      ...list('THIRD'),
      'THIRD -j LOG',
    ];
    const matrix = matrixOf(4, 'DROP', rules);
    expect(matrix.classes).toHaveLength(4);
    expect(cell(matrix, '10.0.0.9', '10.1.0.1')).toBe('possible');
    expect(cell(matrix, '10.0.9.9', '10.1.0.1')).toBe('never');
    expect(cell(matrix, '8.8.8.8', '10.1.0.1')).toBe('definite');
    const question = {
      ...QUESTION,
      in: 'eth0',
      state: 'new',
      sources: everyone(4),
      destination: addressOf('10.1.0.1'),
    } as const;
    const machine = {
      ...machineOf(4, 'DROP', rules),
      routes: [{ prefix: { family: 4 as const, value: 0n, length: 0 }, link: 'eth1' }],
    };
    expect(follow(machine, question).passed.length).toBeLessThan(100);
  });

  test('by a link that nobody knows: possibly', () => {
    const matrix = matrixOf(4, 'DROP', ['FORWARD -i eth0 -j ACCEPT']);
    expect(cell(matrix, '8.8.8.8', '9.9.9.9')).toBe('possible');
  });

  test('a state that a first packet never has lets nothing in', () => {
    expect(matrixOf(4, 'DROP', ['FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT']).edges).toEqual([]);
  });
});

const holds = (end: PlainRule['source'], address: string): boolean => {
  if (end === undefined) return true;
  const prefix = readPrefix(end.text);
  return (prefix.ok && prefixContains(prefix.value, addressOf(address))) !== end.not;
};

function plainly(rules: readonly PlainRule[], policy: string, from: string, to: string): string {
  const fates = new Set<string>();
  for (const rule of rules) {
    if (!holds(rule.source, from) || !holds(rule.destination, to) || rule.port === 23) continue;
    fates.add(rule.target);
    if (!rule.limited) return told(fates);
  }
  return told(fates.add(policy));
}

describe.each(FAMILIES)('IPv%i: of any rules', (family) => {
  const rulesArb = fc.array(ruleArb(family), { maxLength: 12 });
  const policyArb = fc.constantFrom('ACCEPT' as const, 'DROP' as const);

  test('every cell is what the rules say one by one', () => {
    fc.assert(
      fc.property(rulesArb, policyArb, (rules, policy) => {
        const matrix = matrixOf(family, policy, rules.map(lineOf));
        for (const from of PLACES[family]) {
          for (const to of PLACES[family]) expect(cell(matrix, from, to)).toBe(plainly(rules, policy, from, to));
        }
      }),
      { numRuns: 30 },
    );
  });

  test('and so of chains that are long enough to be looked up by destination', () => {
    fc.assert(
      fc.property(fc.array(ruleArb(family), { minLength: 80, maxLength: 100 }), policyArb, (rules, policy) => {
        // What is limited lets on what comes after it: all of a long chain counts.
        const limited = rules.map((rule, at) => ({ ...rule, limited: at % 10 !== 9 }));
        const matrix = matrixOf(family, policy, limited.map(lineOf));
        for (const from of PLACES[family]) {
          for (const to of PLACES[family]) expect(cell(matrix, from, to)).toBe(plainly(limited, policy, from, to));
        }
      }),
      { numRuns: 10 },
    );
  });

  test('the classes are all addresses, no address twice, and no two are treated alike', () => {
    fc.assert(
      fc.property(rulesArb, policyArb, (rules, policy) => {
        const { classes, edges } = matrixOf(family, policy, rules.map(lineOf));
        expect(unionOf(classes, PrefixSet.empty(family)).equals(everyone(family))).toBe(true);
        const at = (from: number, to: number): string =>
          edges.find((edge) => edge.from === from && edge.to === to)?.certainty ?? 'never';
        const treated = classes.map((a, one) => {
          for (const b of classes.slice(one + 1)) expect(intersection(a, b).size).toBe(0);
          return classes.map((_set, other) => `${at(one, other)} ${at(other, one)}`).join();
        });
        expect(new Set(treated).size).toBe(classes.length);
      }),
      { numRuns: 30 },
    );
  });
});
