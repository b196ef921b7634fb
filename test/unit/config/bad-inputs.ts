/** Configs with something wrong, and exactly what is to be said about each: `line:column code`, `w` for a warning. */
export interface BadInput {
  readonly name: string;
  readonly text: string;
  readonly expect: readonly string[];
  /** A part of the first problem's hint. */
  readonly hint?: string;
}

const V = 'version: 1\n';
/** One entry of `trusted`, in line 3 from column 5. */
const trusted = (...entries: string[]): string => `${V}trusted:\n${entries.map((entry) => `  - ${entry}\n`).join('')}`;
/** One entry of `public`, in line 2 from column 10. */
const ports = (entries: string): string => `${V}public: [${entries}]\n`;
/** Behind a config that is else in order. */
const with22 = (rest: string): string => `${V}public: [22/tcp]\n${rest}`;
const one = (name: string, text: string, code: string, hint?: string): BadInput => ({
  name,
  text,
  expect: [code],
  ...(hint !== undefined && { hint }),
});

const address = (entry: string, code: string, hint: string): BadInput =>
  one(`address ${JSON.stringify(entry)}`, trusted(entry), `3:5 ${code}`, hint);

const port = (entry: string, code: string, hint: string): BadInput =>
  one(`port ${JSON.stringify(entry)}`, ports(entry), `2:10 ${code}`, hint);

const wholeText: BadInput[] = [
  one('no text at all', '', '1:1 empty-file', 'seawall init'),
  one('comments only', '# trusted:\n#  - 192.0.2.1\n', '3:1 empty-file', 'seawall init'),
  one('only a document mark', '---\n', '1:4 empty-file', 'seawall init'),
  one('a null', 'null\n', '1:1 empty-file', 'seawall init'),
  one('a list at the top', '- 192.0.2.1\n', '1:1 wrong-type', 'version: 1'),
  one('a text at the top', '192.0.2.1\n', '1:1 wrong-type', 'version: 1'),
  one('no space behind a colon', 'version:1\n', '1:1 wrong-type', '"version: …"'),
  one('larger than 1 MiB', `${V}#${'x'.repeat(1_048_576)}\n`, '1:1 too-large', '{file: '),
  one('larger than 1 MiB in bytes', `${V}#${'€'.repeat(400_000)}\n`, '1:1 too-large', '{file: '),
  one('a line of 10 MB', `${V}trusted: [${'1'.repeat(10_000_000)}]\n`, '1:1 too-large', '{file: '),
  one('NUL', with22('# a\0b\n'), '3:4 control-character', 'UTF-16'),
  one('NUL in an address', trusted('192.0.2.1\0'), '3:14 control-character', 'delete it'),
  one('carriage returns alone', 'version: 1\rpublic: [22/tcp]\r', '1:11 control-character', 'LF'),
  one('escape sequence', with22('# \x1B[2K\n'), '3:3 control-character', 'delete it'),
  one('bidirectional override', with22('# \u202Esdrawkcab\n'), '3:3 control-character', 'delete it'),
  one('a second byte order mark', `\uFEFF${V}\uFEFFpublic: [22/tcp]\n`, '2:1 control-character', 'delete it'),
  one('not UTF-8', with22('# caf\uFFFD\n'), '3:6 not-utf8', 'UTF-8'),
  one('half a surrogate pair', with22('# \uD83D\n'), '3:3 not-utf8', 'UTF-8'),
  one('tab as indentation', `${V}trusted:\n\t- 192.0.2.1\n`, '3:1 tab-indent', 'spaces'),
  { name: 'tab and a bad address', text: `${V}trusted:\n\t- 10.1\n`, expect: ['3:1 tab-indent', '3:4 short-v4'] },
  one('bracket never closed', `${V}public: [22/tcp\nlog: off\n`, '3:1 yaml-syntax', 'bracket'),
  one('quote never closed', `${V}public: ["22/tcp]\n`, '3:1 yaml-syntax', 'close'),
  one('text after a bracket', `${V}public: [22/tcp] 443/tcp\n`, '2:18 yaml-syntax', 'list'),
  one('two colons in a line', `${V}public: log: off\n`, '2:9 yaml-syntax', 'key: value'),
  one('list behind its key', `${V}public: - 22/tcp\n`, '2:9 yaml-syntax', 'below its key'),
  one('a value in backticks', `${V}public: [\`22/tcp\`]\n`, '2:10 yaml-syntax', 'quotes'),
  one('a line that is no key', `${V}public: [22/tcp]\nlog\n`, '3:1 yaml-syntax', 'colon'),
  one('indented unlike its list', `${V}trusted:\n  - 192.0.2.1\n - 192.0.2.2\n`, '4:1 yaml-syntax', 'alike'),
  one('two documents', `${V}public: [22/tcp]\n---\ntrusted: [192.0.2.1]\n`, '3:1 several-documents', 'one file'),
  one('brackets without end', `${V}trusted: ${'['.repeat(10_000)}\n`, '2:42 too-deep', 'bracket'),
  one('dashes without end', `${V}trusted:\n  ${'- '.repeat(10_000)}\n`, '3:67 too-deep', 'dash'),
  one('a tag', trusted('!!str 192.0.2.1'), '3:11 yaml-tag', 'delete it'),
  one('a tag of a list', `${V}public: !ports [22/tcp]\n`, '2:16 yaml-tag', 'delete it'),
  one('an alias of nothing', trusted('*office'), '3:5 bad-alias', '&office'),
  one('a wildcard that is an alias', trusted('*.example.com'), '3:5 bad-alias', 'wildcard'),
  one('an alias of what it stands in', `${V}public: &a [22/tcp, *a]\n`, '2:21 bad-alias', 'write the value'),
  one('merge key', `${V}public: [22/tcp]\ndocker: {<<: {swarm: off}}\n`, '3:10 merge-key', 'write out'),
  one('a key that is a list', with22('? [a, b]\n: c\n'), '3:3 bad-key', 'KEY: VALUE'),
  one('a key that is nothing', with22(': c\n'), '3:1 bad-key', 'KEY: VALUE'),
  one('a key twice', `${V}trusted: [192.0.2.1]\npublic: [22/tcp]\ntrusted: [192.0.2.2]\n`, '4:1 duplicate-key', 'line 2'),
  one('a bomb of aliases', bomb(), '12:31 too-many-aliases', 'write'),
];

/** Each line stands for ten times the one above. */
function bomb(): string {
  const lines = Array.from({ length: 9 }, (_, at) => `  - &b${at + 1} [${`*b${at}, `.repeat(10)}]\n`);
  return `${V}trusted:\n  - &b0 [${'192.0.2.1, '.repeat(10)}]\n${lines.join('')}`;
}

const structure: BadInput[] = [
  one('no version', 'public: [22/tcp]\n', '1:1 missing-version', "'version: 1'"),
  one('an empty version', 'version:\npublic: [22/tcp]\n', '1:9 bad-version', "'version: 1'"),
  one('version 1.0', 'version: 1.0\npublic: [22/tcp]\n', '1:10 bad-version', "'version: 1'"),
  one('version 01', 'version: 01\npublic: [22/tcp]\n', '1:10 bad-version', "'version: 1'"),
  one('a newer version, and what only it knows', 'version: 2\nzones: {dmz: [192.0.2.1]}\n', '1:10 newer-version', 'upgrade'),
  one('a misspelt key', with22('truste: [192.0.2.1]\n'), '3:1 unknown-key', "'trusted'"),
  one('a key of another tool', with22('whitelist: [192.0.2.1]\n'), '3:1 unknown-key', "'trusted'"),
  one('a key of another place', with22('swarm: auto\n'), '3:1 unknown-key', "under 'docker'"),
  one('a key that belongs to the top', with22('docker: {backend: auto}\n'), '3:10 unknown-key', 'top'),
  one('a key that every object has', with22('toString: x\n'), '3:1 unknown-key', 'version, trusted'),
  one('the key of prototypes', with22('__proto__: {log: off}\n'), '3:1 unknown-key', 'version, trusted'),
  { name: 'several unknown keys', text: with22('a: 1\nb: 2\n'), expect: ['3:1 unknown-key', '4:1 unknown-key'] },
  one('a value for a list', `${V}trusted: 192.0.2.1\n`, '2:10 wrong-type', 'trusted: [192.0.2.1]'),
  one('values for a list', `${V}public: 22/tcp, 443/tcp\n`, '2:9 wrong-type', 'public: [22/tcp, 443/tcp]'),
  one('no space behind a dash', `${V}trusted:\n  -192.0.2.1\n`, '3:3 wrong-type', '"- 192.0.2.1"'),
  one('keys for a list', `${V}trusted: {a: b}\n`, '2:10 wrong-type', 'dash'),
  one('a rule without its dash', with22('allow:\n  from: [192.0.2.1]\n'), '4:3 wrong-type', '- {from:'),
  one('a value for keys', with22('docker: auto\n'), '3:9 wrong-type', 'docker: {swarm: auto}'),
  one('a list for keys', with22('interfaces: [wg0]\n'), '3:13 wrong-type', 'interfaces: {internal: [wg0]}'),
  one('a value for a rule', with22('allow: [192.0.2.1]\n'), '3:9 wrong-type', '- {from:'),
  one('a list in a list', trusted('[192.0.2.1]'), '3:5 wrong-type', 'brackets of its own: 192.0.2.1'),
  one('keys in a list of ports', ports('22: tcp'), '2:10 wrong-type', 'write 22/tcp'),
  one('an unknown value', with22('log: verbose\n'), '3:6 bad-value', 'off or limited'),
  one('no value', with22('log:\n'), '3:5 bad-value', 'off or limited'),
  one('no for off', with22('log: no\n'), '3:6 bad-value', 'log: off'),
  one('true for limited', with22('log: true\n'), '3:6 bad-value', 'log: limited'),
  one('capitals', with22('backend: Auto\n'), '3:10 bad-value', 'backend: auto'),
  one('a short name', with22('backend: nft\n'), '3:10 bad-value', 'backend: nftables'),
  one('yes for auto', with22('docker: {swarm: yes}\n'), '3:17 bad-value', 'swarm: auto'),
];

const addresses: BadInput[] = [
  address('10.0.0.5/24', 'host-bits', 'write 10.0.0.0/24, or 10.0.0.5 for the one address'),
  address('2001:db8::1/64', 'host-bits', 'write 2001:db8::/64, or 2001:db8::1'),
  address('010.0.0.1', 'octal', 'write 10.0.0.1'),
  address('10.1', 'short-v4', 'write 10.0.0.1'),
  address('10.0.0', 'short-v4', 'write 10.0.0.0/24'),
  address('10/8', 'short-v4', 'write 10.0.0.0/8'),
  address('22', 'short-v4', 'all four parts'),
  address('1.2.3.4.5', 'long-v4', 'four parts'),
  address('1.2..4', 'empty-part', 'write an address'),
  address('256.1.1.1', 'octet-range', '0 to 255'),
  address('0x7f.1', 'hex-v4', 'write an address'),
  address('0x7f000001', 'hex-v4', 'write an address'),
  address('::ffff:1.2.3.4', 'mapped-v4', 'write 1.2.3.4'),
  address('::ffff:1.2.3.0/120', 'mapped-v4', 'write 1.2.3.0/24'),
  address('::1.2.3.4', 'compat-v4', 'write 1.2.3.4'),
  address('fe80::1%eth0', 'zone', 'write fe80::1'),
  address('1::2::3', 'two-gaps', 'write an address'),
  address('2001:0db80::1', 'long-group', 'write an address'),
  address('1:2:3', 'group-count', 'eight groups'),
  address('"[2001:db8::1]"', 'brackets', 'write 2001:db8::1'),
  address('192.0.2.1:22', 'with-port', 'write 192.0.2.1; to open single ports to it, use allow'),
  address('192.0.2.0/33', 'bad-length', '1 to 32'),
  address('192.0.2.0/24/5', 'bad-length', '1 to 32'),
  address('192.0.2.0/255.255.255.0', 'bad-length', 'write 192.0.2.0/24'),
  address('"192.0.2.1 "', 'whitespace', 'write 192.0.2.1'),
  address('192.0.2.1, 192.0.2.2', 'whitespace', 'one entry for each: 192.0.2.1, 192.0.2.2'),
  address('１92.0.2.1', 'not-ascii', 'write 192.0.2.1'),
  address('192.0.2.1\u200B', 'not-ascii', 'write 192.0.2.1'),
  address('fe80::xyz', 'not-an-address', 'write an address'),
  address('192.0.2.1-192.0.2.6', 'not-an-address', 'write 192.0.2.1, 192.0.2.2/31, 192.0.2.4/31, 192.0.2.6'),
  address('192.0.2.8-15', 'not-an-address', 'write 192.0.2.8/29'),
  address('192.0.2.*', 'not-an-address', 'write 192.0.2.0/24'),
  address('~', 'empty', 'delete it'),
  address('""', 'empty', 'delete it'),
  address('2001:db8::', 'needs-quotes', '"2001:db8::"'),
  one('an address that YAML takes for a key', `${V}trusted: [2001:db8::]\n`, '2:11 needs-quotes', '"2001:db8::"'),
  address('any', 'everyone', 'public'),
  address('0.0.0.0/0', 'everyone', 'public'),
  address('::/0', 'everyone', 'public'),
  address('0/0', 'everyone', 'public'),
  address('2000::/3', 'everyone', 'public'),
  one('two halves', trusted('0.0.0.0/1', '192.0.2.1', '128.0.0.0/1'), '5:5 everyone', 'public'),
  {
    name: 'all but what nobody has',
    text: trusted('128.0.0.0/2', '64.0.0.0/2', '192.0.0.0/3', '32.0.0.0/3', '16.0.0.0/4', '0.0.0.0/4'),
    expect: ['3:5 w wide-prefix', '4:5 w wide-prefix', '5:5 w wide-prefix', '6:5 w wide-prefix', '7:5 w wide-prefix', '8:5 everyone', '8:5 w wide-prefix'],
  },
  one('halves of IPv6', trusted('2000::/4', '3000::/4'), '4:5 everyone', 'public'),
  one('everyone in block', with22('block: [0.0.0.0/0]\n'), '3:9 everyone', 'delete it'),
  one('everyone in a rule', with22('allow: [{from: [0.0.0.0/0], to: [9100/tcp]}]\n'), '3:17 everyone', 'public'),
  one('halves in a rule', with22('allow: [{from: [0.0.0.0/1, 128.0.0.0/1], to: [9100/tcp]}]\n'), '3:28 everyone', 'public'),
  address('64.0.0.0/7', 'w wide-prefix', 'length'),
  address('2400::/12', 'w wide-prefix', 'length'),
  address('127.0.0.1', 'w loopback', 'delete'),
  address('::1', 'w loopback', 'delete'),
  address('localhost', 'w loopback', 'delete'),
  address('224.0.0.1', 'multicast', 'delete'),
  address('ff02::/16', 'multicast', 'delete'),
  address('0.0.0.0', 'unspecified', 'public'),
  address('"::"', 'unspecified', 'public'),
  address('255.255.255.255', 'broadcast', 'delete'),
];

const names: BadInput[] = [
  address('office_1.example.com', 'bad-name', 'office-1.example.com'),
  address('-office.example.com', 'bad-name', 'name such as office.example.com'),
  address('office..example.com', 'bad-name', 'office.example.com'),
  address(`${'a'.repeat(64)}.example.com`, 'bad-name', 'office.example.com'),
  address('"*.example.com"', 'bad-name', 'names themselves'),
  address('https://office.example.com/', 'bad-name', 'write office.example.com'),
  address('office.example.com:22', 'bad-name', 'write office.example.com; to open single ports to it, use allow'),
  address('office.example.com/24', 'bad-name', 'write office.example.com'),
  address('bücher.example', 'bad-name', 'write xn--bcher-kva.example'),
  address('partners.txt', 'bad-name', '{file: partners.txt}'),
  address('file:lists/partners.txt', 'bad-name', '{file: lists/partners.txt}'),
  address('./partners', 'bad-name', '{file: ./partners}'),
  address('office', 'w short-name', 'office.example.com'),
  one('a name in block', with22('block: [evil.example.com]\n'), '3:9 name-in-block', 'addresses'),
  one('an empty path', trusted('{file: ""}'), '3:12 bad-path', 'lists/partners.txt'),
  one('no path', trusted('{file: }'), '3:11 bad-path', 'lists/partners.txt'),
  one('no file', trusted('{}'), '3:5 bad-path', 'lists/partners.txt'),
  one('a list of paths', trusted('{file: [a, b]}'), '3:12 bad-path', 'one entry for each file'),
  one('NUL in a path', trusted('{file: "a\\0b"}'), '3:12 bad-path', 'without it'),
  one('a path of the home folder', trusted('{file: ~/list}'), '3:12 bad-path', 'in full'),
  one('a URL for a path', trusted('{file: https://example.com/list}'), '3:12 bad-path', 'fetch'),
  one('a folder for a path', trusted('{file: lists/}'), '3:12 bad-path', 'one file'),
  one('a path without end', trusted(`{file: ${'a'.repeat(5000)}}`), '3:12 bad-path', 'shorter'),
  { name: 'a misspelt file', text: trusted('{fle: a, b: c}'), expect: ['3:6 unknown-key', '3:14 unknown-key'], hint: "'file'" },
];

const repeats: BadInput[] = [
  one('an address twice', trusted('192.0.2.1', '192.0.2.1/32'), '4:5 w duplicate', 'delete one'),
  one('an IPv6 address twice', trusted('2001:DB8::1', '2001:db8:0::1'), '4:5 w duplicate', 'delete one'),
  one('a name twice', trusted('a.example.com', 'A.example.com.'), '4:5 w duplicate', 'delete one'),
  one('a file twice', trusted('{file: a.txt}', '{file: a.txt}'), '4:5 w duplicate', 'delete one'),
  one('an address within a prefix above', trusted('10.0.0.0/8', '10.1.0.0/16'), '4:5 w covered', '10.0.0.0/8'),
  one('an address within a prefix below', trusted('10.1.0.0/16', '192.0.2.1', '10.0.0.0/8'), '3:5 w covered', '10.0.0.0/8'),
  one('an address that is blocked', `${V}trusted: [192.0.2.1]\nblock: [192.0.2.0/24]\n`, '2:11 w trusted-but-blocked', 'delete one'),
  one('a rule that is blocked', with22('allow: [{from: [192.0.2.1], to: [1/tcp]}]\nblock: [192.0.2.1]\n'), '3:17 w trusted-but-blocked', 'delete one'),
  one('nobody', `${V}trusted: []\n`, '2:1 w nobody-trusted', '22/tcp'),
  one('nobody at all', V, '1:1 w nobody-trusted', '22/tcp'),
];

const portInputs: BadInput[] = [
  port('22', 'no-protocol', 'write 22/tcp'),
  port('ssh', 'not-a-port', 'write 22/tcp'),
  port('nonsense', 'not-a-port', 'PORT/tcp'),
  port('80:tcp', 'not-a-port', 'write 80/tcp'),
  port('tcp/80', 'not-a-port', 'write 80/tcp'),
  port('tcp:80', 'not-a-port', 'write 80/tcp'),
  port('80 tcp', 'not-a-port', 'write 80/tcp'),
  port('8080:80', 'not-a-port', 'write 8080/tcp, the port that a client dials'),
  port('8080:80/tcp', 'not-a-port', 'write 8080/tcp, the port that a client dials'),
  port('127.0.0.1:8080:80', 'not-a-port', 'write 8080/tcp'),
  port('8000:8010/udp', 'not-a-port', 'for a range, 8000-8010/udp'),
  port('22 443', 'not-a-port', 'PORT/tcp'),
  port('22/tcp 443/tcp', 'not-a-port', 'one entry for each: 22/tcp, 443/tcp'),
  port('"22,443/tcp"', 'not-a-port', 'one entry for each: 22/tcp, 443/tcp'),
  port('22/sctp', 'unknown-protocol', 'tcp or udp'),
  port('22/both', 'unknown-protocol', 'one entry for each: 22/tcp, 22/udp'),
  port('0/tcp', 'port-range', '1 to 65535'),
  port('70000/tcp', 'port-range', '1 to 65535'),
  port('9-8/tcp', 'backwards', 'write 8-9/tcp'),
  port('022/tcp', 'leading-zero', 'write 22/tcp'),
  port('1-65535/tcp', 'w all-ports', 'meant to be open'),
  one('all ports in two parts', ports('1-1000/udp, 1001-65535/udp'), '2:10 w all-ports', 'meant'),
  one('a port twice', ports('22/tcp, 22/TCP'), '2:18 w duplicate', 'delete one'),
  one('a port within a range', ports('8005/tcp, 8000-8010/tcp'), '2:10 w covered', 'narrower'),
  one('ranges that overlap', ports('8000-8010/tcp, 8005-8020/tcp'), '2:25 w overlap', '8000-8020/tcp'),
  one('an empty port', ports('22/tcp, ~'), '2:18 empty', 'delete it'),
];

const rules: BadInput[] = [
  one('no from', with22('allow: [{to: [9100/tcp]}]\n'), '3:10 empty-from', 'from: ['),
  one('an empty from', with22('allow: [{from: [], to: [9100/tcp]}]\n'), '3:16 empty-from', 'from: ['),
  one('a null from', with22('allow: [{from: ~, to: [9100/tcp]}]\n'), '3:16 empty-from', 'from: ['),
  one('no to', with22('allow: [{from: [192.0.2.1]}]\n'), '3:10 empty-to', 'to: ['),
  one('an empty to', with22('allow: [{from: [192.0.2.1], to: []}]\n'), '3:33 empty-to', 'to: ['),
  { name: 'an empty rule', text: with22('allow: [{}]\n'), expect: ['3:9 empty-from', '3:9 empty-to'] },
  one('an empty entry', with22('allow: [~]\n'), '3:9 wrong-type', '- {from:'),
  one('a value for from', with22('allow: [{from: 192.0.2.1, to: [9100/tcp]}]\n'), '3:16 wrong-type', 'from: [192.0.2.1]'),
  one('a key of a rule', with22('allow: [{from: [192.0.2.1], port: [9100/tcp], to: [1/tcp]}]\n'), '3:29 unknown-key', "'to'"),
  one('a bad address in a rule', with22('allow: [{from: [10.1], to: [9100/tcp]}]\n'), '3:17 short-v4', '10.0.0.1'),
  one('a bad port in a rule', with22('allow: [{from: [192.0.2.1], to: [9100]}]\n'), '3:34 no-protocol', '9100/tcp'),
  one('a long note', with22(`allow: [{from: [192.0.2.1], to: [1/tcp], note: ${'x'.repeat(101)}}]\n`), '3:48 bad-note', 'shorten'),
  one('a note of two lines', with22('allow: [{from: [192.0.2.1], to: [1/tcp], note: "a\\nb"}]\n'), '3:48 bad-note', 'one line'),
  one('a note with an escape', with22('allow: [{from: [192.0.2.1], to: [1/tcp], note: "\\e[2J"}]\n'), '3:48 bad-note', 'one line'),
  one('a list for a note', with22('allow: [{from: [192.0.2.1], to: [1/tcp], note: [a]}]\n'), '3:48 bad-note', 'quotes'),
];

const iface = (entry: string, code: string, hint: string): BadInput =>
  one(`interface ${entry}`, with22(`interfaces: {internal: [${entry}]}\n`), `3:25 ${code}`, hint);

const interfaces: BadInput[] = [
  iface('abcdefghijklmnop', 'bad-interface', 'ip link'),
  iface('a/b', 'bad-interface', 'letters'),
  iface('"a b"', 'bad-interface', 'letters'),
  iface('"."', 'bad-interface', 'wg0'),
  iface('".."', 'bad-interface', 'wg0'),
  iface('""', 'bad-interface', 'delete'),
  iface('wg+', 'bad-interface', "'wg*'"),
  iface('"*"', 'bad-interface', 'wg*'),
  iface('w*g', 'bad-interface', 'w*'),
  iface('eth0:1', 'bad-interface', 'write eth0'),
  iface('eth0@if3', 'bad-interface', 'write eth0'),
  iface('-j', 'bad-interface', 'letters'),
  iface('"a;b"', 'bad-interface', 'letters'),
  iface('lo', 'w loopback-interface', 'delete'),
  one('an interface twice', with22('interfaces: {internal: [wg0, wg0]}\n'), '3:30 w duplicate', 'delete one'),
  one('an interface of a wildcard', with22('interfaces: {internal: [wg0, wg*]}\n'), '3:25 w covered', 'delete'),
  one('inside and outside', with22('interfaces:\n  internal: [wg0]\n  external: [eth0, wg0]\n'), '5:20 interface-conflict', 'delete one'),
  one('inside and outside by a wildcard', with22('interfaces: {internal: [wg*], external: [wg0]}\n'), '3:42 interface-conflict', 'one by one'),
];

export const BAD_INPUTS: readonly BadInput[] = [
  ...wholeText,
  ...structure,
  ...addresses,
  ...names,
  ...repeats,
  ...portInputs,
  ...rules,
  ...interfaces,
];
