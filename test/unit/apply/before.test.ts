import { beforeEach, describe, expect, test } from 'vitest';
import { rememberBefore, restoreBefore } from '../../../src/apply/before.ts';
import { statePaths } from '../../../src/apply/state.ts';
import type { Command, Output } from '../../../src/effects/types.ts';
import type { LiveState } from '../../../src/plan/live-state.ts';
import { FakeClock, FakeFiles } from '../../support/fake-effects.ts';
import { nothingStanding } from '../../support/machine.ts';

const PATHS = statePaths('/var/lib/seawall');

let files: FakeFiles;
/** The tables of nft as JSON, by `ip mangle`; what is not here is no table. */
let tables: Record<string, unknown[]>;
let deleted: string[];

beforeEach(() => {
  files = new FakeFiles(new FakeClock());
  tables = {};
  deleted = [];
});

const exec = ({ file, args, input }: Command): Promise<Output> => {
  const said = (code: number, stdout = ''): Promise<Output> =>
    Promise.resolve({ outcome: 'exited', code, stdout: Buffer.from(stdout), stderr: '' });
  if (file !== 'nft') return said(1);
  if (args[0] === '-f') {
    deleted.push([...(input ?? [])].join(''));
    return said(0);
  }
  const table = tables[args.slice(-2).join(' ')];
  return table ? said(0, JSON.stringify({ nftables: table })) : said(1);
};

const META = { metainfo: { version: '1.0.6', json_schema_version: 1 } };
const TABLE = { table: { family: 'ip', name: 'mangle', handle: 1 } };
const chain = (name: string, policy = 'accept') => ({
  chain: { family: 'ip', table: 'mangle', name, type: 'filter', hook: 'input', prio: -150, policy },
});

async function live(exists: boolean): Promise<LiveState> {
  const nothing = await nothingStanding();
  return { ...nothing, tables: { 4: { ...nothing.tables[4], exists }, 6: { ...nothing.tables[6], exists: true } } };
}

async function remembered(exists: boolean): Promise<void> {
  await rememberBefore({ files }, PATHS, await live(exists));
}

test('what was noted first holds, whoever flushed what meanwhile', async () => {
  await remembered(true);
  await remembered(false);
  tables['ip mangle'] = [META, TABLE, chain('INPUT')];
  await restoreBefore({ exec, files }, PATHS);
  expect(deleted).toEqual([]);
});

test('a table that came with the first apply goes, chain by chain', async () => {
  await remembered(false);
  tables['ip mangle'] = [META, TABLE, chain('PREROUTING'), chain('FORWARD')];
  await restoreBefore({ exec, files }, PATHS);
  expect(deleted).toEqual([
    'delete chain ip mangle PREROUTING\ndelete chain ip mangle FORWARD\ndelete table ip mangle\n',
  ]);
  expect(files.contents.has(PATHS.before)).toBe(false);
});

describe('a table stays', () => {
  test.each<[string, unknown[]]>([
    [
      'that somebody else put a rule into',
      [META, TABLE, chain('INPUT'), { rule: { family: 'ip', table: 'mangle', chain: 'INPUT', handle: 9, expr: [] } }],
    ],
    [
      'that has a chain of somebody else',
      [META, TABLE, chain('INPUT'), { chain: { family: 'ip', table: 'mangle', name: 'OTHERS' } }],
    ],
    ['whose policy somebody changed', [META, TABLE, chain('INPUT', 'drop')]],
    ['that has a set', [META, TABLE, { set: { family: 'ip', table: 'mangle', name: 'x' } }]],
  ])('%s', async (_name, parts) => {
    await remembered(false);
    tables['ip mangle'] = parts;
    await restoreBefore({ exec, files }, PATHS);
    expect(deleted).toEqual([]);
  });

  test('where nothing is known of before, or there is no nft', async () => {
    tables['ip mangle'] = [META, TABLE, chain('INPUT')];
    await restoreBefore({ exec, files }, PATHS);
    await remembered(false);
    tables = {};
    await restoreBefore({ exec, files }, PATHS);
    expect(deleted).toEqual([]);
  });
});
