import * as fc from 'fast-check';
import { readAddress, type Address } from '../../../src/net/address.ts';
import type { Family } from '../../../src/net/family.ts';
import type { Probe } from '../../support/naive-verdict.ts';

/** A small world, so that rules and packets meet often. */
export const WORLD = {
  4: {
    sources: ['10.1.0.7', '10.1.0.99', '10.3.4.5', '192.0.2.1', '192.0.2.130', '198.51.100.9'],
    destinations: [
      '10.1.0.1',
      '10.1.0.1',
      '10.2.0.1',
      '10.1.0.9',
      '10.2.0.7',
      '10.9.0.1',
      '203.0.113.5',
      '10.1.0.255',
      '224.0.0.1',
    ],
    prefixes: [
      '10.0.0.0/8',
      '10.1.0.0/24',
      '10.1.0.7',
      '192.0.2.0/25',
      '192.0.2.0/24',
      '10.2.0.0/16',
      '203.0.113.5',
      '10.1.0.1',
    ],
    spans: ['10.1.0.0-10.1.0.50', '10.3.4.5-192.0.2.1', '10.2.0.1-10.9.0.1'],
    inside: '10.2.0.7',
  },
  6: {
    sources: ['fd01::7', 'fd01::99', 'fd03::5', '2001:db8:1::1', '2001:db8:1:8000::1', '2001:db8:2::9'],
    destinations: ['fd01::1', 'fd01::1', 'fd02::1', 'fd01::9', 'fd02::7', 'fd09::1', '2001:db8:9::5'],
    prefixes: [
      'fc00::/7',
      'fd01::/64',
      'fd01::7',
      '2001:db8:1::/49',
      '2001:db8:1::/48',
      'fd02::/16',
      '2001:db8:9::5',
      'fd01::1',
    ],
    spans: ['fd01::-fd01::50', 'fd03::5-fd09::1', '2001:db8:1::1-2001:db8:2::9'],
    inside: 'fd02::7',
  },
} as const;

const PORTS = [22, 53, 80, 443, 8000, 8005];

const addressOf = (text: string): Address => {
  const read = readAddress(text);
  if (!read.ok) throw new Error(text);
  return read.value;
};

let serial = 0;

type Kind = Pick<Probe, 'protocol' | 'state' | 'icmp' | 'flags'>;

const icmp = (family: Family, type: number, code: number, state: Probe['state']): Kind => ({
  protocol: family === 4 ? 1 : 58,
  icmp: { type, code },
  state,
});

/** What conntrack makes of a packet of which nothing came before. */
const kindArb = (family: Family): fc.Arbitrary<Kind> =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom<Kind>(
        { protocol: 6, flags: 2, state: 'new' },
        { protocol: 6, flags: 16, state: 'new' },
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Kind>(
        { protocol: 6, flags: 18, state: 'invalid' },
        { protocol: 6, flags: 4, state: 'invalid' },
      ),
    },
    { weight: 3, arbitrary: fc.constant<Kind>({ protocol: 17, state: 'new' }) },
    {
      weight: 1,
      arbitrary:
        family === 4
          ? fc.constantFrom(icmp(4, 8, 0, 'new'), icmp(4, 13, 0, 'new'), icmp(4, 0, 0, 'invalid'))
          : fc.constantFrom(icmp(6, 128, 0, 'new'), icmp(6, 129, 0, 'invalid')),
    },
  );

/** Source ports come once each: 1024 and up. */
export const probeArb = (family: Family): fc.Arbitrary<Probe> =>
  fc
    .record({
      kind: kindArb(family),
      source: fc.constantFrom(...WORLD[family].sources),
      destination: fc.constantFrom<string>(...WORLD[family].destinations),
      port: fc.constantFrom(...PORTS),
    })
    .map(({ kind, source, destination, port }) => ({
      ...kind,
      family,
      source: addressOf(source),
      destination: addressOf(destination),
      in: 'eth0',
      ...(kind.icmp ? {} : { ports: { source: 1024 + (serial++ % 60_000), destination: port } }),
    }));

const not = fc.constantFrom('', '', '! ');
const optional = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant('') }, { weight: 1, arbitrary });
const words = (...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((texts) => texts.filter(Boolean).join(' '));
const one = (...texts: string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);
/** `! --option VALUE` */
const option = (name: string, value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(not, value).map(([turned, text]) => `${turned}${name} ${text}`);

const portText = one('22', '53', '80', '8000:8005', ':442', '443:', '1024:1300');
const portList = one('22,80', '53,8000:8005', '443', '22,53,80:443,8005');

const tcpTests = fc.oneof(
  option('--dport', portText),
  option('--sport', portText),
  fc.constant('--dport 80 ! --sport 1024:30000'),
  option('--tcp-flags', one('SYN,ACK SYN', 'FIN,SYN,RST,ACK SYN', 'ALL ACK', 'SYN,RST NONE')),
  one('--syn', '! --syn'),
);
const multiport = fc
  .tuple(one('--dports', '--sports', '--ports'), portList, not)
  .map(([name, list, turned]) => `-m multiport ${turned}${name} ${list}`);

const protocolTests = (family: Family): fc.Arbitrary<string> =>
  fc.oneof(
    words(fc.constant('-p tcp'), optional(tcpTests), optional(multiport)),
    words(fc.constant('-p udp'), optional(option('--dport', portText)), optional(multiport)),
    family === 4
      ? words(fc.constant('-p icmp'), option('--icmp-type', one('8', 'any', '0', '13/0', 'echo-reply')))
      : words(fc.constant('-p icmpv6'), option('--icmpv6-type', one('128', '129/0'))),
    one('! -p tcp', '! -p udp', family === 4 ? '! -p icmp' : '! -p icmpv6', '-p all'),
  );

const moreTests = (family: Family): fc.Arbitrary<string> =>
  fc.oneof(
    option(
      '-m conntrack --ctstate',
      one('NEW', 'INVALID', 'NEW,INVALID', 'ESTABLISHED,RELATED', 'DNAT', 'UNTRACKED', 'DNAT,INVALID', 'NEW,UNTRACKED'),
    ).map(moduleFirst),
    option('-m conntrack --ctorigdst', one(...WORLD[family].prefixes)).map(moduleFirst),
    fc
      .tuple(one('INVALID', 'NEW', 'UNTRACKED,NEW'), not, one(...WORLD[family].prefixes))
      .map(([state, turned, prefix]) => `-m conntrack ! --ctstate ${state} ${turned}--ctorigsrc ${prefix}`),
    option('-m mark --mark', one('0x1', '0x1/0x1', '0x0/0x3', '0x2/0x6')).map(moduleFirst),
    option('-m iprange --src-range', one(...WORLD[family].spans)).map(moduleFirst),
    option('-m iprange --dst-range', one(...WORLD[family].spans)).map(moduleFirst),
    option(
      '-m addrtype --dst-type',
      one(
        ...(family === 4
          ? ['LOCAL', 'UNICAST', 'BROADCAST,MULTICAST', 'UNICAST,LOCAL']
          : ['LOCAL', 'UNICAST', 'UNICAST,LOCAL']),
      ),
    ).map(moduleFirst),
    option(
      '-m set --match-set',
      one('nets src', 'nets dst', 'ports dst', 'services src,dst', 'services dst,dst', 'links src,src', 'both src'),
    ).map((text) => moduleFirst(text).replace(/--match-set (\w+)/, `--match-set $1${family}`)),
    one('-m comment --comment "a -j DROP"', '-m statistic --mode random --probability 0.5'),
  );

/** `! -m mark --mark 1` → `-m mark ! --mark 1` */
const moduleFirst = (text: string): string => text.replace(/^! (-m \S+) /, '$1 ! ');

const ruleTests = (family: Family): fc.Arbitrary<string> =>
  words(
    optional(option('-s', one(...WORLD[family].prefixes))),
    optional(option('-d', one(...WORLD[family].prefixes))),
    // Not `! -i +`, which never matches: iptables-legacy-save leaves it out, so nobody can know.
    optional(fc.oneof(option('-i', one('eth0', 'eth1', 'eth+', 'e+')), fc.constant('-i +'))),
    optional(protocolTests(family)),
    optional(moreTests(family)),
  );

const lines = (chain: string, family: Family, targets: fc.Arbitrary<string>, most: number): fc.Arbitrary<string[]> =>
  fc.array(words(fc.constant(`-A ${chain}`), ruleTests(family), targets), { maxLength: most });

const userChains = (table: string, family: Family, targets: fc.Arbitrary<string>): fc.Arbitrary<string[]>[] => [
  lines(`${table}-a`, family, fc.oneof(targets, one(`-j ${table}-b`, `-g ${table}-b`)), 4),
  lines(`${table}-b`, family, targets, 4),
];

/** A table with two chains of its own behind the built-in ones. */
function tableArb(
  name: string,
  family: Family,
  builtIn: readonly string[],
  ends: fc.Arbitrary<string>,
): fc.Arbitrary<string> {
  const jumps = one(`-j ${name}-a`, `-g ${name}-a`, `-j ${name}-b`, `-g ${name}-b`);
  const chains = [
    ...builtIn.map((chain) => lines(chain, family, fc.oneof(ends, jumps), 6)),
    ...userChains(name, family, fc.oneof(ends, one('-j RETURN'))),
  ];
  const policies = fc.tuple(
    ...builtIn.map((chain) =>
      name === 'nat'
        ? fc.constant(`:${chain} ACCEPT [0:0]`)
        : (name === 'filter'
            ? one('ACCEPT', 'ACCEPT', 'DROP')
            : one('ACCEPT', 'ACCEPT', 'ACCEPT', 'ACCEPT', 'DROP')
          ).map((policy) => `:${chain} ${policy} [0:0]`),
    ),
  );
  return fc
    .tuple(policies, ...chains)
    .map(([heads, ...all]) =>
      [`*${name}`, ...heads, `:${name}-a - [0:0]`, `:${name}-b - [0:0]`, ...all.flat(), 'COMMIT', ''].join('\n'),
    );
}

/** All tables, as iptables-restore takes them. */
export const iptablesArb = (family: Family): fc.Arbitrary<string> => {
  const { inside } = WORLD[family];
  const place = family === 4 ? inside : `[${inside}]`;
  const verdicts = one('-j ACCEPT', '-j DROP', '-j ACCEPT', '-j DROP', '-j REJECT', '');
  const marks = one(
    '-j MARK --set-mark 1',
    '-j MARK --or-mark 2',
    '-j MARK --and-mark 1',
    '-j MARK --xor-mark 3',
    '-j MARK --set-xmark 0x2/0x2',
  );
  const nat = fc
    .array(
      fc.tuple(
        ruleTests(family).filter((text) => !/-p |statistic|multiport/.test(text)),
        one(
          `-p tcp -j DNAT --to-destination ${place}:80`,
          `-p udp -j DNAT --to-destination ${inside}`,
          `-j DNAT --to-destination ${inside}`,
          '-j ACCEPT',
          '-j RETURN',
        ),
      ),
      { maxLength: 3 },
    )
    .map((rules) =>
      [
        '*nat',
        ':PREROUTING ACCEPT [0:0]',
        ...rules.map(([tests, target]) => `-A PREROUTING ${tests} ${target}`),
        'COMMIT',
        '',
      ].join('\n'),
    );
  return fc
    .tuple(
      tableArb('raw', family, ['PREROUTING'], one('-j CT --notrack', '', '-j ACCEPT')),
      tableArb('mangle', family, ['PREROUTING'], fc.oneof(marks, marks, one('-j ACCEPT', '-j DROP'))),
      nat,
      tableArb('filter', family, ['INPUT', 'FORWARD'], verdicts),
    )
    .map((tables) => tables.join(''));
};

/** No rules, and nothing dropped: a policy that a file doesn't name stays as it was. */
export const NO_RULES = Object.entries({
  raw: 'PREROUTING',
  mangle: 'PREROUTING',
  nat: 'PREROUTING',
  filter: 'INPUT FORWARD',
})
  .map(([name, chains]) => `*${name}\n${chains.replaceAll(/(\w+) ?/g, ':$1 ACCEPT [0:0]\n')}COMMIT\n`)
  .join('');

/** What the rules' `--match-set` asks. */
export const ipsets = (family: Family): string => {
  const word = family === 4 ? 'inet' : 'inet6';
  const [wide, , single, half] = WORLD[family].prefixes;
  const [, , far] = WORLD[family].sources;
  const [local] = WORLD[family].destinations;
  return `create nets${family} hash:net family ${word}
add nets${family} ${wide}
add nets${family} ${single} nomatch
add nets${family} ${half}
create ports${family} bitmap:port range 0-65535
add ports${family} 22
add ports${family} 8000-8005
create services${family} hash:ip,port family ${word}
add services${family} ${far},tcp:80
add services${family} ${local},tcp:22
add services${family} ${local},udp:53
add services${family} ${local},${family === 4 ? 'icmp:echo-request' : 'icmpv6:echo-request'}
create links${family} hash:net,iface family ${word}
add links${family} ${wide},eth0
create both${family} list:set
add both${family} nets${family}
`;
};
