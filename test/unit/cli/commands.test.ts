import { beforeEach, describe, expect, test } from 'vitest';
import { apply } from '../../../src/cli/commands/apply.ts';
import { down } from '../../../src/cli/commands/down.ts';
import { block, publicPorts, trust } from '../../../src/cli/commands/lists.ts';
import { plan } from '../../../src/cli/commands/plan.ts';
import { status } from '../../../src/cli/commands/status.ts';
import { readConfig } from '../../../src/config/read.ts';
import { CONFIG, FakeMachine, STATE } from '../../support/fake-machine.ts';

const YES = { yes: true } as const;
const BASE = 'version: 1\n# who may reach everything\ntrusted:\n  - 203.0.113.7 # me\npublic: [22/tcp]\n';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine(BASE);
});

const hosted = (): readonly string[] => machine.kernel.tables[4].rules('mangle', 'SEAWALL-HOST');

describe('from nothing to a wall and back', () => {
  test('plan tells and changes nothing', async () => {
    const { code, out } = await machine.run(plan);
    expect(code).toBe(2);
    expect(out).toContain('This closes the machine');
    expect(machine.changes).toEqual([]);
    expect([...machine.files.contents.keys()].filter((path) => path.startsWith(STATE))).toEqual([]);
  });

  test('apply makes it so, a second one and plan and status have nothing to say', async () => {
    expect((await machine.run(status)).code).toBe(2);
    expect((await machine.run(apply, [], YES)).code).toBe(0);
    expect(hosted().length).toBeGreaterThan(5);
    machine.changes.length = 0;
    expect((await machine.run(apply, [], YES)).err).toBe('Nothing to change: what stands is what the config says.\n');
    expect((await machine.run(plan)).code).toBe(0);
    const { code, out } = await machine.run(status);
    expect([code, out.split('\n')[0]]).toEqual([0, 'Seawall stands, as the config says.']);
    expect(machine.changes).toEqual([]);
  });

  test('down leaves the kernel as it was, and the config', async () => {
    machine.kernel.tables[4].restore(
      '*mangle\n-A PREROUTING -i eth0 -j MARK --set-xmark 0x1/0xffffffff\nCOMMIT\n*nat\n:DOCKER - [0:0]\nCOMMIT\n',
      { noflush: true, committed: () => undefined },
    );
    const before = machine.kernel.tables[4].save();
    await machine.run(apply, [], YES);
    expect((await machine.run(down, [], YES)).code).toBe(0);
    expect(machine.kernel.tables[4].save()).toBe(before);
    expect(machine.kernel.sets.names()).toEqual([]);
    expect(machine.config).toBe(BASE);
    expect(machine.files.contents.has(`${STATE}/down`)).toBe(true);
    expect((await machine.run(down, [], YES)).err).toBe('There was nothing to remove.\n');
    expect((await machine.run(status)).out).toContain('Seawall does not stand');
  });

  test('an apply after down takes its mark away', async () => {
    await machine.run(apply, [], YES);
    await machine.run(down, [], YES);
    await machine.run(apply, [], YES);
    expect(machine.files.contents.has(`${STATE}/down`)).toBe(false);
  });
});

describe('asking', () => {
  test('without a terminal nothing happens unless --yes says that it is meant', async () => {
    for (const command of [apply, down])
      await expect(machine.run(command)).rejects.toMatchObject({
        message: 'there is no terminal to ask at',
        exitCode: 1,
      });
    expect(machine.changes).toEqual([]);
  });

  test('a no changes nothing', async () => {
    machine.answer = false;
    const { code, err } = await machine.run(apply);
    expect([code, machine.changes]).toEqual([1, []]);
    expect(err).toMatch(/Apply this\?\nNothing was changed\.\n$/);
  });

  test('a yes does', async () => {
    machine.answer = true;
    expect((await machine.run(apply)).code).toBe(0);
    expect(hosted()).not.toEqual([]);
  });
});

describe('one entry', () => {
  beforeEach(async () => {
    await machine.run(apply, [], YES);
    machine.changes.length = 0;
  });

  test('more is one swap, and stands in the config, whose comments stay', async () => {
    expect((await machine.run(trust, ['add', '203.0.113.9'], YES)).code).toBe(0);
    expect(machine.config).toContain('- 203.0.113.7 # me\n');
    expect(readConfig(machine.config ?? '').config?.trusted).toHaveLength(2);
    expect(machine.changes.filter((line) => !line.startsWith('ipset '))).toEqual([]);
    expect(machine.changes).toContain('ipset swap seawall-scratch seawall-trusted4a');
    expect((await machine.run(status)).code).toBe(0);
  });

  test('of each list goes in and out again', async () => {
    const rounds = [
      [block, '203.0.113.99'],
      [publicPorts, '8000-8010/tcp'],
      [trust, '2001:db8:9::/48'],
    ] as const;
    const before = machine.kernel.text();
    for (const [command, entry] of rounds) {
      await machine.run(command, ['add', entry], YES);
      expect((await machine.run(command, ['list'])).out).toContain(entry);
      await machine.run(command, ['remove', entry], YES);
      expect((await machine.run(command, ['list'])).out).not.toContain(entry);
    }
    expect(machine.kernel.text()).toBe(before);
  });

  test.each([
    [['add', 'not an address'], 1],
    [['add', '0.0.0.0/0'], 1],
    [['remove', '192.0.2.1'], 1],
    [['add', '203.0.113.7'], 0],
    [['drop', '203.0.113.7'], 1],
    [['add'], 1],
    [[], 1],
  ])('%j changes neither config nor kernel', async (words, expected) => {
    const code = await machine.run(trust, words, YES).then(
      (ended) => ended.code,
      (error: { exitCode?: number }) => error.exitCode,
    );
    expect([code, machine.config, machine.changes]).toEqual([expected, BASE, []]);
  });

  test('that a failing kernel refuses leaves the config as it was', async () => {
    machine.kernel.sets.run('create seawall-scratch hash:net family inet6');
    machine.kernel.tables[4].call('filter', '-A INPUT -m set --match-set seawall-scratch src -j DROP');
    await expect(machine.run(trust, ['add', '203.0.113.9'], YES)).rejects.toMatchObject({
      message: expect.stringContaining('in use by a kernel component') as string,
    });
    expect(machine.config).toBe(BASE);
  });
});

describe('the own session', () => {
  test('is never cut off: exit code 3, nothing changed; --force insists', async () => {
    machine.ssh = { client: '203.0.113.8', port: 2222 };
    await expect(machine.run(apply, [], YES)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining('203.0.113.8') as string,
    });
    expect(machine.changes).toEqual([]);
    expect((await machine.run(apply, [], { ...YES, force: true })).code).toBe(0);
  });

  test('nor is anybody else’s, of which there can be several; who is cut all the same is told', async () => {
    machine.kernel.others.set('ss', () =>
      ['203.0.113.8', '2001:db8::8', '203.0.113.7']
        .map((from, at) => `ESTAB 0 0 [::]:2222 [${from}]:5000 users:(("sshd",pid=70${at},fd=4))\n`)
        .join(''),
    );
    const words = 'the SSH sessions from 203.0.113.8 and 2001:db8::8';
    await expect(machine.run(apply, [], YES)).rejects.toMatchObject({
      exitCode: 3,
      message: `this would cut off ${words}`,
      hint: 'trust those addresses first (seawall trust add 203.0.113.8 2001:db8::8), or insist with --force',
    });
    expect(machine.changes).toEqual([]);
    expect((await machine.run(apply, [], { ...YES, force: true })).err).toContain(`This cuts off ${words}.\n`);
    machine.answer = true;
    machine.files.put(CONFIG, BASE.replace('203.0.113.7', '203.0.113.8'));
    const { err } = await machine.run(apply, [], { force: true });
    expect(err.match(/This cuts off an SSH session, which comes from 203\.0\.113\.7\./g)).toHaveLength(1);
  });

  test('that is to be blocked is told so: to trust it would not help', async () => {
    await machine.run(apply, [], YES);
    machine.ssh = { client: '203.0.113.7', port: 22 };
    await expect(machine.run(block, ['add', '203.0.113.7'], YES)).rejects.toMatchObject({
      exitCode: 3,
      hint: 'keep 203.0.113.7 off the list `block`, which beats `trusted`, or insist with --force',
    });
    expect(machine.config).toBe(BASE);
  });

  test('may be anywhere: at a terminal it is then proposed to undo the change, if it shuts somebody out', async () => {
    machine.files.put('/proc/self/status', 'Name:\tnode\nPid:\t9\nPPid:\t0\nCapEff:\t000001ffffffffff\n');
    machine.files.put('/proc/self/stat', `9 (node) S 0 9 9 ${136 << 8} -1 0`);
    machine.answer = false;
    expect((await machine.run(apply)).err).toMatch(
      /This terminal is neither .*\nApply this, and undo it in 60 s unless it is confirmed\?\n/,
    );
    expect((await machine.run(apply, [], { force: true })).err).toContain('Apply this?\n');
    expect((await machine.run(apply, [], { confirm: '5' })).err).toContain('undo it in 5 s unless');
    await machine.run(apply, [], YES);
    expect((await machine.run(trust, ['add', '203.0.113.9'])).err).toContain('Apply this?\n');
    expect((await machine.run(trust, ['remove', '203.0.113.7'])).err).toContain('undo it in 60 s unless');
    expect((await machine.run(block, ['add', '203.0.113.9'])).err).toContain('undo it in 60 s unless');
  });

  test('may go on where its port is public or its address trusted', async () => {
    machine.ssh = { client: '192.0.2.66', port: 22 };
    expect((await machine.run(apply, [], YES)).code).toBe(0);
    machine.ssh = { client: '203.0.113.7', port: 2222 };
    await expect(machine.run(trust, ['remove', '203.0.113.7'], YES)).rejects.toMatchObject({ exitCode: 3 });
    expect(machine.config).toBe(BASE);
  });
});

describe('open connections', () => {
  const flow = (from: string, port: number): string =>
    `tcp      6 431999 ESTABLISHED src=${from} dst=198.51.100.10 sport=5000 dport=${port} src=198.51.100.10 dst=${from} sport=${port} dport=5000 [ASSURED] mark=0 use=1`;

  test('are nobody’s to be looked for where there are none', async () => {
    const asked: string[] = [];
    machine.kernel.others.set('ss', ({ args }) => String(asked.push(args.join(' '))));
    await machine.run(plan);
    await machine.run(apply, [], YES);
    expect(new Set(asked)).toEqual(new Set(['-H -n -p -t state established state listening']));
    const before = asked.length;
    await machine.run(plan);
    await machine.run(apply, [], YES);
    expect(asked).toHaveLength(before);
  });

  test('of those who lose their right are told by plan and cut by apply, no others', async () => {
    await machine.run(apply, [], YES);
    machine.files.put(CONFIG, BASE.replace('203.0.113.7', '203.0.113.8'));
    machine.flows = [flow('203.0.113.7', 443), flow('203.0.113.7', 22), flow('203.0.113.8', 443)];
    const told = (await machine.run(plan)).out;
    expect(told).toContain('1 open connection\n');
    expect(told).toContain('tcp 203.0.113.7:5000 → 198.51.100.10:443\n');
    machine.kernel.others.set(
      'ss',
      () => 'tcp ESTAB 0 0 198.51.100.10:443 203.0.113.7:5000 users:(("nginx",pid=7,fd=4))\n',
    );
    expect((await machine.run(plan)).out).toContain('tcp 203.0.113.7:5000 → 198.51.100.10:443 (nginx)\n');
    machine.ssh = { client: '203.0.113.7', clientPort: 5000, port: 443 };
    expect((await machine.run(plan)).out).toContain('→ 198.51.100.10:443 (nginx, your own session)\n');
    const answer = JSON.parse((await machine.run(plan, [], { json: true })).out) as { cuts: unknown };
    expect(answer.cuts).toEqual([expect.objectContaining({ port: 443, owner: 'nginx', ownSession: true })]);
    machine.ssh = undefined;
    machine.kernel.others.delete('ss');
    machine.changes.length = 0;
    await machine.run(apply, [], YES);
    const cuts = machine.changes.filter((line) => line.startsWith('conntrack'));
    expect(cuts).toHaveLength(1);
    expect(cuts[0]).toMatch(/203\.0\.113\.7 .*--orig-port-dst 443$/);
    // The rules stand before the cut: what is cut can't come back.
    expect(machine.changes.findIndex((line) => line.includes('swap'))).toBeLessThan(
      machine.changes.findIndex((line) => line.startsWith('conntrack')),
    );
  });
});
