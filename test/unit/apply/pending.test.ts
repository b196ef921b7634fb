import { beforeEach, describe, expect, test } from 'vitest';
import { confirmPending, refuseWhilePending, settlePending } from '../../../src/apply/confirm.ts';
import { closeJournal, openJournal, readJournal } from '../../../src/apply/journal.ts';
import { arm, disarm, readPending, readUndone, undoNow } from '../../../src/apply/pending.ts';
import { readUnfinished } from '../../../src/apply/standing.ts';
import { statePaths } from '../../../src/apply/state.ts';
import { uptime } from '../../../src/apply/uptime.ts';
import { apply } from '../../../src/cli/commands/apply.ts';
import type { Effects } from '../../../src/effects/types.ts';
import { CONFIG, FakeMachine, STATE } from '../../support/fake-machine.ts';

const PATHS = statePaths(STATE);
const OLD = 'version: 1\ntrusted: [203.0.113.7]\npublic: [22/tcp]\n';
const NEW = OLD.replace('203.0.113.7', '203.0.113.8');
const YES = { yes: true } as const;

let machine: FakeMachine;
let hands: Pick<Effects, 'files' | 'exec' | 'clock'>;
beforeEach(() => {
  machine = new FakeMachine(OLD);
  hands = { files: machine.files, exec: machine.kernel.exec, clock: machine.clock };
});

const trusts = (address: string): boolean =>
  machine.kernel.sets.get('seawall-trusted4a')?.entries.has(address) ?? false;

async function waiting(): Promise<void> {
  await machine.run(apply, [], YES);
  machine.files.put(CONFIG, NEW);
  await machine.run(apply, [], { ...YES, confirm: '60' });
}

describe('what is noted of a change that waits', () => {
  const CHANGE = { generation: 3, before: 2, seconds: 60, by: 'ann from 203.0.113.7', edits: false };

  test('comes back as it was, and a shell can read it', async () => {
    machine.files.put(PATHS.script, '');
    const pending = await arm(hands, PATHS, CHANGE);
    expect(await readPending(hands, PATHS)).toEqual(pending);
    expect(pending).toMatchObject({ ...CHANGE, deadline: 1060, boot: 'c0ffee00-0000-4000-8000-000000000001' });
    expect(pending.token).toMatch(/^[0-9a-f]{16}$/);
    expect(machine.files.contents.get(PATHS.pending)?.toString()).toMatch(/^(\w+ [^\n]*\n){9}$/);
    expect(machine.files.modes.get(PATHS.pending)).toBe(0o600);
    expect(machine.undo.guards).toBe(1);
  });

  test('has no line more by a name with one in it', async () => {
    machine.files.put(PATHS.script, '');
    await arm(hands, PATHS, { ...CHANGE, by: 'ann\ndeadline 0' });
    expect(await readPending(hands, PATHS)).toMatchObject({ deadline: 1060, by: 'ann deadline 0' });
  });

  test('a way back that can’t be armed leaves no note', async () => {
    await expect(arm(hands, PATHS, CHANGE)).rejects.toMatchObject({
      message: expect.stringMatching(/^arming the undo: sh says: .*can't open/) as string,
    });
    expect(await readPending(hands, PATHS)).toBeUndefined();
  });

  test.each(['', 'token 0123\n', 'garbage', 'token 0123456789abcdef\ngeneration x\nbefore 1\nseconds 2\ndeadline 3\n'])(
    '%j is a damaged one',
    async (text) => {
      machine.files.put(PATHS.pending, text);
      expect(await readPending(hands, PATHS)).toBe('damaged');
      await settlePending(hands, PATHS);
      await expect(refuseWhilePending(hands, PATHS)).rejects.toMatchObject({ exitCode: 3 });
      await expect(confirmPending(hands, PATHS, '', () => Promise.resolve(undefined))).rejects.toMatchObject({
        message: `${PATHS.pending} is damaged, so it doesn’t say what to keep`,
        hint: 'go back with: seawall rollback',
      });
      expect((await readUnfinished(hands, PATHS)).pending).toBe('damaged');
    },
  );

  test('the clock is the one that nobody can set', async () => {
    machine.clock.time += 3_600_000;
    expect(await uptime(hands)).toMatchObject({ seconds: 1000 });
  });
});

describe('a change that nobody confirms', () => {
  beforeEach(waiting);

  test('is undone at its deadline and not before, by the guard alone', async () => {
    await machine.advance(59);
    expect([trusts('203.0.113.7'), trusts('203.0.113.8')]).toEqual([false, true]);
    expect((await readUnfinished(hands, PATHS)).pending).toMatchObject({ generation: 2, left: 1 });
    await machine.advance(1);
    expect([trusts('203.0.113.7'), trusts('203.0.113.8')]).toEqual([true, false]);
    expect(await readUndone(hands, PATHS)).toMatchObject({ generation: 2, result: 'restored' });
    expect(await readPending(hands, PATHS)).toBeUndefined();
  });

  test('nothing else is changed meanwhile', async () => {
    await expect(refuseWhilePending(hands, PATHS)).rejects.toMatchObject({
      message: 'generation 2 (by root) is not confirmed yet, and nothing else is changed before it is',
      exitCode: 3,
    });
  });

  test('is undone by the next run where the guard was killed', async () => {
    machine.undo.killGuards();
    await machine.advance(74);
    await settlePending(hands, PATHS);
    expect(trusts('203.0.113.8')).toBe(true);
    await machine.advance(2);
    await settlePending(hands, PATHS);
    expect([trusts('203.0.113.7'), await readPending(hands, PATHS)]).toEqual([true, undefined]);
  });

  test('is forgotten after a restart of the machine, which has brought back what was confirmed', async () => {
    machine.files.put('/proc/sys/kernel/random/boot_id', 'another\n');
    expect((await readUnfinished(hands, PATHS)).pending).toBeUndefined();
    await settlePending(hands, PATHS);
    expect(await readPending(hands, PATHS)).toBeUndefined();
  });

  test('is the lasting one when a confirmation was killed late', async () => {
    machine.files.put(PATHS.current, '2\n');
    const late = machine.clone();
    await late.advance(61);
    expect(late.files.contents.has(PATHS.pending)).toBe(false);
    expect(late.files.contents.has(PATHS.undone)).toBe(false);
    await settlePending(hands, PATHS);
    expect([trusts('203.0.113.8'), await readPending(hands, PATHS)]).toEqual([true, undefined]);
  });

  test('can’t be confirmed where the run that made it was killed', async () => {
    await openJournal(hands, PATHS);
    await expect(confirmPending(hands, PATHS, '', () => Promise.resolve(undefined))).rejects.toMatchObject({
      message: 'generation 2 was left before all of it was done, so it can’t be kept',
    });
    await undoNow(hands, PATHS);
    expect(await readJournal(hands, PATHS)).toBeUndefined();
  });

  test('a guard has nothing to do once it was taken back', async () => {
    await disarm(hands, PATHS);
    await machine.advance(100);
    expect([trusts('203.0.113.8'), machine.undo.guards]).toEqual([true, 0]);
  });

  test('that can’t be undone stays noted, and is told', async () => {
    machine.kernel.others.set('sh', () => Promise.resolve(''));
    await expect(undoNow(hands, PATHS)).rejects.toMatchObject({
      message: expect.stringContaining('could not be undone') as string,
      hint: expect.stringContaining('closed') as string,
    });
    expect(await readPending(hands, PATHS)).toBeDefined();
  });

  test('goes to the minimum where what was confirmed is damaged', async () => {
    machine.files.put(`${PATHS.generation(1)}/hooks`, 'nothing\n');
    expect(await undoNow(hands, PATHS)).toMatchObject({ result: 'minimum' });
  });
});

describe('the journal', () => {
  test('says since when, and is gone when it is closed', async () => {
    expect(await readJournal(hands, PATHS)).toBeUndefined();
    await openJournal(hands, PATHS);
    expect(await readJournal(hands, PATHS)).toBe('2023-11-14T22:13:20.000Z');
    await closeJournal(hands, PATHS);
    expect(await readJournal(hands, PATHS)).toBeUndefined();
  });

  test('that is empty still tells', async () => {
    machine.files.put(PATHS.journal, '');
    expect(await readJournal(hands, PATHS)).toBe('an unknown time');
    expect((await readUnfinished(hands, PATHS)).underWay).toBe('an unknown time');
  });
});
