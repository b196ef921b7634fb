import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/effects/failure.ts';
import type { Command, Output } from '../../../src/effects/types.ts';
import { readNftables } from '../../../src/live/nftables.ts';
import { Unavailable } from '../../../src/live/tools.ts';

// What nft may answer besides what it should.

type Said = Partial<Pick<Output, 'outcome' | 'code' | 'stderr'>> & { readonly text?: string };

/** Answers by the last words of the command. */
const nft =
  (answers: Readonly<Record<string, Said>>) =>
  ({ args }: Command): Promise<Output> => {
    const words = args.join(' ');
    const found = Object.entries(answers).find(([end]) => words.endsWith(end))?.[1] ?? {};
    const { outcome = 'exited', code = 0, stderr = '', text = '' } = found;
    return Promise.resolve({ outcome, code, stderr, stdout: Buffer.from(text) });
  };

const table = { table: { family: 'inet', name: 'seawall' } };
const set = (name: string, more: object): object => ({ set: { family: 'inet', table: 'seawall', name, ...more } });
const said = (...objects: object[]): Said => ({ text: JSON.stringify({ nftables: objects }) });
const read = (answers: Readonly<Record<string, Said>>, sets: 'whole' | 'by-name' = 'whole') =>
  readNftables({ exec: nft(answers) }, sets);
const GONE: Said = { code: 1, stderr: 'Error: No such file or directory\nlist table inet seawall' };

describe('nothing of it stands', () => {
  test.each<[string, Record<string, Said>]>([
    ['no table', { 'list ruleset': said() }],
    ['a table of another family', { 'list ruleset': said({ table: { family: 'ip', name: 'seawall' } }) }],
    ['no rules at all', { 'list ruleset': GONE }],
  ])('%s', async (_, answers) => {
    const { nft: own, sets } = await read(answers);
    expect([own?.exists, sets.size]).toEqual([false, 0]);
  });
});

describe('what can’t be read is a failure that says so', () => {
  test.each<[string, Record<string, Said>, RegExp]>([
    ['no JSON', { 'list ruleset': { text: 'table inet seawall {' } }, /what nft prints makes no sense/],
    ['JSON of something else', { 'list ruleset': { text: '{"version": 1}' } }, /what nft prints makes no sense/],
    ['no rights', { 'list ruleset': { code: 1, stderr: 'Operation not permitted (you must be root)' } }, /permitted/],
    [
      'a long set that goes meanwhile',
      {
        'list ruleset': said(table, set('seawall-list4-0123456789ab-24', { type: 'ipv4_addr' })),
        'seawall-list4-0123456789ab-24': GONE,
      },
      /No such file/,
    ],
  ])('%s', async (_, answers, text) => {
    await expect(read(answers)).rejects.toThrow(Failure);
    await expect(read(answers)).rejects.toThrow(text);
  });

  test('nft is not installed: nothing that this backend could do', async () => {
    await expect(read({ 'list ruleset': { outcome: 'missing', code: -1 } })).rejects.toThrow(Unavailable);
  });
});

test('a set that is none of ours in shape is strange, and not taken for empty', async () => {
  const odd = [
    set('seawall-trusted4a', { type: 'ipv4_addr', flags: ['interval'], elem: [{ map: 'of something' }] }),
    set('seawall-public-tcp4a', { type: 'inet_service', flags: ['interval'], elem: ['ssh'] }),
    set('seawall-block4a', { type: 'ifname' }),
  ];
  const { sets } = await read({ 'list ruleset': said(table, ...odd), 'list table inet seawall': said(table, ...odd) });
  expect([...sets.values()].map(({ kind }) => kind)).toEqual(['strange', 'strange', 'strange']);
});

test('by name, a long set is taken at its word only where rules ask it', async () => {
  const long = set('seawall-list4-0123456789ab-24', { type: 'ipv4_addr' });
  const { sets } = await read({ 'list ruleset': said(table, long) }, 'by-name');
  expect([...sets]).toEqual([['seawall-list4-0123456789ab', { kind: 'strange' }]]);
});
