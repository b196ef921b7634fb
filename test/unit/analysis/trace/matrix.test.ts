import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Machine } from '../../../../src/analysis/trace/machine.ts';
import { type Matrix, serviceMatrix } from '../../../../src/analysis/trace/matrix.ts';
import { everyone, intersection } from '../../../../src/analysis/trace/parts.ts';
import { unionOf } from '../../../../src/analysis/trace/packet.ts';
import { atHookAlone, follow } from '../../../../src/analysis/trace/way.ts';
import { parseIpset } from '../../../../src/ipset/whole/parse.ts';
import { parseIptables } from '../../../../src/iptables/whole/parse.ts';
import { readAddress } from '../../../../src/net/address.ts';
import { addressBits, FAMILIES, type Family } from '../../../../src/net/family.ts';
import { formatPrefix, prefixContains, readPrefix } from '../../../../src/net/prefix.ts';
import { PrefixSet } from '../../../../src/net/prefix-set.ts';
import type { Netfilter } from '../../../../src/ruleset/netfilter.ts';

const QUESTION = { hook: 'forward', protocol: 6, ports: { source: 40_000, destination: 22 } } as const;

interface Expanded extends Pick<Matrix, 'edges'> {
  readonly classes: readonly PrefixSet[];
}

const expanded = ({ classes, edges }: Matrix): Expanded => ({
  classes: classes.map(({ addresses }) => addresses()),
  edges,
});

function machineOf(family: Family, policy: 'ACCEPT' | 'DROP', rules: readonly string[]): Machine {
  const chains = [`:FORWARD ${policy} [0:0]`, ':OTHER - [0:0]', ':THIRD - [0:0]'];
  const lines = ['*filter', ...chains, ...rules.map((rule) => `-A ${rule}`), 'COMMIT', ''];
  return { netfilter: { tables: parseIptables(lines.join('\n'), family), sets: new Map() }, links: [], routes: [] };
}

const matrixOf = (family: Family, policy: 'ACCEPT' | 'DROP', rules: readonly string[]): Expanded =>
  expanded(serviceMatrix(machineOf(family, policy, rules), { ...QUESTION, family }));

function addressOf(text: string): { family: Family; value: bigint } {
  const address = readAddress(text);
  if (!address.ok) throw new Error(text);
  return address.value;
}

function cell({ classes, edges }: Expanded, from: string, to: string): string {
  const [row, column] = [from, to].map((text) => classes.findIndex((set) => set.has(addressOf(text))));
  return edges.find((edge) => edge.from === row && edge.to === column)?.certainty ?? 'never';
}

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

const RANGES = {
  4: ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24', '192.168.0.0/16', '0.0.0.0/1', '255.255.255.255/32'],
  6: ['fd00::/8', 'fd00:1::/32', 'fd00:1::1/128', '2001:db8::/32', '8000::/1', '::/0'],
} as const;
const PLACES = {
  4: ['0.0.0.0', '10.0.0.1', '10.1.0.1', '10.1.2.3', '127.255.255.255', '192.168.0.1', '255.255.255.255'],
  6: ['::', 'fd00::1', 'fd00:1::1', 'fd00:1::2', '2001:db8::1', '8000::', 'ffff::'],
} as const;

interface PlainRule {
  readonly source: { readonly text: string; readonly not: boolean } | undefined;
  readonly destination: { readonly text: string; readonly not: boolean } | undefined;
  readonly port: number | undefined;
  readonly limited: boolean;
  readonly target: 'ACCEPT' | 'DROP';
}

const ruleArb = (family: Family): fc.Arbitrary<PlainRule> => {
  const end = fc.option(fc.record({ text: fc.constantFrom(...RANGES[family]), not: fc.boolean() }), { nil: undefined });
  return fc.record({
    source: end,
    destination: end,
    port: fc.option(fc.constantFrom(22, 23), { nil: undefined }),
    limited: fc.integer({ max: 3, min: 0 }).map((number) => number === 0),
    target: fc.constantFrom('ACCEPT', 'DROP'),
  });
};

const endText = (option: string, end: PlainRule['source']): string =>
  end ? ` ${end.not ? '! ' : ''}${option} ${end.text}` : '';

const lineOf = ({ source, destination, port, limited, target }: PlainRule): string =>
  `FORWARD${endText('-s', source)}${endText('-d', destination)}${port ? ` -p tcp -m tcp --dport ${port}` : ''}` +
  `${limited ? ' -m limit --limit 1/sec' : ''} -j ${target}`;

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

const told = (fates: ReadonlySet<string>): string => {
  if (fates.size > 1) return 'possible';
  return fates.has('ACCEPT') ? 'definite' : 'never';
};

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

  test('what chains that ask for sources alone make of them is the same for each destination', () => {
    const text = fc
      .record({
        forward: fc.array(
          fc.oneof(ruleArb(family).map(lineOf), fc.constantFrom('FORWARD -j OTHER', 'FORWARD -g OTHER')),
          { maxLength: 8 },
        ),
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
