import { beforeEach, describe, expect, test } from 'vitest';
import { apply } from '../../../src/cli/commands/apply.ts';
import { down } from '../../../src/cli/commands/down.ts';
import { plan } from '../../../src/cli/commands/plan.ts';
import { status } from '../../../src/cli/commands/status.ts';
import type { FakeTables } from '../../support/fake-tables.ts';
import { FakeMachine } from '../../support/fake-machine.ts';

// The machine's iptables was legacy when Seawall was applied, and is the nft variant since.

const YES = { yes: true } as const;
const BASE = 'version: 1\ntrusted: [203.0.113.7]\npublic: [22/tcp]\nblock: [203.0.113.99]\n';
const FAMILIES = [4, 6] as const;

const move = (from: FakeTables, to: FakeTables): void => {
  to.restore(from.save(), { noflush: false, committed: () => undefined });
  for (const line of ['-F', '-X']) from.call('mangle', line);
};

let machine: FakeMachine;
beforeEach(async () => {
  machine = new FakeMachine(BASE);
  expect((await machine.run(apply, [], YES)).code).toBe(0);
  for (const family of FAMILIES) move(machine.kernel.tables[family], machine.kernel.legacy[family]);
  for (const name of ['ip', 'ip6']) machine.files.put(`/proc/net/${name}_tables_names`, 'filter\nmangle\n');
  machine.changes.length = 0;
});

const ownIn = (variant: 'tables' | 'legacy'): number =>
  FAMILIES.flatMap((family) => machine.kernel[variant][family].chains('mangle')).filter((name) =>
    name.startsWith('SEAWALL-'),
  ).length;
const hooksIn = (variant: 'tables' | 'legacy'): number =>
  FAMILIES.flatMap((family) => machine.kernel[variant][family].rules('mangle', 'PREROUTING')).filter((rule) =>
    rule.includes('SEAWALL-'),
  ).length;

test('status names it: the machine is not open, and apply heals it', async () => {
  const { code, out } = await machine.run(status);
  expect(code).toBe(2);
  expect(out).not.toMatch(/does not stand|in part only/);
  expect(out.split('\n')[0]).toMatch(/old rules are in force in the other variant of iptables\. Heal it/);
  expect(out).toContain('IPv4: no rule of Seawall stands where iptables looks now\n');
  expect(out).toMatch(/IPv6 in legacy iptables: \d+ chains of Seawall are in force there/);
});

test('plan and apply: the new stands first, then the old goes, and the sets stay', async () => {
  const told = (await machine.run(plan)).out;
  expect(told).not.toContain('This closes the machine');
  expect(told).toMatch(/IPv4 in legacy iptables: remove SEAWALL-PRE/);
  const seen: [number, number][] = [];
  const record = machine.kernel.onMoment;
  machine.kernel.onMoment = (moment) => {
    record(moment);
    seen.push([hooksIn('tables'), hooksIn('legacy')]);
  };
  expect((await machine.run(apply, [], YES)).code).toBe(0);
  expect(seen).toEqual([
    [1, 2],
    [2, 2],
    [2, 1],
    [2, 0],
  ]);
  expect([ownIn('tables') > 0, ownIn('legacy')]).toEqual([true, 0]);
  expect((await machine.run(status)).code).toBe(0);
  expect(machine.changes.filter((line) => line.startsWith('ipset'))).toEqual([]);
});

test('with another policy its sets are made beside those that the old rules ask', async () => {
  machine.files.put('/etc/seawall/seawall.yaml', BASE.replace('203.0.113.7', '203.0.113.8').replace('22', '443'));
  const { sets } = machine.kernel;
  const mixed: string[] = [];
  const record = machine.kernel.onMoment;
  machine.kernel.onMoment = (moment) => {
    record(moment);
    if (hooksIn('legacy') > 0 && !sets.get('seawall-trusted4a')?.entries.has('203.0.113.7')) mixed.push(moment.text);
  };
  expect((await machine.run(apply, [], YES)).code).toBe(0);
  expect(mixed).toEqual([]);
  expect((await machine.run(status)).code).toBe(0);
  expect(sets.names().filter((name) => name.startsWith('seawall-trusted4'))).toEqual(['seawall-trusted4b']);
});

test('if the old ones can’t be taken away, all is put back as it was', async () => {
  const before = FAMILIES.map((family) => machine.kernel.legacy[family].save());
  const record = machine.kernel.onMoment;
  let broken = true;
  machine.kernel.onMoment = (moment) => {
    record(moment);
    // The second family's removal finds the tool gone.
    if (broken && moment.tool === 'iptables-legacy-restore') {
      broken = false;
      machine.kernel.others.set('ip6tables-legacy-restore', () => {
        throw new Error('gone');
      });
    }
  };
  await expect(machine.run(apply, [], YES)).rejects.toMatchObject({ message: expect.stringContaining('gone') });
  machine.kernel.others.delete('ip6tables-legacy-restore');
  expect(FAMILIES.map((family) => machine.kernel.legacy[family].save())).toEqual(before);
  expect(ownIn('tables')).toBe(0);
  expect((await machine.run(apply, [], YES)).code).toBe(0);
  expect([hooksIn('tables'), ownIn('legacy')]).toEqual([2, 0]);
});

test('in both at once: the old ones go, nothing else is touched', async () => {
  await machine.run(apply, [], YES);
  const standing = FAMILIES.map((family) => machine.kernel.tables[family].save());
  machine.kernel.legacy[4].restore(
    '*mangle\n:SEAWALL-OLD - [0:0]\n-A SEAWALL-OLD -j DROP\n-A PREROUTING -i eth9 -j SEAWALL-OLD\n-A PREROUTING -j ACCEPT\nCOMMIT\n',
    { noflush: true, committed: () => undefined },
  );
  expect((await machine.run(status)).out).toMatch(
    /IPv4 in legacy iptables: 1 chain of Seawall is in force there; apply removes them/,
  );
  expect((await machine.run(apply, [], YES)).code).toBe(0);
  expect(machine.kernel.legacy[4].rules('mangle', 'PREROUTING')).toEqual(['-j ACCEPT']);
  expect(FAMILIES.map((family) => machine.kernel.tables[family].save())).toEqual(standing);
});

test('a kept plan is not good any more when old rules turn up in the other variant', async () => {
  await machine.run(apply, [], YES);
  machine.files.put('/etc/seawall/seawall.yaml', BASE.replace('22', '443'));
  await machine.run(plan, [], { out: '/root/plan.json' });
  const one = '*mangle\n:SEAWALL-OLD - [0:0]\n-A PREROUTING -j SEAWALL-OLD\nCOMMIT\n';
  machine.kernel.legacy[6].restore(one, { noflush: true, committed: () => undefined });
  const again = machine.run(apply, [], { ...YES, plan: '/root/plan.json' });
  await expect(again).rejects.toMatchObject({ message: expect.stringContaining('was made from another state') });
});

test('down takes away both', async () => {
  expect((await machine.run(down, [], YES)).code).toBe(0);
  expect([ownIn('tables'), ownIn('legacy'), machine.kernel.sets.names()]).toEqual([0, 0, []]);
});

describe('what it costs', () => {
  test('without legacy tables nothing more is run', async () => {
    const other = new FakeMachine(BASE);
    await other.run(apply, [], YES);
    const asked: string[] = [];
    const { exec } = other.kernel;
    Object.assign(other.kernel, {
      exec: (command: Parameters<typeof exec>[0]) => (asked.push(command.file), exec(command)),
    });
    await other.run(apply, [], YES);
    expect(asked.filter((file) => /legacy|-nft/.test(file))).toEqual([]);
    expect(asked).toContain('iptables-save');
  });
});
