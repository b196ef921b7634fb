import * as fc from 'fast-check';
import type { Family } from '../../../src/net/family.ts';
import { WORLD } from './ruleset-arb.ts';

const one = (...texts: string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);
const optional = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof(one('', ''), arbitrary);
const words = (...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((texts) => texts.filter(Boolean).join(' '));
const not = one('', '', '!= ');
/** `field [!=] VALUE` */
const test = (field: string, ...values: string[]): fc.Arbitrary<string> =>
  fc.tuple(not, one(...values)).map(([turned, value]) => `${field} ${turned}${value}`);
const listed = (values: readonly string[]): fc.Arbitrary<string> =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 }).map((some) => `{ ${some.join(', ')} }`);

const PORTS = ['22', '80', '8000-8005', '443', '53'];

const addressTests = (family: Family): fc.Arbitrary<string> => {
  const { prefixes, spans } = WORLD[family];
  const field = family === 4 ? 'ip' : 'ip6';
  return fc.oneof(
    test(`${field} saddr`, ...prefixes, ...spans, '@nets'),
    test(`${field} daddr`, ...prefixes, ...spans, '@nets'),
    fc
      .tuple(
        one('saddr', 'daddr'),
        not,
        listed(prefixes.filter((prefix) => prefix.includes('1.0') || prefix.endsWith('::7'))),
      )
      .map(([end, turned, list]) => `${field} ${end} ${turned}${list}`),
    family === 4
      ? one(
          'ip saddr & 255.255.255.0 == 10.1.0.0',
          'ip saddr & 255.0.0.255 != 10.0.0.7',
          'ip daddr & 255.255.0.0 @nets',
        )
      : one('ip6 saddr & ffff:: == fd01::', 'ip6 daddr & ffff::ffff != fd02::7'),
    test(`${field} saddr . meta l4proto . th dport`, '@services'),
    test(`${field} daddr . tcp dport`, `{ ${prefixes[7]} . 22, ${prefixes[5]} . 80-8003 }`),
    test(`${field} saddr . iifname`, `{ ${prefixes[2]} . "eth0", ${prefixes[6]} . "eth1" }`),
  );
};

const protocolTests = (family: Family): fc.Arbitrary<string> =>
  fc.oneof(
    test('tcp dport', ...PORTS, '{ 22, 80-443 }', '@ports'),
    test('udp dport', ...PORTS, '{ 53, 8000-8005 }', '@ports'),
    test('tcp sport', '1024-20000', '{ 1024-2000, 30000-65535 }'),
    one('tcp dport < 80', 'tcp dport >= 443', 'udp dport > 53', 'tcp sport <= 9000'),
    test('meta l4proto', 'tcp', 'udp', '{ tcp, udp }', family === 4 ? 'icmp' : 'ipv6-icmp', '17'),
    words(one('meta l4proto { tcp, udp }', 'meta l4proto tcp'), test('th dport', ...PORTS)),
    one('th dport 22'),
    family === 4
      ? fc.oneof(
          test('icmp type', 'echo-request', '{ echo-reply, timestamp-request }', '8-13'),
          test('icmp code', '0'),
          test('ip protocol', 'tcp', '{ icmp, udp }'),
        )
      : fc.oneof(
          test('icmpv6 type', 'echo-request', '{ echo-reply, echo-request }'),
          test('ip6 nexthdr', 'tcp', '{ ipv6-icmp, udp }'),
        ),
    one(
      'tcp flags syn',
      'tcp flags != syn',
      'tcp flags == syn',
      'tcp flags & (syn|ack) == syn',
      'tcp flags & (syn|ack) != syn|ack',
      'tcp flags { syn, syn|ack }',
      'tcp flags & (syn|rst) == 0',
      'tcp flags & (syn|rst) != 0',
      'tcp flags ! ack',
    ),
  );

const moreTests = (family: Family): fc.Arbitrary<string> =>
  fc.oneof(
    one(
      'ct state new',
      'ct state established,related',
      'ct state != new',
      'ct state { new, invalid }',
      'ct state != { invalid }',
      'ct state invalid,untracked',
      'ct state != established,related',
      'ct state & (new|invalid) == 0',
      'ct state untracked',
    ),
    one('ct status dnat', 'ct status & dnat == 0', 'ct direction original', 'ct direction reply'),
    test(`ct original ${family === 4 ? 'ip' : 'ip6'} daddr`, ...WORLD[family].prefixes),
    words(fc.constant('meta l4proto { tcp, udp }'), test('ct original proto-dst', ...PORTS)),
    one(
      'meta mark 1',
      'meta mark != 1',
      'meta mark & 0x3 == 0x2',
      'meta mark & 0x6 != 0x2',
      'meta mark { 1, 3 }',
      'meta mark @marks',
    ),
    test('iifname', '"eth0"', '"eth1"', '"eth*"', '{ "eth1", "lo" }', '@links'),
    test('iif', '"eth0"', '"eth1"'),
    one(
      'fib daddr type local',
      'fib daddr type != local',
      'fib daddr type { unicast, multicast }',
      'fib daddr . iif type local',
    ),
    one('meta nfproto ipv4', 'meta nfproto ipv6', 'meta protocol ip', 'meta nfproto != ipv4'),
    one('limit rate 5/second', 'counter', 'ip6 hoplimit 64', 'meta length < 60'),
  );

const tests = (family: Family): fc.Arbitrary<string> =>
  words(optional(addressTests(family)), optional(protocolTests(family)), optional(moreTests(family)));

const vmaps = (family: Family): fc.Arbitrary<string> =>
  one(
    'tcp dport vmap { 22 : accept, 80-443 : drop, 8000 : jump a }',
    'meta l4proto vmap { tcp : jump a, udp : goto b }',
    'ct state vmap { new : jump a, invalid : drop }',
    'iifname vmap { "eth0" : jump b, "lo" : drop }',
    'tcp dport vmap @verdicts',
    `${family === 4 ? 'ip' : 'ip6'} daddr . tcp dport vmap { ${WORLD[family].prefixes[7]} . 22 : accept, ${WORLD[family].prefixes[6]} . 80 : drop }`,
    'udp dport vmap { 53 : accept, * : drop }',
  );

const rules = (family: Family, ends: fc.Arbitrary<string>, most: number): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof({ weight: 6, arbitrary: words(tests(family), ends) }, { weight: 1, arbitrary: vmaps(family) }), {
      maxLength: most,
    })
    .map((lines) => lines.filter((line) => !isSwallowed(line)))
    .map((lines) => lines.map((line) => `    ${line === '' ? 'counter' : line}\n`).join(''));

/** nft prints `ip6 saddr X meta protocol ip reject`, which never matches, without `meta protocol ip`: nobody can know. */
const isSwallowed = (line: string): boolean =>
  line.includes('reject') && / ?ip6? [sd]addr/.test(line) && /meta (?:protocol|nfproto)/.test(line);

/** No chain may lead back to itself. */
const without =
  (word: RegExp) =>
  (text: string): string =>
    text
      .split('\n')
      .filter((line) => !word.test(line))
      .join('\n');

/** A table of both families with everything in it that a packet may meet; the family is that of the addresses. */
export const nftArb = (family: Family): fc.Arbitrary<string> => {
  const { sources, prefixes, inside } = WORLD[family];
  const verdicts = one(
    'accept',
    'drop',
    'accept',
    'drop',
    'reject',
    'meta nfproto ipv4 reject',
    'meta nfproto ipv6 reject',
    'meta l4proto tcp reject with tcp reset',
    'return',
    'jump a',
    'goto a',
    'jump b',
    'counter',
    'meta mark set 1 accept',
    'log drop',
  );
  const early = one(
    'meta mark set 1',
    'meta mark set meta mark | 0x2',
    'meta mark set meta mark & 0x1',
    'meta mark set meta mark ^ 0x3',
    'accept',
    'drop',
    'jump c',
    'return',
  );
  const place = family === 4 ? inside : `[${inside}]`;
  const nat = one(
    `dnat ${family === 4 ? 'ip' : 'ip6'} to ${inside}`,
    'accept',
    `tcp dport 80 dnat ${family === 4 ? 'ip' : 'ip6'} to ${place}:8000`,
    `tcp dport 8000-8005 dnat ${family === 4 ? 'ip' : 'ip6'} to tcp dport map { 8000 : ${inside}, 8005 : ${sources[0]} }`,
  );
  const noPorts = words(
    optional(addressTests(family).filter((text) => !/dport/.test(text))),
    optional(one('iifname "eth0"', 'meta mark 1', 'ct state new')),
  );
  const natRules = fc
    .array(words(noPorts, nat), { maxLength: 3 })
    .map((lines) => lines.map((line) => `    ${line}\n`).join(''));
  const policy = one('accept', 'drop', 'accept');
  return fc
    .record({
      a: rules(family, one('accept', 'drop', 'return', 'jump b', 'goto b', 'counter'), 4).map(without(/ a\b/)),
      b: rules(family, one('accept', 'drop', 'return', 'counter'), 3).map(without(/jump|goto|@verdicts/)),
      c: rules(family, one('meta mark set 0x3', 'accept', 'return', 'drop'), 3).map(without(/jump|goto|@verdicts/)),
      raw: rules(family, one('notrack', 'notrack', 'counter', 'accept'), 3).map(without(/jump|goto|@verdicts/)),
      early: rules(family, early, 4),
      nat: natRules,
      input: rules(family, verdicts, 6),
      forward: rules(family, verdicts, 6),
      policies: fc.tuple(policy, policy),
    })
    .map((all) =>
      `table inet t {
  set nets { type ${family === 4 ? 'ipv4_addr' : 'ipv6_addr'}; flags interval; auto-merge; elements = { ${prefixes[1]}, ${prefixes[3]}, ${prefixes[5]} } }
  set ports { type inet_service; flags interval; elements = { 22, 8000-8005 } }
  set services { type ${family === 4 ? 'ipv4_addr' : 'ipv6_addr'} . inet_proto . inet_service; elements = { ${sources[0]} . tcp . 80, ${sources[3]} . udp . 53, ${sources[4]} . tcp . 22 } }
  set links { type ifname; elements = { "eth0", "wg0" } }
  set marks { type mark; elements = { 1, 3 } }
  map verdicts { type inet_service : verdict; elements = { 22 : accept, 443 : drop, 80 : jump b } }
  chain b {
${all.b}  }
  chain a {
${all.a}  }
  chain c {
${all.c}  }
  chain raw {
    type filter hook prerouting priority raw;
${all.raw}  }
  chain early {
    type filter hook prerouting priority mangle;
${all.early}  }
  chain nat {
    type nat hook prerouting priority dstnat;
${all.nat}  }
  chain input {
    type filter hook input priority filter; policy ${all.policies[0]};
${all.input}  }
  chain forward {
    type filter hook forward priority filter; policy ${all.policies[1]};
${all.forward}  }
}
`
        .replaceAll(/\{ (?=type )/g, '{\n    ')
        .replaceAll(/ elements = /g, '\n    elements = ')
        .replaceAll(/\} \}\n/g, '}\n  }\n'),
    );
};
