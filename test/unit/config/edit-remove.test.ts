import { describe, expect, test } from 'vitest';
import { removeEntry } from '../../../src/config/edit.ts';
import { BLOCK } from './edit-cases/remove-block.ts';
import { FLOW } from './edit-cases/remove-flow.ts';
import { V } from './edit-cases/row.ts';

describe('removing an entry changes nothing else', () => {
  test.each([...BLOCK, ...FLOW])('%s', (_, list, value, before, after) => {
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

  test('of two that are as near, the one of the same protocol', () => {
    const edit = removeEntry(`${V}public: [24/udp, 22/tcp]\n`, 'public', '23/tcp');
    expect(edit).toMatchObject({ hint: 'the nearest is 22/tcp in line 2' });
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
