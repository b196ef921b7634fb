import { beforeEach, describe, expect, test } from 'vitest';
import { statePaths } from '../../../src/apply/state.ts';
import { apply } from '../../../src/cli/commands/apply.ts';
import { down } from '../../../src/cli/commands/down.ts';
import { trust } from '../../../src/cli/commands/lists.ts';
import { status } from '../../../src/cli/commands/status.ts';
import type { Command, Effects, Output } from '../../../src/effects/types.ts';
import { CONFIG, FakeMachine, STATE } from '../../support/fake-machine.ts';
import { standingText } from '../../support/whole.ts';

const PATHS = statePaths(STATE);
const OLD = 'version: 1\ntrusted: [203.0.113.7]\npublic: [22/tcp]\n';
const NEW = 'version: 1\ntrusted: [203.0.113.8]\npublic: [80/tcp]\nblock: [192.0.2.66, 2001:db8:9::1]\n';
const YES = { yes: true } as const;

let machine: FakeMachine;
let before: string;
beforeEach(async () => {
  machine = new FakeMachine(OLD);
  await machine.run(apply, [], YES);
  machine.files.put(CONFIG, NEW);
  before = standingText(machine.kernel);
});

const REFUSED: Output = { outcome: 'exited', code: 1, stdout: Buffer.alloc(0), stderr: 'line 7 failed' };

/** Changes of the kernel fail from the nth to the last one of these. */
function refusing(from: number, till: number = from): void {
  let count = 0;
  machine.wrap = (effects): Effects => ({
    ...effects,
    exec: (command) => {
      const changes = command.file.endsWith('restore') ? !command.args.includes('--version') : isIpsetRestore(command);
      if (changes) count++;
      return changes && count >= from && count <= till ? Promise.resolve(REFUSED) : effects.exec(command);
    },
  });
}

const isIpsetRestore = ({ file, args }: Command): boolean => file === 'ipset' && args.includes('restore');

const unwritable = (path: string): void => {
  machine.wrap = (effects): Effects => ({
    ...effects,
    files: {
      ...effects.files,
      write: (each, content, mode) =>
        each.startsWith(path)
          ? Promise.reject(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', path }))
          : effects.files.write(each, content, mode),
    },
  });
};

const ended = (work: Promise<unknown>): Promise<{ message: string; exitCode?: number; hint?: string }> =>
  work.then(
    () => ({ message: 'it worked' }),
    (error: Error) => error,
  );

test('what IPv6 refuses is taken back from IPv4, too', async () => {
  refusing(3);
  expect(await ended(machine.run(apply, [], YES))).toMatchObject({
    message: 'changing the rules: ip6tables-restore says: line 7 failed; what was changed until then was put back',
    exitCode: 4,
  });
  expect(standingText(machine.kernel)).toBe(before);
  expect(machine.files.contents.has(PATHS.journal)).toBe(false);
});

test('what can’t be put back says so loudly, stays closed, and the journal stays', async () => {
  refusing(3, Infinity);
  const { message, hint, exitCode } = await ended(machine.run(apply, [], YES));
  expect(message).toMatch(/line 7 failed; and it could not be put back: /);
  expect([exitCode, hint]).toEqual([1, 'nothing was opened that was closed; mend the cause, then run: seawall apply']);
  machine.wrap = (effects) => effects;
  expect((await machine.run(status)).out).toContain('A change is under way since');
  expect((await machine.run(apply, [], YES)).code).toBe(0);
  expect((await machine.run(status)).code).toBe(0);
});

test('where nothing had been changed yet, only the cause is told', async () => {
  refusing(1);
  expect(await ended(machine.run(apply, [], YES))).toMatchObject({ exitCode: 1 });
  expect(standingText(machine.kernel)).toBe(before);
});

describe('a full disk', () => {
  test('before the new generation is named: rules and config are the old ones', async () => {
    machine.files.put(CONFIG, OLD);
    unwritable(PATHS.generations);
    expect(await ended(machine.run(trust, ['add', '203.0.113.9'], YES))).toMatchObject({
      message: expect.stringMatching(/^ENOSPC.*put back$/) as string,
      exitCode: 4,
    });
    expect([standingText(machine.kernel), machine.config]).toEqual([before, OLD]);
  });

  test('after it: rules and config are the new ones, and the next run does the rest', async () => {
    machine.files.put(CONFIG, OLD);
    machine.names.set('office.example', [{ family: 4, value: 0xcb007109n }]);
    unwritable(PATHS.remembered);
    expect(await machine.run(trust, ['add', 'office.example'], YES)).toMatchObject({
      err: expect.stringMatching(/it stands, but not all of it was done .*ENOSPC/) as string,
      code: 1,
    });
    expect(machine.config).toContain('office.example');
    machine.wrap = (effects) => effects;
    expect((await machine.run(apply, [], YES)).err).toContain('Nothing to change');
    expect((await machine.run(status)).code).toBe(0);
  });
});

test('a connection that could not be cut is told, and cut by the next run', async () => {
  machine.flows = [
    'tcp 6 431999 ESTABLISHED src=203.0.113.7 dst=198.51.100.10 sport=5000 dport=443 src=198.51.100.10 dst=203.0.113.7 sport=443 dport=5000 [ASSURED] mark=0 use=1',
  ];
  machine.wrap = (effects): Effects => ({
    ...effects,
    exec: (command) =>
      command.args[0] === '-D'
        ? Promise.resolve({ ...REFUSED, outcome: 'timed-out', code: -1 })
        : effects.exec(command),
  });
  expect(await machine.run(apply, [], YES)).toMatchObject({
    err: expect.stringMatching(/it stands, but not all of it was done .*conntrack did not finish in time/) as string,
    code: 1,
  });
  machine.wrap = (effects) => effects;
  machine.changes.length = 0;
  await machine.run(apply, [], YES);
  expect(machine.changes.filter((line) => line.startsWith('conntrack -D'))).toHaveLength(1);
  expect(machine.files.contents.has(PATHS.journal)).toBe(false);
});

test.each([
  [1, '0 flow entries have been deleted.', 1, 0],
  [1, 'Operation failed: such conntrack doesn’t exist', 3, 1],
])('conntrack that says %i and %j is asked %i times', async (code, stderr, times, failed) => {
  machine.flows = ['udp 17 29 src=203.0.113.7 dst=198.51.100.10 sport=5 dport=53 src=198.51.100.10 sport=53 dport=5'];
  let asked = 0;
  machine.wrap = (effects): Effects => ({
    ...effects,
    exec: (command) => {
      if (command.args[0] !== '-D') return effects.exec(command);
      asked++;
      return Promise.resolve({ ...REFUSED, code, stderr });
    },
  });
  const { code: exitCode } = await machine.run(apply, [], YES);
  expect([asked, exitCode]).toEqual([times, failed]);
});

test('a firewall that can’t be taken down in one family stands in both, after a reboot too', async () => {
  refusing(2);
  expect(await ended(machine.run(down, [], YES))).toMatchObject({ exitCode: 4 });
  expect(standingText(machine.kernel)).toBe(before);
  expect(machine.files.contents.has(PATHS.down)).toBe(false);
});
