// Whole rulesets of nft -j: printed as nft prints them, tables and sets where they belong, garbage without a crash.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseIptables } from '../../../../src/iptables/whole/parse.ts';
import { formatPrefix } from '../../../../src/net/prefix.ts';
import { parseNft } from '../../../../src/nftables/whole/parse.ts';
import { withoutCopies } from '../../../../src/ruleset/copies.ts';
import { lookedUp, type FilterRule, type Netfilter } from '../../../../src/ruleset/netfilter.ts';
import { shownRule } from '../../../support/shown-rules.ts';
import { runs } from '../../../support/runs.ts';

const CORPUS = join(import.meta.dirname, '../../../corpus/nft');
const recorded = (name: string): string => readFileSync(join(CORPUS, name), 'utf8');
const names = readdirSync(CORPUS).flatMap((name) => (name.endsWith('.nft') ? name.slice(0, -4) : []));

const rulesOf = ({ tables }: Netfilter): FilterRule[] =>
  tables.flatMap(({ chains }) => [...chains.values()].flatMap(({ rules }) => [...rules]));

/** A ruleset of one chain with rules as JSON. */
const ruleset = (exprs: readonly unknown[], family = 'inet'): string =>
  JSON.stringify({
    nftables: [
      { metainfo: { version: '1.0.6' } },
      { table: { family, name: 't' } },
      { chain: { family, table: 't', name: 'c', type: 'filter', hook: 'input', prio: 0, policy: 'drop' } },
      ...exprs.map((expr) => ({ rule: { family, table: 't', chain: 'c', expr } })),
    ],
  });

const meaning = (...expr: unknown[]): string =>
  rulesOf(parseNft(ruleset([expr])))
    .map(shownRule)
    .join('\n');

describe('the corpus', () => {
  test.each(names)('%s: each rule reads as nft prints it', (name) => {
    const lines = recorded(`${name}.nft`)
      .split('\n')
      .map((line) => line.trim());
    const rules = rulesOf(parseNft(recorded(`${name}.json`)));
    expect(rules.length).toBeGreaterThan(10);
    expect(rules.filter(({ text }) => !lines.includes(text)).map(({ text }) => text)).toEqual([]);
  });

  test.each(names.filter((name) => name !== 'forms'))('%s: nothing is open but what comes as it comes', (name) => {
    const rules = rulesOf(parseNft(recorded(`${name}.json`)));
    const open = rules.flatMap(({ conditions }) =>
      conditions.flatMap((each) => (each.kind === 'open' ? each.what : [])),
    );
    expect(open.filter((what) => !/^(?:limit |fib saddr )/.test(what))).toEqual([]);
    expect(rules.filter(({ action }) => action.kind === 'open')).toEqual([]);
  });
});

test('tables, chains, sets of a hand-written ruleset', () => {
  const { tables, sets, aside } = parseNft(recorded('by-hand.json'));
  expect(tables.map(({ name, families }) => [name, families.join()])).toEqual([
    ['inet f2b-table', '4,6'],
    ['inet filter', '4,6'],
    ['ip nat', '4'],
    ['netdev early', '4,6'],
  ]);
  expect(aside).toEqual(['bridge bridged']);
  expect(tables[0]?.chains.get('f2b-chain')?.base).toEqual({
    hook: 'input',
    priority: -1,
    type: 'filter',
    policy: 'accept',
  });
  expect(tables[2]?.chains.get('prerouting')?.base).toEqual({
    hook: 'prerouting',
    priority: -100,
    type: 'nat',
    policy: 'accept',
  });
  expect(tables[1]?.chains.get('web')?.base).toBeUndefined();
  const lan = sets.get('inet filter lan');
  expect(lan?.content.kind === 'addresses' && [...lan.content.members.prefixes()].map(formatPrefix)).toEqual([
    '10.0.0.0/8',
    '192.168.0.0/22',
  ]);
  expect(sets.get('inet filter seen')?.changing).toBe(true);
  expect(sets.get('inet filter services')).toMatchObject({
    type: 'inet_proto . inet_service',
    parts: ['protocol', 'port'],
  });
  expect(lan?.changing).toBe(false);
});

test('counters are kept, and are no part of the text', () => {
  const [rule] = rulesOf(parseNft(ruleset([[{ counter: { packets: 5, bytes: 6 } }, { accept: null }]])));
  expect(rule).toMatchObject({ text: 'counter accept', counters: { packets: 5, bytes: 6 } });
});

test.each([
  ['eth0', ['eth0']],
  [
    ['eth0', 'eth1'],
    ['eth0', 'eth1'],
  ],
  [undefined, undefined],
])('the links of an ingress chain: %j', (dev, devices) => {
  const chain = { family: 'netdev', table: 't', name: 'c', type: 'filter', hook: 'ingress', prio: -500, dev };
  const { tables } = parseNft(JSON.stringify({ nftables: [{ table: { family: 'netdev', name: 't' } }, { chain }] }));
  expect(tables[0]?.chains.get('c')?.base?.devices).toEqual(devices);
});

test('a dormant table is asked by nobody', () => {
  expect(
    parseNft(JSON.stringify({ nftables: [{ table: { family: 'ip', name: 'x', flags: 'dormant' } }] })).tables,
  ).toEqual([]);
});

test('where the elements were not asked for, sets may hold anything, and so may maps', () => {
  const { tables, sets } = parseNft(recorded('by-hand.json'), { complete: false });
  expect(sets.get('inet filter lan')?.content.kind).toBe('unknown');
  const rule = tables[1]?.chains.get('input')?.rules.find(({ text }) => text === 'tcp dport vmap @by-port');
  expect(rule?.action.kind).toBe('open');
});

const mark = { meta: { key: 'mark' } };
const dport = { payload: { protocol: 'tcp', field: 'dport' } };

test.each<[what: string, expr: unknown[], meaning: string]>([
  [
    'a mark that is set before a question may be set or not',
    [{ mangle: { key: mark, value: 1 } }, { limit: { rate: 1, per: 'second' } }, { accept: null }],
    'open<limit rate 1/second> → packet-mark:=?/0xffffffff accept',
  ],
  [
    'a mark that is asked after it was set is not the one elsewhere',
    [{ mangle: { key: mark, value: 1 } }, { match: { op: '==', left: mark, right: 1 } }, { drop: null }],
    'open<meta mark 0x00000001> → packet-mark:=?/0xffffffff drop',
  ],
  [
    'marks are computed',
    [{ mangle: { key: mark, value: { '^': [{ '|': [{ '&': [mark, 15] }, 3] }, 1] } } }],
    '→ packet-mark:=0x2/0xfffffff3 continue',
  ],
  [
    'a mark that comes from a map ends the rule for who is not in it',
    [{ mangle: { key: mark, value: { map: { key: dport, data: '@m' } } } }, { accept: null }],
    'open<meta mark set tcp dport map @m> → packet-mark:=?/0xffffffff accept',
  ],
  [
    'the mark of a connection ends the rule for who has none',
    [{ mangle: { key: mark, value: { ct: { key: 'mark' } } } }, { accept: null }],
    '!state(invalid,untracked) → packet-mark:=?/0xffffffff accept',
  ],
  [
    'a reset before which nft may have swallowed the family',
    [{ match: { op: '==', left: dport, right: 22 } }, { reject: { type: 'tcp reset' } }],
    'protocol(6) dst-port(22) protocol(6) open<reject with tcp reset, of IPv4 or IPv6 alone maybe> → reject tcp reset',
  ],
  [
    'a match of iptables that nft can not tell',
    [{ xt: { type: 'match', name: 'addrtype' } }, { accept: null }],
    'open<xt {"type":"match","name":"addrtype"}> → packet-mark:=?/0xffffffff connection-mark:=?/0xffffffff open<xt {"type":"match","name":"addrtype"}> rewrites',
  ],
  [
    'a statement from the future',
    [{ teleport: { to: 'mars' } }],
    'open<teleport {"to":"mars"}> → packet-mark:=?/0xffffffff connection-mark:=?/0xffffffff open<teleport {"to":"mars"}> rewrites',
  ],
  [
    'a question from the future',
    [{ match: { op: '==', left: { vibes: 1 }, right: 'good' } }, { drop: null }],
    'open<{"vibes":1} good> → drop',
  ],
  [
    'an address that is rewritten without conntrack',
    [{ mangle: { key: { payload: { protocol: 'ip', field: 'daddr' } }, value: '10.0.0.1' } }, { accept: null }],
    'ipv4 → open<ip daddr set 10.0.0.1> rewrites',
  ],
  ['a queue', [{ queue: { num: 1 } }], '→ open<queue {"num":1}>'],
  ['a map that nobody knows', [{ vmap: { key: dport, data: '@gone' } }], '→ open<tcp dport vmap @gone> rewrites'],
  [
    'ports of whichever protocol it is',
    [{ match: { op: '!=', left: { payload: { protocol: 'th', field: 'dport' } }, right: 53 } }, { drop: null }],
    'open<th dport != 53> → drop',
  ],
  [
    'states as older versions print them',
    [
      { match: { op: '==', left: { '&': [{ ct: { key: 'state' } }, { '|': ['established', 'related'] }] }, right: 0 } },
      { drop: null },
    ],
    '!state(established,related) → drop',
  ],
  [
    'both at once is no state of a packet',
    [{ match: { op: '==', left: { ct: { key: 'state' } }, right: { '|': ['new', 'related'] } } }, { drop: null }],
    'any[] → drop',
  ],
  [
    'a destination that is not told',
    [{ dnat: { family: 'ip', addr: { numgen: { mode: 'inc', mod: 2 } } } }],
    'ipv4 → open<dnat> rewrites',
  ],
  [
    'elements with time-outs and comments',
    [
      {
        match: {
          op: '==',
          left: dport,
          right: { set: [{ elem: { val: 22, timeout: 5 } }, { elem: { val: { range: [80, 90] }, comment: 'x' } }] },
        },
      },
      { accept: null },
    ],
    'protocol(6) dst-port(22,80-90) → accept',
  ],
])('%s', (_what, expr, expected) => {
  expect(meaning(...expr)).toBe(expected);
});

test('an element that lost a part on the way, as some versions of nft print it, may be anything there', () => {
  const left = { concat: [{ payload: { protocol: 'ip', field: 'saddr' } }, dport] };
  const { sets } = parseNft(
    ruleset([[{ match: { op: '==', left, right: { set: [{ concat: ['10.0.0.1'] }] } } }, { drop: null }]]),
  );
  expect([...sets.values()][0]?.content).toMatchObject({
    entries: [{ keys: [{ kind: 'addresses' }, { kind: 'open' }] }],
  });
});

test('a set is asked for the ends that the rule says', () => {
  expect(lookedUp(['src', 'dst'], ['address', 'service'])).toEqual(['src', 'dst-service']);
  expect(lookedUp(['src', 'dst'], ['port'])).toEqual(['src-port']);
  expect(lookedUp(['dst', 'dst'], ['address', 'link'])).toEqual(['dst', 'out']);
  expect(lookedUp(['src', 'protocol', 'dst-port'], ['address', 'protocol', 'port'])).toEqual([
    'src',
    'protocol',
    'dst-port',
  ]);
  expect(lookedUp(['src'], ['address', 'service'])).toBeUndefined();
});

test("iptables' own tables are not taken twice, but others of their names are kept", () => {
  const iptables = parseIptables(
    '*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n-A INPUT -p tcp -j ACCEPT\nCOMMIT\n',
    4,
  );
  const chain = {
    family: 'ip',
    table: 'filter',
    name: 'INPUT',
    type: 'filter',
    hook: 'input',
    prio: 0,
    policy: 'drop',
  };
  const rule = { rule: { family: 'ip', table: 'filter', chain: 'INPUT', expr: [{ accept: null }] } };
  const nft = (...more: unknown[]): Netfilter =>
    parseNft(JSON.stringify({ nftables: [{ table: { family: 'ip', name: 'filter' } }, { chain }, rule, ...more] }));
  expect(withoutCopies(nft().tables, iptables)).toEqual([]);
  expect(withoutCopies(nft(rule).tables, iptables)).toHaveLength(1);
  expect(withoutCopies(nft().tables, [])).toHaveLength(1);
});

describe('garbage', () => {
  test.each(['', 'nonsense', '[]', '{"nftables": 5}', '{'])('%j is said to be unread', (text) => {
    expect(parseNft(text)).toMatchObject({ tables: [], unread: ['no JSON of nft'] });
  });

  test('any JSON in any place is read without a crash', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 4 }), { maxLength: 5 }), (entries) => {
        expect(parseNft(JSON.stringify({ nftables: entries })).tables).toBeInstanceOf(Array);
      }),
      runs(200),
    );
  });

  test('a real ruleset with any part of it replaced is read without a crash', () => {
    const whole = JSON.parse(recorded('forms.json')) as unknown;
    fc.assert(
      fc.property(
        fc.infiniteStream(fc.nat(400)),
        fc.constantFrom<unknown>(null, [], {}, '', '@x', '*', -1, 1e99, true),
        (dice, junk) => {
          const replaced = JSON.stringify(whole, (_key, value: unknown) => (dice.next().value === 0 ? junk : value));
          expect(parseNft(replaced).tables).toBeInstanceOf(Array);
        },
      ),
      runs(100),
    );
  });
});
