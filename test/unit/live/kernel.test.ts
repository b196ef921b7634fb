import { describe, expect, test } from 'vitest';
import type { Command } from '../../../src/effects/types.ts';
import { execute } from '../../../src/apply/execute.ts';
import { readKernel } from '../../../src/live/kernel.ts';
import { toolFailure } from '../../../src/live/tools.ts';
import { makePlan } from '../../../src/plan/plan.ts';
import { FakeKernel } from '../../support/fake-kernel.ts';
import { list, policy } from '../../support/machine.ts';

const made = policy(
  'trusted: [203.0.113.7, {file: a}]\npublic: [22/tcp]\nallow: [{from: [10.9.0.0/16], to: [9100/tcp]}]',
  {
    lists: new Map([['a', list('192.0.2.0/24', '2001:db8::/32')]]),
  },
);

async function kernel(): Promise<FakeKernel> {
  const fake = new FakeKernel();
  await execute(fake, makePlan(made, await readKernel(fake, 'whole')).steps);
  return fake;
}

test('an empty kernel has no table, no set', async () => {
  const live = await readKernel(new FakeKernel(), 'whole');
  expect([live.tables[4].exists, live.tables[6].exists, live.tables[4].hooks, live.sets.size]).toEqual([
    false,
    false,
    [],
    0,
  ]);
});

test('both ways of reading find the same sets; those that are named by their content are read only if asked', async () => {
  const fake = await kernel();
  const [whole, byName] = [await readKernel(fake, 'whole'), await readKernel(fake, 'by-name')];
  expect([...byName.sets.keys()].toSorted()).toEqual([...whole.sets.keys()].toSorted());
  for (const [name, set] of byName.sets) {
    if (/-[0-9a-f]{12}$/.test(name)) expect(set).toEqual({ kind: 'unread' });
    else expect(set).toEqual(whole.sets.get(name));
  }
  expect([...byName.sets.values()].filter(({ kind }) => kind === 'unread').length).toBeGreaterThan(3);
});

test('packets that own rules dropped are counted, those of others are not', async () => {
  const fake = await kernel();
  fake.tables[4].restore('*mangle\n-A INPUT -j DROP\nCOMMIT\n', { noflush: true, committed: () => undefined });
  const drops = fake.tables[4]
    .save()
    .split('\n')
    .filter((line) => line.startsWith('-A SEAWALL-') && line.endsWith('-j DROP'));
  // The fake counts seven packets for each rule.
  expect((await readKernel(fake, 'by-name')).tables[4].dropped).toBe(7 * drops.length);
});

test('by name, an unread list costs no reading', async () => {
  const fake = await kernel();
  const asked: string[] = [];
  const exec = (command: Command) => {
    asked.push([command.file, ...command.args, ...(command.input ?? [])].join(' '));
    return fake.exec(command);
  };
  await readKernel({ exec }, 'by-name');
  expect(asked.filter((line) => line.startsWith('ipset') && line.includes('list4-'))).toEqual([]);
  expect(asked).not.toContain('ipset save');
});

test('only mangle tables that exist are read: asking for one that does not would make it', async () => {
  const asked: string[] = [];
  const fake = new FakeKernel();
  const exec: typeof fake.exec = (command) => (
    asked.push([command.file, ...command.args].join(' ')),
    fake.exec(command)
  );
  await readKernel({ exec }, 'whole');
  expect(asked.filter((words) => /^ip6?tables.* -t/.test(words))).toEqual([]);
});

describe('a tool that fails is explained', () => {
  const failure = (file: string, stderr: string) =>
    toolFailure(
      { file, args: [] },
      { outcome: 'exited', code: 1, stdout: Buffer.alloc(0), stderr },
      'changing the rules',
    );

  test.each<[string, string, RegExp]>([
    [
      'no rights',
      'iptables v1.8.9: Could not fetch rule set generation id: Permission denied (you must be root)',
      /root/,
    ],
    [
      'ipset in use',
      'ipset v7.17: Set cannot be destroyed: it is in use by a kernel component',
      /iptables-save \| grep seawall-/,
    ],
    ['a module', "iptables-restore v1.8.9: Couldn't load match `set':No such file or directory", /seawall doctor/],
    [
      'the lock',
      'Another app is currently holding the xtables lock. Perhaps you want to use the -w option?',
      /another program/,
    ],
    ['anything else', 'iptables-restore: line 7 failed', /seawall doctor/],
  ])('%s', (_name, stderr, hint) => {
    const { message, hint: way, exitCode } = failure('iptables-restore', stderr);
    expect(message).toContain(stderr);
    expect(way).toMatch(hint);
    expect(exitCode).toBe(1);
  });

  test('one that is missing, one that hangs, one that says nothing', () => {
    const output = { code: -1, stdout: Buffer.alloc(0), stderr: '' };
    expect(
      toolFailure({ file: 'ipset', args: [] }, { ...output, outcome: 'missing' }, 'filling the sets'),
    ).toMatchObject({ message: 'filling the sets: ipset is not installed', hint: 'install it: apt-get install ipset' });
    expect(toolFailure({ file: 'ipset', args: [] }, { ...output, outcome: 'timed-out' }, 'x').message).toContain(
      'did not finish in time',
    );
    expect(failure('ipset', '').message).toBe('changing the rules: ipset says: exit code 1');
  });
});
