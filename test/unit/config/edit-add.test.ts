import { describe, expect, test } from 'vitest';
import { addEntry } from '../../../src/config/edit.ts';
import { BLOCK } from './edit-cases/add-block.ts';
import { FLOW } from './edit-cases/add-flow.ts';
import { V } from './edit-cases/row.ts';

describe('adding an entry changes nothing else', () => {
  test.each([...BLOCK, ...FLOW])('%s', (_, list, value, before, after) => {
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
