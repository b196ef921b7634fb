import { describe, expect, test } from 'vitest';
import { addEntry, type ListName } from '../../../src/config/edit.ts';

type Row = readonly [name: string, list: ListName, value: string, before: string, after: string];

const V = 'version: 1\n';

const ROWS: readonly Row[] = [
  [
    'below the last entry',
    'trusted',
    '192.0.2.2',
    `${V}trusted:\n  - 192.0.2.1\n`,
    `${V}trusted:\n  - 192.0.2.1\n  - 192.0.2.2\n`,
  ],
  [
    'below a comment behind the last entry, above one below it',
    'trusted',
    '192.0.2.2',
    `${V}trusted: # who\n  - 192.0.2.1   # home\n  # - 192.0.2.9\n\n# ports\npublic: [22/tcp]\n`,
    `${V}trusted: # who\n  - 192.0.2.1   # home\n  - 192.0.2.2\n  # - 192.0.2.9\n\n# ports\npublic: [22/tcp]\n`,
  ],
  [
    'without indentation',
    'trusted',
    '::1:0:0:1',
    `trusted:\n- a.example.com\n${V}`,
    `trusted:\n- a.example.com\n- "::1:0:0:1"\n${V}`,
  ],
  [
    'with the gap of its neighbours',
    'block',
    '192.0.2.2',
    `${V}block:\n    -   192.0.2.1\n`,
    `${V}block:\n    -   192.0.2.1\n    -   192.0.2.2\n`,
  ],
  [
    'behind a value in quotes',
    'trusted',
    '192.0.2.2',
    `${V}trusted:\n  - '192.0.2.1'\n`,
    `${V}trusted:\n  - '192.0.2.1'\n  - 192.0.2.2\n`,
  ],
  [
    'behind a value on a line of its own',
    'trusted',
    '192.0.2.2',
    `${V}trusted:\n  -\n    192.0.2.1\n`,
    `${V}trusted:\n  -\n    192.0.2.1\n  - 192.0.2.2\n`,
  ],
  [
    'behind a block of text',
    'trusted',
    '192.0.2.2',
    `${V}trusted:\n  - >-\n    192.0.2.1\n\nlog: off\n`,
    `${V}trusted:\n  - >-\n    192.0.2.1\n  - 192.0.2.2\n\nlog: off\n`,
  ],
  [
    'behind a file',
    'trusted',
    '192.0.2.2',
    `${V}trusted:\n  - file: a.txt\n`,
    `${V}trusted:\n  - file: a.txt\n  - 192.0.2.2\n`,
  ],
  [
    'with CRLF',
    'trusted',
    '192.0.2.2',
    'version: 1\r\ntrusted:\r\n  - 192.0.2.1\r\nlog: off\r\n',
    'version: 1\r\ntrusted:\r\n  - 192.0.2.1\r\n  - 192.0.2.2\r\nlog: off\r\n',
  ],
  [
    'without a line end at the end',
    'trusted',
    '192.0.2.2',
    `${V}trusted:\n  - 192.0.2.1`,
    `${V}trusted:\n  - 192.0.2.1\n  - 192.0.2.2`,
  ],
  [
    'without a line end at the end, CRLF',
    'trusted',
    '192.0.2.2',
    'version: 1\r\ntrusted:\r\n  - 192.0.2.1',
    'version: 1\r\ntrusted:\r\n  - 192.0.2.1\r\n  - 192.0.2.2',
  ],
  [
    'before a document end',
    'trusted',
    '192.0.2.2',
    `---\n${V}trusted:\n  - 192.0.2.1\n...\n`,
    `---\n${V}trusted:\n  - 192.0.2.1\n  - 192.0.2.2\n...\n`,
  ],
  [
    'with a byte order mark',
    'trusted',
    '192.0.2.2',
    `\uFEFF${V}trusted:\n  - 192.0.2.1\n`,
    `\uFEFF${V}trusted:\n  - 192.0.2.1\n  - 192.0.2.2\n`,
  ],
  [
    'below a key with a question mark',
    'trusted',
    '192.0.2.2',
    `${V}? trusted\n: - 192.0.2.1\n`,
    `${V}? trusted\n: - 192.0.2.1\n  - 192.0.2.2\n`,
  ],
  ['into brackets', 'public', '443/tcp', `${V}public: [22/tcp]  # ports\n`, `${V}public: [22/tcp, 443/tcp]  # ports\n`],
  ['into brackets with spaces', 'public', '443/tcp', `${V}public: [ 22/tcp ]\n`, `${V}public: [ 22/tcp, 443/tcp ]\n`],
  ['before a comma at the end', 'public', '443/tcp', `${V}public: [22/tcp, ]\n`, `${V}public: [22/tcp, 443/tcp, ]\n`],
  ['into empty brackets', 'public', '443/tcp', `${V}public: []\n`, `${V}public: [443/tcp]\n`],
  [
    'into empty brackets with a comment',
    'public',
    '443/tcp',
    `${V}public: [ # none\n  ]\n`,
    `${V}public: [443/tcp # none\n  ]\n`,
  ],
  [
    'into brackets of many lines',
    'public',
    '443/tcp',
    `${V}public: [\n  22/tcp, # ssh\n  80/tcp  # web\n]\n`,
    `${V}public: [\n  22/tcp, # ssh\n  80/tcp,  # web\n  443/tcp\n]\n`,
  ],
  [
    'into brackets of many lines with a comma at the end',
    'public',
    '443/tcp',
    `${V}public: [\n  22/tcp, # ssh\n]\n`,
    `${V}public: [\n  22/tcp, # ssh\n  443/tcp,\n]\n`,
  ],
  [
    'into brackets that close behind the last entry',
    'public',
    '443/tcp',
    `${V}public: [\n  22/tcp,\n  80/tcp]\n`,
    `${V}public: [\n  22/tcp,\n  80/tcp,\n  443/tcp]\n`,
  ],
  [
    'into brackets with several entries a line',
    'public',
    '443/tcp',
    `${V}public: [\n  22/tcp, 80/tcp\n]\n`,
    `${V}public: [\n  22/tcp, 80/tcp, 443/tcp\n]\n`,
  ],
  [
    'into brackets with commas in front',
    'public',
    '443/tcp',
    `${V}public: [ 22/tcp\n  , 80/tcp\n  ]\n`,
    `${V}public: [ 22/tcp\n  , 80/tcp, 443/tcp\n  ]\n`,
  ],
  [
    'where nothing is',
    'trusted',
    '192.0.2.1',
    `${V}trusted:   # nobody yet\n# ports\npublic: [22/tcp]\n`,
    `${V}trusted:   # nobody yet\n  - 192.0.2.1\n# ports\npublic: [22/tcp]\n`,
  ],
  ['where nothing is at the end', 'trusted', '192.0.2.1', `${V}trusted:`, `${V}trusted:\n  - 192.0.2.1`],
  ['in place of null', 'trusted', '192.0.2.1', `${V}trusted: null # nobody\n`, `${V}trusted: [192.0.2.1] # nobody\n`],
  ['in place of a tilde', 'trusted', '192.0.2.1', `${V}trusted: ~\n`, `${V}trusted: [192.0.2.1]\n`],
  [
    'a list that is not there',
    'trusted',
    '192.0.2.1',
    `${V}\npublic: [22/tcp]\n`,
    `${V}trusted:\n  - 192.0.2.1\n\npublic: [22/tcp]\n`,
  ],
  [
    'a list below the keys before it',
    'block',
    '192.0.2.1',
    `${V}allow:\n  - {from: [192.0.2.7], to: [1/tcp]}\n  # - more\n# log\nlog: off\n`,
    `${V}allow:\n  - {from: [192.0.2.7], to: [1/tcp]}\n  # - more\nblock:\n  - 192.0.2.1\n# log\nlog: off\n`,
  ],
  [
    'a list as the other lists are',
    'public',
    '22/tcp',
    `${V}trusted:\n- 192.0.2.1\n`,
    `${V}trusted:\n- 192.0.2.1\npublic:\n- 22/tcp\n`,
  ],
  ['a list at the end', 'public', '22/tcp', 'version: 1', 'version: 1\npublic:\n  - 22/tcp'],
  [
    'a list below an empty key',
    'public',
    '22/tcp',
    `${V}trusted: # nobody\nlog: off\n`,
    `${V}trusted: # nobody\npublic:\n  - 22/tcp\nlog: off\n`,
  ],
  ['a list below an empty key at the end', 'public', '22/tcp', `${V}trusted:`, `${V}trusted:\npublic:\n  - 22/tcp`],
  [
    'a list with indented keys',
    'public',
    '22/tcp',
    '  version: 1\r\n  trusted:\r\n  - 192.0.2.1\r\n',
    '  version: 1\r\n  trusted:\r\n  - 192.0.2.1\r\n  public:\r\n  - 22/tcp\r\n',
  ],
  [
    'into braces',
    'trusted',
    '192.0.2.1',
    '{version: 1, public: [22/tcp]}\n',
    '{version: 1, public: [22/tcp], trusted: [192.0.2.1]}\n',
  ],
  [
    'into a list in braces',
    'trusted',
    '192.0.2.2',
    '{version: 1, trusted: [192.0.2.1]}\n',
    '{version: 1, trusted: [192.0.2.1, 192.0.2.2]}\n',
  ],
  [
    'where nothing is in braces',
    'trusted',
    '192.0.2.1',
    '{version: 1, trusted: , log: off}\n',
    '{version: 1, trusted: [192.0.2.1] , log: off}\n',
  ],
  [
    'to a key without a colon in braces',
    'trusted',
    '192.0.2.1',
    '{version: 1, trusted}\n',
    '{version: 1, trusted: [192.0.2.1]}\n',
  ],
  [
    'braces of many lines',
    'public',
    '22/tcp',
    '{\n  "version": 1,\n  "trusted": ["192.0.2.1"]\n}\n',
    '{\n  "version": 1,\n  "trusted": ["192.0.2.1"],\n  public: [22/tcp]\n}\n',
  ],
  [
    'in canonical form',
    'trusted',
    '2001:DB8:0:0::1',
    `${V}trusted: [192.0.2.1]\n`,
    `${V}trusted: [192.0.2.1, 2001:db8::1]\n`,
  ],
  ['a port in capitals', 'public', '53/UDP', `${V}public: [22/tcp]\n`, `${V}public: [22/tcp, 53/udp]\n`],
  [
    'an address with a colon at its end',
    'trusted',
    '2001:db8::',
    `${V}trusted: [192.0.2.1]\n`,
    `${V}trusted: [192.0.2.1, "2001:db8::"]\n`,
  ],
  [
    'a name in capitals',
    'trusted',
    'Office.Example.COM.',
    `${V}trusted: [192.0.2.1]\n`,
    `${V}trusted: [192.0.2.1, office.example.com]\n`,
  ],
  [
    'a name that is null to YAML',
    'trusted',
    'null',
    `${V}trusted: [192.0.2.1]\n`,
    `${V}trusted: [192.0.2.1, "null"]\n`,
  ],
  [
    'a file',
    'trusted',
    'file:lists/a.txt',
    `${V}trusted: [192.0.2.1]\n`,
    `${V}trusted: [192.0.2.1, {file: lists/a.txt}]\n`,
  ],
  [
    'a file with YAML in its name',
    'block',
    'file: a, b: [#]}.txt',
    `${V}block: [192.0.2.1]\n`,
    `${V}block: [192.0.2.1, {file: "a, b: [#]}.txt"}]\n`,
  ],
  [
    'a wider prefix than one that is there',
    'trusted',
    '192.0.2.0/24',
    `${V}trusted: [192.0.2.1]\n`,
    `${V}trusted: [192.0.2.1, 192.0.2.0/24]\n`,
  ],
];

describe('adding an entry changes nothing else', () => {
  test.each(ROWS)('%s', (_, list, value, before, after) => {
    expect(addEntry(before, list, value)).toMatchObject({ kind: 'changed', text: after });
  });
});

describe('what is there already is not added', () => {
  test.each([
    ['trusted', '192.0.2.1/32', 'trusted: [192.0.2.1]', '192.0.2.1 is trusted already: see line 2'],
    [
      'trusted',
      '192.0.2.1',
      'trusted: [192.0.2.0/24]',
      '192.0.2.1 is trusted already: 192.0.2.0/24 in line 2 covers it',
    ],
    ['trusted', '2001:DB8::1', 'trusted: [2001:db8:0::1]', '2001:db8::1 is trusted already: see line 2'],
    ['trusted', 'A.example.com.', 'trusted: [a.example.com]', 'a.example.com is trusted already: see line 2'],
    ['trusted', 'file:a.txt', 'trusted: [{file: a.txt}]', '{file: a.txt} is trusted already: see line 2'],
    ['block', '192.0.2.1', 'block: [192.0.2.0/24]', '192.0.2.1 is blocked already: 192.0.2.0/24 in line 2 covers it'],
    ['public', '8005/tcp', 'public: [8000-8010/tcp]', '8005/tcp is public already: 8000-8010/tcp in line 2 covers it'],
  ] as const)('%s add %s', (list, value, text, reason) => {
    expect(addEntry(`${V}${text}\n`, list, value)).toEqual({ kind: 'unchanged', reason });
  });
});

describe('what is no entry is refused with the way out', () => {
  const text = `${V}trusted: [192.0.2.1]\nblock: [192.0.2.9]\npublic: [22/tcp]\n`;
  test.each([
    ['trusted', '10.0.0.5/24', 'bits set below', 'write 10.0.0.0/24'],
    ['trusted', '0.0.0.0/0', 'everyone', 'public'],
    ['trusted', 'any', 'everyone', 'public'],
    ['trusted', '', 'empty', 'delete'],
    ['trusted', '192.0.2.2]\npublic: [1-65535/tcp', 'white space', 'write an address'],
    ['trusted', '192.0.2.2 # x', 'white space', 'write an address'],
    ['trusted', '&a 192.0.2.2', 'white space', 'write an address'],
    ['trusted', '{file: x}', 'white space', 'write an address'],
    ['trusted', 'file:', 'path is empty', 'lists/'],
    ['trusted', 'file:a\nb', 'control character', 'without it'],
    ['block', 'evil.example.com', 'is a name', 'addresses'],
    ['public', '22', 'tcp or udp', 'write 22/tcp'],
    ['public', '22/tcp, 443/tcp', 'not a port', 'one entry for each'],
  ] as const)('%s add %j', (list, value, problem, hint) => {
    const edit = addEntry(text, list, value);
    expect(edit).toMatchObject({ kind: 'refused' });
    expect(edit).toHaveProperty('problem', expect.stringContaining(problem));
    expect(edit).toHaveProperty('hint', expect.stringContaining(hint));
  });

  test('a config with errors is not edited', () => {
    const edit = addEntry(`${V}trusted: [10.1]\n`, 'trusted', '192.0.2.1');
    expect(edit).toMatchObject({ kind: 'refused', hint: 'write 10.0.0.1' });
    expect(edit).toHaveProperty('problem', expect.stringContaining('line 2, column 11'));
  });

  test('an entry that completes everyone', () => {
    const edit = addEntry(`${V}trusted: [0.0.0.0/1]\n`, 'trusted', '128.0.0.0/1');
    expect(edit).toMatchObject({ kind: 'refused', hint: expect.stringContaining('public') as string });
  });

  test.each([
    ['a list that stands elsewhere, too', `${V}trusted: &a [192.0.2.1]\nallow: [{from: *a, to: [1/tcp]}]\n`],
    ['a list that is an alias', `${V}allow: [{from: &a [192.0.2.1], to: [1/tcp]}]\ntrusted: *a\n`],
  ])('%s', (_, shared) => {
    expect(addEntry(shared, 'trusted', '192.0.2.2')).toMatchObject({ kind: 'refused', hint: 'edit the file by hand' });
  });
});

test('a new entry that a warning is about comes with a note', () => {
  const blocked = addEntry(`${V}trusted: [192.0.2.1]\nblock: [192.0.2.9]\n`, 'trusted', '192.0.2.9');
  expect(blocked).toMatchObject({ kind: 'changed', note: expect.stringContaining('has no effect') as string });
  expect(addEntry(`${V}trusted: [192.0.2.1]\n`, 'trusted', '192.0.2.2')).not.toHaveProperty('note');
});
