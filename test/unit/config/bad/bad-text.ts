import { V, one, trusted, with22, type BadInput } from './bad-input.ts';

export const wholeText: BadInput[] = [
  one('no text at all', '', '1:1 empty-file', 'seawall init'),
  one('comments only', '# trusted:\n#  - 192.0.2.1\n', '1:1 empty-file', 'seawall init'),
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
  one('a carriage return alone', 'version: 1\rpublic: [22/tcp]\n', '1:11 control-character', 'LF'),
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
  one('brackets without end', `${V}trusted: ${'['.repeat(10_000)}\n`, '2:41 too-deep', 'bracket'),
  one('dashes without end', `${V}trusted:\n  ${'- '.repeat(10_000)}\n`, '3:65 too-deep', 'dash'),
  one('a tag', trusted('!!str 192.0.2.1'), '3:11 yaml-tag', 'delete it'),
  one('a tag of a list', `${V}public: !ports [22/tcp]\n`, '2:16 yaml-tag', 'delete it'),
  one('an alias of nothing', trusted('*office'), '3:5 bad-alias', '&office'),
  one('a wildcard that is an alias', trusted('*.example.com'), '3:5 bad-alias', 'wildcard'),
  one('an alias of what it stands in', `${V}public: &a [22/tcp, *a]\n`, '2:21 bad-alias', 'write the entries out'),
  one('merge key', `${V}public: [22/tcp]\ndocker: {<<: {swarm: off}}\n`, '3:10 merge-key', 'write out'),
  one('a key that is a list', with22('? [a, b]\n: c\n'), '3:3 bad-key', 'KEY: VALUE'),
  one('a key that is nothing', with22(': c\n'), '3:1 bad-key', 'KEY: VALUE'),
  one(
    'a key twice',
    `${V}trusted: [192.0.2.1]\npublic: [22/tcp]\ntrusted: [192.0.2.2]\n`,
    '4:1 duplicate-key',
    'line 2',
  ),
  {
    name: 'a bomb of aliases',
    text: bomb(),
    expect: [
      ...[3, 4, 5, 6, 7].map((line) => `${line}:9 wrong-type`),
      '7:45 too-many-aliases',
      ...[8, 9, 10, 11, 12].map((line) => `${line}:9 wrong-type`),
    ],
  },
];

/** Each line stands for ten times the one above. */
function bomb(): string {
  const lines = Array.from({ length: 9 }, (_, at) => `  - &b${at + 1} [${`*b${at}, `.repeat(10)}]\n`);
  return `${V}trusted:\n  - &b0 [${'192.0.2.1, '.repeat(10)}]\n${lines.join('')}`;
}
