import { describe, expect, test } from 'vitest';
import { removeEntry, type ListName } from '../../../src/config/edit.ts';

type Row = readonly [name: string, list: ListName, value: string, before: string, after: string];

const V = 'version: 1\n';

const ROWS: readonly Row[] = [
  [
    'a line and its comment',
    'trusted',
    '192.0.2.1',
    `${V}trusted:\n  # home\n  - 192.0.2.1   # mine\n  - 192.0.2.2 # other\n`,
    `${V}trusted:\n  # home\n  - 192.0.2.2 # other\n`,
  ],
  [
    'the last line',
    'trusted',
    '192.0.2.2',
    `${V}trusted:\n  - 192.0.2.1\n  - 192.0.2.2\n\nlog: off\n`,
    `${V}trusted:\n  - 192.0.2.1\n\nlog: off\n`,
  ],
  [
    'the last line, without a line end',
    'trusted',
    '192.0.2.2',
    `${V}trusted:\n  - 192.0.2.1\n  - 192.0.2.2`,
    `${V}trusted:\n  - 192.0.2.1`,
  ],
  [
    'the last line, without a line end, CRLF',
    'trusted',
    '192.0.2.2',
    'version: 1\r\ntrusted:\r\n  - 192.0.2.1\r\n  - 192.0.2.2',
    'version: 1\r\ntrusted:\r\n  - 192.0.2.1',
  ],
  [
    'a line with CRLF',
    'trusted',
    '192.0.2.1',
    'version: 1\r\ntrusted:\r\n  - 192.0.2.1\r\n  - 192.0.2.2\r\n',
    'version: 1\r\ntrusted:\r\n  - 192.0.2.2\r\n',
  ],
  [
    'an entry of two lines',
    'trusted',
    '192.0.2.1',
    `${V}trusted:\n  - # home\n    192.0.2.1\n  - 192.0.2.2\n`,
    `${V}trusted:\n  - 192.0.2.2\n`,
  ],
  [
    'the only line',
    'trusted',
    '192.0.2.1',
    `${V}trusted:   # who\n  # home\n  - 192.0.2.1 # mine\nlog: off\n`,
    `${V}trusted: []   # who\n  # home\nlog: off\n`,
  ],
  ['the only line, without a line end', 'trusted', '192.0.2.1', `${V}trusted:\n- 192.0.2.1`, `${V}trusted: []`],
  ['the only entry', 'public', '22/tcp', `${V}public: [22/tcp] # ssh\n`, `${V}public: [] # ssh\n`],
  ['the only entry of many lines', 'public', '22/tcp', `${V}public: [\n  22/tcp, # ssh\n]\n`, `${V}public: []\n`],
  [
    'the only entry, but not the only comment',
    'public',
    '22/tcp',
    `${V}public: [\n  # none\n  22/tcp, # ssh\n]\n`,
    `${V}public: [\n  # none\n]\n`,
  ],
  [
    'the first of several',
    'public',
    '22/tcp',
    `${V}public: [22/tcp, 80/tcp, 443/tcp]\n`,
    `${V}public: [80/tcp, 443/tcp]\n`,
  ],
  [
    'one in the middle',
    'public',
    '80/tcp',
    `${V}public: [22/tcp, 80/tcp, 443/tcp]\n`,
    `${V}public: [22/tcp, 443/tcp]\n`,
  ],
  [
    'the last of several',
    'public',
    '443/tcp',
    `${V}public: [22/tcp, 80/tcp, 443/tcp ]\n`,
    `${V}public: [22/tcp, 80/tcp ]\n`,
  ],
  ['the last before a comma', 'public', '80/tcp', `${V}public: [22/tcp, 80/tcp,]\n`, `${V}public: [22/tcp,]\n`],
  [
    'a line of brackets',
    'public',
    '80/tcp',
    `${V}public: [\n  22/tcp, # ssh\n  80/tcp, # web\n  443/tcp # web\n]\n`,
    `${V}public: [\n  22/tcp, # ssh\n  443/tcp # web\n]\n`,
  ],
  [
    'the last line of brackets',
    'public',
    '443/tcp',
    `${V}public: [\n  22/tcp, # ssh\n  443/tcp # web\n]\n`,
    `${V}public: [\n  22/tcp # ssh\n]\n`,
  ],
  [
    'the last line of brackets with a comma',
    'public',
    '443/tcp',
    `${V}public: [\n  22/tcp, # ssh\n  443/tcp, # web\n]\n`,
    `${V}public: [\n  22/tcp, # ssh\n]\n`,
  ],
  [
    'the last line, which closes the brackets',
    'public',
    '443/tcp',
    `${V}public: [\n  22/tcp, # ssh\n  443/tcp]\n`,
    `${V}public: [\n  22/tcp # ssh\n  ]\n`,
  ],
  [
    'the first of a line',
    'public',
    '22/tcp',
    `${V}public: [\n  22/tcp, 80/tcp,\n  443/tcp\n]\n`,
    `${V}public: [\n  80/tcp,\n  443/tcp\n]\n`,
  ],
  [
    'the last of a line',
    'public',
    '80/tcp',
    `${V}public: [\n  22/tcp, 80/tcp,\n  443/tcp\n]\n`,
    `${V}public: [\n  22/tcp,\n  443/tcp\n]\n`,
  ],
  [
    'the entry behind a comment',
    'public',
    '80/tcp',
    `${V}public: [22/tcp, # ssh\n  80/tcp, 443/tcp]\n`,
    `${V}public: [22/tcp, # ssh\n  443/tcp]\n`,
  ],
  [
    'one with its comma in front',
    'public',
    '80/tcp',
    `${V}public: [ 22/tcp\n  , 80/tcp\n  , 443/tcp\n  ]\n`,
    `${V}public: [ 22/tcp\n  , 443/tcp\n  ]\n`,
  ],
  [
    'by meaning: a length',
    'trusted',
    '192.0.2.1',
    `${V}trusted: [192.0.2.1/32, 192.0.2.2]\n`,
    `${V}trusted: [192.0.2.2]\n`,
  ],
  [
    'by meaning: IPv6',
    'trusted',
    '2001:db8::1',
    `${V}trusted: ['2001:DB8:0:0::1', 192.0.2.2]\n`,
    `${V}trusted: [192.0.2.2]\n`,
  ],
  [
    'by meaning: a name',
    'trusted',
    'a.example.com',
    `${V}trusted: [A.Example.com., 192.0.2.2]\n`,
    `${V}trusted: [192.0.2.2]\n`,
  ],
  ['by meaning: a port', 'public', '22/tcp', `${V}public: [22-22/TCP, 80/tcp]\n`, `${V}public: [80/tcp]\n`],
  [
    'by meaning: twice',
    'trusted',
    '192.0.2.1',
    `${V}trusted: [192.0.2.1, 192.0.2.2, 192.0.2.1/32]\n`,
    `${V}trusted: [192.0.2.2]\n`,
  ],
  [
    'a file',
    'trusted',
    'file:a.txt',
    `${V}trusted:\n  - {file: a.txt} # them\n  - 192.0.2.2\n`,
    `${V}trusted:\n  - 192.0.2.2\n`,
  ],
  ['from braces', 'public', '22/tcp', '{version: 1, public: [22/tcp, 80/tcp]}', '{version: 1, public: [80/tcp]}'],
];

describe('removing an entry changes nothing else', () => {
  test.each(ROWS)('%s', (_, list, value, before, after) => {
    expect(removeEntry(before, list, value)).toMatchObject({ kind: 'changed', text: after });
  });
});

describe('what is not there is not removed, and the way out is said', () => {
  const lists = `${V}trusted:\n  - 10.0.0.0/8\n  - 192.0.2.1\n  - a.example.com\nblock: [203.0.113.0/24]\npublic: [22/tcp, 8000-8010/tcp]\n`;
  test.each([
    [
      'trusted',
      '10.1.0.0/16',
      '10.1.0.0/16 is only part of 10.0.0.0/8 in line 3',
      'block 10.1.0.0/16, which comes before trusted, or replace 10.0.0.0/8',
    ],
    ['trusted', '192.0.2.3', '192.0.2.3 is not in trusted', 'the nearest is 192.0.2.1 in line 4'],
    ['trusted', 'b.example.com', 'b.example.com is not in trusted', 'the nearest is a.example.com in line 5'],
    ['trusted', '2001:db8::1', '2001:db8::1 is not in trusted', 'trusted has no such entries'],
    [
      'block',
      '203.0.113.9',
      '203.0.113.9 is only part of 203.0.113.0/24 in line 6',
      'replace 203.0.113.0/24 with the parts of it that are to stay',
    ],
    [
      'public',
      '8005/tcp',
      '8005/tcp is only part of 8000-8010/tcp in line 7',
      'replace 8000-8010/tcp with 8000-8004/tcp and 8006-8010/tcp',
    ],
    [
      'public',
      '8000/tcp',
      '8000/tcp is only part of 8000-8010/tcp in line 7',
      'replace 8000-8010/tcp with 8001-8010/tcp',
    ],
    ['public', '22/udp', '22/udp is not in public', 'the nearest is 22/tcp in line 7'],
    ['public', '8010-8020/tcp', '8010-8020/tcp is not in public', 'the nearest is 8000-8010/tcp in line 7'],
  ] as const)('%s remove %s', (list, value, problem, hint) => {
    expect(removeEntry(lists, list, value)).toEqual({ kind: 'refused', problem, hint });
  });

  test('an address that a list in a file may hold', () => {
    const edit = removeEntry(`${V}trusted: [{file: a.txt}]\n`, 'trusted', '192.0.2.1');
    expect(edit).toMatchObject({ hint: 'if it stands in the list {file: a.txt} in line 2, remove it there' });
  });

  test.each([
    ['a config with errors', `${V}trusted: [10.1]\n`, 'write 10.0.0.1'],
    ['an anchor that is used elsewhere', `${V}trusted: [&a 192.0.2.1]\nblock: [*a]\n`, 'edit the file by hand'],
    ['a list that is an alias', `${V}block: &a [192.0.2.1]\ntrusted: *a\n`, 'edit the file by hand'],
    ['a list that shares its line', `${V}? trusted\n: - 192.0.2.1\n  - 192.0.2.2\n`, 'edit the file by hand'],
  ])('%s', (_, text, hint) => {
    expect(removeEntry(text, 'trusted', '192.0.2.1')).toMatchObject({ kind: 'refused', hint });
  });
});

test('an entry that another one still covers is removed with a note', () => {
  const edit = removeEntry(`${V}trusted: [10.0.0.0/8, 10.1.0.0/16]\n`, 'trusted', '10.1.0.0/16');
  expect(edit).toEqual({
    kind: 'changed',
    text: `${V}trusted: [10.0.0.0/8]\n`,
    note: '10.1.0.0/16 is still part of 10.0.0.0/8',
  });
});
