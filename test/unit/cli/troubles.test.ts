import { beforeEach, describe, expect, test } from 'vitest';
import { apply } from '../../../src/cli/commands/apply.ts';
import { init } from '../../../src/cli/commands/init.ts';
import { status } from '../../../src/cli/commands/status.ts';
import { readConfig } from '../../../src/config/read.ts';
import { CONFIG, FakeMachine, STATE } from '../../support/fake-machine.ts';

const YES = { yes: true } as const;
const BASE = 'version: 1\ntrusted: [203.0.113.7]\npublic: [22/tcp]\n';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine(BASE);
});

describe('what went wrong before', () => {
  test('a first apply that fails half-way leaves everything as it was', async () => {
    machine.kernel.sets.run('create seawall-list4-000000000000 hash:net');
    const broken = machine.kernel.exec;
    const exec: typeof broken = (command) =>
      command.file === 'ip6tables-restore'
        ? Promise.resolve({ outcome: 'exited', code: 1, stdout: Buffer.alloc(0), stderr: 'line 7 failed' })
        : broken(command);
    Object.assign(machine.kernel, { exec });
    await expect(machine.run(apply, [], YES)).rejects.toMatchObject({
      message: 'changing the rules: ip6tables-restore says: line 7 failed; what was changed until then was put back',
      exitCode: 4,
    });
    expect(machine.kernel.text()).not.toContain('SEAWALL-');
    expect(machine.kernel.sets.names()).toEqual(['seawall-list4-000000000000']);
    for (const file of ['boot/current', 'before.json', 'journal'])
      expect(machine.files.contents.has(`${STATE}/${file}`)).toBe(false);
  });

  test('drift is told by status and healed by apply', async () => {
    await machine.run(apply, [], YES);
    machine.kernel.sets.run('add seawall-trusted4a 0.0.0.0/1');
    machine.kernel.tables[6].call('mangle', '-F PREROUTING');
    const { code, out } = await machine.run(status);
    expect(code).toBe(2);
    expect(out).toContain('Seawall stands in part only');
    expect(out).toContain('trusted: 0.0.0.0/1');
    await machine.run(apply, [], YES);
    expect((await machine.run(status)).code).toBe(0);
  });

  test('a config with errors changes nothing, and all of them are shown', async () => {
    machine.files.put(CONFIG, 'version: 1\ntrusted: [10.0.0.5/24, 010.0.0.1]\nlgo: off\n');
    const error = await machine.run(apply, [], YES).catch((failure: Error) => failure.message);
    expect(error).toContain(`${CONFIG}:2:11: error:`);
    expect(error).toContain(`${CONFIG}:2:24: error:`);
    expect(error).toContain(`${CONFIG}:3:1: error:`);
    expect(machine.changes).toEqual([]);
  });

  test('without rights the kernel is not touched', async () => {
    machine.files.put('/proc/self/status', 'CapEff:\t0000000000001000\n');
    await expect(machine.run(apply, [], YES)).rejects.toMatchObject({ message: 'the capability NET_RAW is missing' });
    expect(machine.changes).toEqual([]);
  });
});

describe('init', () => {
  test('writes a config that trusts the own session and opens nothing', async () => {
    machine = new FakeMachine();
    machine.ssh = { client: '203.0.113.7', port: 22 };
    machine.docker = {
      ...machine.docker,
      '/containers/json': [{ Names: ['/web\n- 0.0.0.0/0'], Ports: [{ IP: '0.0.0.0', PublicPort: 8080, Type: 'tcp' }] }],
    };
    expect((await machine.run(init)).code).toBe(0);
    const { config, problems } = readConfig(machine.config ?? '');
    expect([config?.trusted.length, config?.public.length, problems]).toEqual([1, 0, []]);
    expect(machine.config).toContain('#   8080/tcp  container web?- 0.0.0.0/0');
    expect((await machine.run(apply, [], YES)).code).toBe(0);
  });

  test('never overwrites one', async () => {
    await expect(machine.run(init)).rejects.toMatchObject({ message: `${CONFIG} exists already` });
    expect((await machine.run(init, [], { print: true })).out).toContain('version: 1\n');
    expect(machine.config).toBe(BASE);
  });
});
