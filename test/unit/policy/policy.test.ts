import { describe, expect, test } from 'vitest';
import { formatPrefix } from '../../../src/net/prefix.ts';
import type { PrefixSet } from '../../../src/net/prefix-set.ts';
import { compile } from '../../../src/policy/compile.ts';
import type { Facts } from '../../../src/policy/facts.ts';
import { policyNotes } from '../../../src/policy/notes.ts';
import { isRemote } from '../../../src/policy/policy.ts';
import { config, docker, facts, link, LINKS, list, network, policy } from '../../support/machine.ts';
import { address } from '../../support/values.ts';

const texts = (set: PrefixSet): string[] => [...set.prefixes()].map(formatPrefix);
const names = (entries: Readonly<Record<string, readonly string[]>>): Facts['names'] =>
  new Map(Object.entries(entries).map(([name, own]) => [name, { addresses: own.map(address), fresh: true }]));

describe('who is trusted', () => {
  test('prefixes, names and nodes together, by IP version', () => {
    const made = policy('trusted: [203.0.113.0/25, 203.0.113.128/25, office.example.com]', {
      names: names({ 'office.example.com': ['192.0.2.10', '2001:db8::10'] }),
      docker: docker({ nodes: [address('198.51.100.11'), address('2001:db8:51::12')], swarm: true }),
    });
    expect(texts(made.trusted[4])).toEqual(['192.0.2.10', '198.51.100.11', '203.0.113.0/24']);
    expect(texts(made.trusted[6])).toEqual(['2001:db8::10', '2001:db8:51::12']);
  });

  test('nodes are not, if the config says so', () => {
    const made = policy('trusted: [203.0.113.7]\ndocker: {swarm: off}', {
      docker: docker({ nodes: [address('198.51.100.11')] }),
    });
    expect(texts(made.trusted[4])).toEqual(['203.0.113.7']);
  });

  test('a name that nobody resolved is nobody', () => {
    expect(policy('trusted: [office.example.com]').trusted[4].size).toBe(0);
  });

  test('lists stay apart from what the config itself says, several make one', () => {
    const lists = new Map([
      ['a', list('192.0.2.0/25', '2001:db8::/32')],
      ['b', list('192.0.2.128/25')],
      ['c', list('198.51.100.0/24')],
    ]);
    const made = policy('trusted: [203.0.113.7, {file: a}, {file: b}]\nblock: [{file: c}, 192.0.2.9]', { lists });
    expect([texts(made.trusted[4]), texts(made.trustedLists[4]), texts(made.trustedLists[6])]).toEqual([
      ['203.0.113.7'],
      ['192.0.2.0/24'],
      ['2001:db8::/32'],
    ]);
    expect([texts(made.block[4]), texts(made.blockLists[4])]).toEqual([['192.0.2.9'], ['198.51.100.0/24']]);
  });

  test('the sources of an allow rule may be of any kind', () => {
    const made = policy(
      'allow: [{from: [10.9.0.0/16, probe.example.com, {file: a}], to: [9100/tcp, 53/udp], note: x}]',
      {
        names: names({ 'probe.example.com': ['192.0.2.80'] }),
        lists: new Map([['a', list('198.51.100.0/24')]]),
      },
    );
    const [rule] = made.allow;
    expect(rule && texts(rule.from[4])).toEqual(['10.9.0.0/16', '192.0.2.80', '198.51.100.0/24']);
    expect([rule?.to.tcp.ranges(), rule?.to.udp.ranges(), rule?.note]).toEqual([
      [{ first: 9100, last: 9100 }],
      [{ first: 53, last: 53 }],
      'x',
    ]);
  });
});

test.each<[string, boolean]>([
  ['0.0.0.0', false],
  ['0.1.2.3', false],
  ['127.0.0.1', false],
  ['127.255.0.1', false],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['::', false],
  ['::1', false],
  ['ff02::1', false],
  ['192.0.2.1', true],
  ['10.0.0.1', true],
  ['223.255.255.255', true],
  ['::2', true],
  ['fe80::1', true],
  ['2001:db8::1', true],
])('%s may stand for somebody elsewhere: %s', (text, expected) => {
  expect(isRemote(address(text))).toBe(expected);
});

describe('sets', () => {
  const setNames = (text: string, more: Partial<Facts> = {}): string[] =>
    compile(policy(text, more))[4].sets.map(({ name }) => name);

  test('rules with the same sources or ports share theirs', () => {
    const shared = setNames(
      'allow: [{from: [10.9.0.0/16], to: [53/tcp]}, {from: [10.9.0.0/16], to: [80/tcp]}, {from: [10.8.0.0/16], to: [53/tcp]}]',
    );
    expect(shared.filter((name) => name.startsWith('seawall-allow4-'))).toHaveLength(2);
    expect(shared.filter((name) => name.startsWith('seawall-ports4-'))).toHaveLength(2);
    expect(new Set(shared).size).toBe(shared.length);
  });

  test('are named by their content, and have names that ipset takes', () => {
    const of = (prefix: string): string[] =>
      setNames('trusted: [{file: a}]', { lists: new Map([['a', list(prefix)]]) });
    expect(of('192.0.2.0/24')).toEqual(of('192.0.2.0/24'));
    expect(of('192.0.2.0/24')).not.toEqual(of('192.0.3.0/24'));
    for (const name of of('192.0.2.0/24')) expect(name).toMatch(/^seawall-[a-z0-9-]{1,23}$/);
  });

  test('of an empty list there is none, and a rule of the other IP version has none', () => {
    expect(
      setNames('trusted: [{file: a}]', { lists: new Map([['a', list('2001:db8::/32')]]) }).some((name) =>
        name.includes('list'),
      ),
    ).toBe(false);
    expect(setNames('allow: [{from: [2001:db8::/32], to: [53/tcp]}]').some((name) => name.includes('allow'))).toBe(
      false,
    );
  });

  test('the same policy always gives the same rules', () => {
    const make = () =>
      compile(
        policy('trusted: [203.0.113.7]\nallow: [{from: [10.9.0.0/16], to: [9100/tcp], note: "a\\"b"}]\nlog: limited'),
      );
    expect(make()).toEqual(make());
  });

  test('a note is cut down to what is safe in a comment', () => {
    const [comment] = compile(
      policy('allow: [{from: [10.9.0.0/16], to: [9100/tcp], note: "tab\\there"}]'.replace('\\t', ' é ')),
    )[4]
      .chains.flatMap(({ rules }) => rules)
      .flatMap((rule) => rule.comment ?? []);
    expect(comment).toBe('tab ? here');
  });
});

describe('notes', () => {
  const notes = (text: string, more: Partial<Facts> = {}): string[] =>
    policyNotes(config(text), facts(more), policy(text, more));
  const bridge = (name: string, uplink = false) => link(name, { kind: 'bridge', uplink });

  test('a usual machine needs none', () => {
    expect(notes('trusted: [203.0.113.7]')).toEqual([]);
  });

  test("a bridge that is not Docker's", () => {
    const links = [...LINKS, bridge('virbr0')];
    expect(notes('trusted: [203.0.113.7]', { links })).toEqual([
      expect.stringMatching(/^virbr0 is a bridge that is not Docker's/),
    ]);
    expect(notes('trusted: [203.0.113.7]\ninterfaces: {internal: [virbr0]}', { links })).toEqual([]);
    expect(notes('trusted: [203.0.113.7]\ninterfaces: {external: [virbr0]}', { links })).toEqual([]);
  });

  test('a bridge that may be, while Docker is away', () => {
    const away = {
      links: [...LINKS, bridge('shop'), bridge('br-lan', true)],
      docker: docker({ seen: 'unknown', networks: [] }),
    };
    expect(notes('trusted: [203.0.113.7]', away)).toEqual([expect.stringMatching(/^shop may be a bridge of Docker's/)]);
  });

  test.each(['trusted: [172.16.0.0/12]', 'trusted: [172.17.0.0/16]', 'trusted: [{file: private}]'])(
    '%s covers a network of Docker',
    (text) => {
      const more = {
        lists: new Map([['private', list('172.16.0.0/12')]]),
        docker: docker({ networks: [network('bridge', 'docker0', '172.17.0.0/16'), network('x', 'y', '10.0.0.0/8')] }),
      };
      expect(notes(text, more)).toEqual([
        expect.stringMatching(/^trusted covers 172\.17\.0\.0\/16, Docker's network bridge:/),
      ]);
    },
  );

  test('part of a network of Docker is a choice', () => {
    expect(notes('trusted: [172.17.0.5]')).toEqual([]);
  });

  test.each(['eth0', 'eth*'])('the uplink is listed as internal: %s', (pattern) => {
    expect(notes(`trusted: [203.0.113.7]\ninterfaces: {internal: ['${pattern}']}`)).toEqual([
      expect.stringMatching(/^eth0 is listed as internal, and the default route/),
    ]);
  });

  test('entries that add up to everyone', () => {
    const lists = new Map([
      ['low', list('0.0.0.0/1')],
      ['high', list('128.0.0.0/1')],
    ]);
    const said = notes('trusted: [{file: low}, {file: high}]', { lists });
    expect(said.at(-1)).toBe('all trusted entries together are every IPv4 address: this machine is open');
    expect(notes('block: [{file: low}, {file: high}]\npublic: [22/tcp]', { lists })).toEqual([]);
  });
});
