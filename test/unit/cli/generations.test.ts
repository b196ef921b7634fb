import { beforeEach, describe, expect, test } from 'vitest';
import { statePaths } from '../../../src/apply/state.ts';
import { apply } from '../../../src/cli/commands/apply.ts';
import { confirm } from '../../../src/cli/commands/confirm.ts';
import { history } from '../../../src/cli/commands/history.ts';
import { trust } from '../../../src/cli/commands/lists.ts';
import { plan } from '../../../src/cli/commands/plan.ts';
import { rollback } from '../../../src/cli/commands/rollback.ts';
import { status } from '../../../src/cli/commands/status.ts';
import { CONFIG, FakeMachine, STATE, type Ended } from '../../support/fake-machine.ts';
import { standingText } from '../../support/whole.ts';

const PATHS = statePaths(STATE);
const YES = { yes: true } as const;
const BASE = 'version: 1\n# who may reach everything\ntrusted:\n  - 203.0.113.7 # me\npublic: [22/tcp]\n';
const LONG = 'because the office has moved, and everybody there now comes from another address than before, at last';

let machine: FakeMachine;
beforeEach(async () => {
  machine = new FakeMachine(BASE);
  await machine.run(apply, [], { ...YES, message: LONG });
});

/** No two of them are neighbours. */
const entry = (count: number): string => `203.0.113.${2 * count + 101}`;

async function more(count: number): Promise<void> {
  for (let at = 0; at < count; at++) await machine.run(trust, ['add', entry(at)], YES);
}

const json = ({ out }: Ended): Record<string, unknown> => JSON.parse(out) as Record<string, unknown>;
const narrow = (...texts: readonly string[]): void =>
  expect(texts.flatMap((text) => text.split('\n')).filter((line) => line.length > 100)).toEqual([]);

const refusal = (work: Promise<unknown>): Promise<{ message?: string; hint?: string; exitCode?: number }> =>
  work.then(
    () => ({ message: 'it worked' }),
    (error: { message?: string }) => error,
  );

describe('history', () => {
  test('tells who, from where, when, what and why; the newest first', async () => {
    machine.ssh = { client: '203.0.113.7', port: 22 };
    await more(2);
    const { code, out } = await machine.run(history);
    expect(code).toBe(0);
    const lines = out.split('\n');
    expect(lines[0]).toBe('* 3  2023-11-14 22:13:20 UTC  root from 203.0.113.7');
    expect(lines.slice(1, 4)).toEqual([
      `     trusted: add ${entry(1)}`,
      `     trusted +${entry(1)}`,
      '  2  2023-11-14 22:13:20 UTC  root from 203.0.113.7',
    ]);
    expect(out.replaceAll(/\s+/g, ' ')).toContain(LONG);
    narrow(out);
  });

  test('is the same for a program', async () => {
    await more(1);
    expect(json(await machine.run(history, [], { json: true }))).toMatchObject({
      schemaVersion: 1,
      unconfirmed: null,
      generations: [
        { number: 2, current: true, by: 'root', from: null, message: `trusted: add ${entry(0)}` },
        { number: 1, current: false, message: LONG },
      ],
    });
  });

  test('tells of nothing where nothing was applied', async () => {
    machine = new FakeMachine(BASE);
    const { code, err } = await machine.run(history);
    expect([code, err]).toEqual([0, 'Nothing was applied yet.\n']);
  });

  test('a damaged record hides no other', async () => {
    await more(1);
    machine.files.put(`${PATHS.generation(1)}/meta.json`, '{}');
    const { code, out } = await machine.run(history);
    expect([code, out.split('\n').at(-2)]).toEqual([0, '  1  its record is damaged']);
    expect(out).toContain('* 2');
  });

  test('has none that waits, but names it', async () => {
    await machine.run(trust, ['add', entry(0)], { ...YES, confirm: '60' });
    expect((await machine.run(history)).out).not.toContain(' 2  ');
    expect(json(await machine.run(history, [], { json: true }))).toMatchObject({ unconfirmed: 2 });
  });

  test('keeps 20', async () => {
    await more(22);
    const { generations } = json(await machine.run(history, [], { json: true })) as {
      generations: { number: number }[];
    };
    expect([generations.length, generations[0]?.number, generations.at(-1)?.number]).toEqual([20, 23, 4]);
    narrow((await machine.run(history)).out);
  });

  test('tells the difference of two', async () => {
    await more(2);
    const there = await machine.run(history, ['1', '3'], { diff: true });
    expect([there.code, there.out]).toEqual([0, expect.stringContaining(entry(1)) as string]);
    expect(json(await machine.run(history, ['3', '1'], { diff: true, json: true }))).toMatchObject({
      from: 3,
      to: 1,
      changes: [{ area: 'trusted', addedCount: 0, removedCount: 2 }],
    });
    expect((await machine.run(history, ['2', '2'], { diff: true })).err).toBe('Generations 2 and 2 mean the same.\n');
    narrow(there.out);
  });

  test.each([[[]], [['1']], [['1', '2', '3']], [['1', 'x']], [['0', '1']], [['1', '-2']]])(
    'knows no difference of %j',
    async (words) => {
      expect(await refusal(machine.run(history, words, { diff: true }))).toMatchObject({
        message: '--diff takes the numbers of two generations',
        exitCode: 1,
      });
    },
  );

  test('knows no difference of what is not there', async () => {
    expect(await refusal(machine.run(history, ['1', '9'], { diff: true }))).toMatchObject({
      message: 'there is no generation 9',
    });
  });
});

describe('rollback', () => {
  let before: string;
  beforeEach(async () => {
    before = standingText(machine.kernel);
    await more(2);
  });

  test('to one before: rules, sets and config, as a generation of its own', async () => {
    const { code, err } = await machine.run(rollback, ['1'], YES);
    expect([code, standingText(machine.kernel), machine.config]).toEqual([0, before, BASE]);
    expect((await machine.run(status)).code).toBe(0);
    const { generations } = json(await machine.run(history, [], { json: true })) as { generations: unknown[] };
    expect(generations[0]).toMatchObject({ number: 4, current: true, message: 'rollback to 1' });
    narrow(err);
  });

  test('without a number: to the last but one; and that can be rolled back', async () => {
    const [config, text] = [machine.config, standingText(machine.kernel)];
    await machine.run(rollback, [], YES);
    expect(machine.config).not.toContain(entry(1));
    await machine.run(rollback, ['3'], { ...YES, message: 'it was right' });
    expect([machine.config, standingText(machine.kernel)]).toEqual([config, text]);
    expect((await machine.run(history)).out).toContain('it was right');
  });

  test('keeps a config that was edited since and never applied', async () => {
    machine.files.put(CONFIG, `${BASE}# not applied\n`);
    await machine.run(rollback, ['1'], YES);
    expect(machine.files.contents.get(`${CONFIG}.unapplied`)?.toString()).toBe(`${BASE}# not applied\n`);
    expect(machine.config).toBe(BASE);
  });

  test('keeps no copy of what history knows', async () => {
    await machine.run(rollback, ['1'], YES);
    expect(machine.files.contents.has(`${CONFIG}.unapplied`)).toBe(false);
  });

  test('can be undone unless it is confirmed', async () => {
    const text = standingText(machine.kernel);
    await machine.run(rollback, ['1'], { ...YES, confirm: '60' });
    expect(standingText(machine.kernel)).toBe(before);
    await machine.advance(60);
    expect(standingText(machine.kernel)).toBe(text);
  });

  test.each<[string[], string]>([
    [['9'], 'there is no generation 9'],
    [['0'], 'seawall rollback takes the number of one generation'],
    [['x'], 'seawall rollback takes the number of one generation'],
    [['1', '2'], 'seawall rollback takes the number of one generation'],
  ])('to %j is refused', async (words, message) => {
    const text = standingText(machine.kernel);
    expect(await refusal(machine.run(rollback, words, YES))).toMatchObject({ message, exitCode: 1 });
    expect(standingText(machine.kernel)).toBe(text);
  });

  test('to a damaged one is refused', async () => {
    machine.files.put(`${PATHS.generation(1)}/hooks`, '');
    expect(await refusal(machine.run(rollback, ['1'], YES))).toMatchObject({ message: 'generation 1 is damaged' });
  });

  test('that would cut off the own session is refused', async () => {
    machine.ssh = { client: entry(1), port: 2222 };
    expect(await refusal(machine.run(rollback, ['1'], YES))).toMatchObject({ exitCode: 3 });
  });

  test('asks', async () => {
    const changes = machine.changes.length;
    expect(await refusal(machine.run(rollback, ['1']))).toMatchObject({ message: 'there is no terminal to ask at' });
    machine.answer = false;
    expect((await machine.run(rollback, ['1'])).code).toBe(1);
    expect(machine.changes).toHaveLength(changes);
  });

  test('of the only one there is goes nowhere', async () => {
    machine = new FakeMachine(BASE);
    await machine.run(apply, [], YES);
    expect(await refusal(machine.run(rollback, [], YES))).toMatchObject({
      message: 'there is no generation before the current one',
    });
  });
});

describe('a change that waits', () => {
  let before: string;
  beforeEach(async () => {
    before = standingText(machine.kernel);
    const { err } = await machine.run(trust, ['add', entry(0)], { ...YES, confirm: '60' });
    expect(err).toContain('It is undone in 60 s, unless you keep it: seawall confirm');
    narrow(err);
  });

  test('is told by status', async () => {
    await machine.advance(10);
    const { out } = await machine.run(status);
    expect(out.replaceAll(/\s+/g, ' ')).toContain('Generation 2, by root, is not confirmed and is undone in 50 s.');
    narrow(out);
  });

  test('is kept by confirm', async () => {
    const { code, err } = await machine.run(confirm);
    expect([code, err]).toEqual([0, 'Kept: generation 2 is what stands from now on.\n']);
    await machine.advance(120);
    expect((await machine.run(status)).code).toBe(0);
    expect(await machine.run(confirm)).toMatchObject({ code: 0, err: 'There is nothing to confirm.\n' });
  });

  test('is gone when confirm comes too late', async () => {
    await machine.advance(60);
    const { code, err } = await machine.run(confirm);
    expect([code, standingText(machine.kernel)]).toEqual([4, before]);
    expect(err).toContain('Nobody confirmed generation 2 in time');
    expect(json(await machine.run(confirm, [], { json: true }))).toMatchObject({
      confirmed: null,
      undone: { generation: 2, result: 'restored' },
    });
  });

  test('that was undone is told until another change is made, and no longer', async () => {
    await machine.advance(60);
    expect((await machine.run(status)).out).toContain('Nobody confirmed generation 2');
    await machine.run(trust, ['add', entry(1)], YES);
    expect((await machine.run(status)).out).not.toContain('Nobody confirmed');
    expect((await machine.run(confirm)).code).toBe(0);
  });

  test('is undone at once by rollback, and told', async () => {
    const undone = await machine.run(rollback, [], { ...YES, json: true });
    expect(json(undone)).toMatchObject({ undone: { generation: 2, result: 'restored' } });
    expect([undone.code, standingText(machine.kernel)]).toEqual([0, before]);
  });

  test('lets nothing else be changed', async () => {
    for (const work of [machine.run(apply, [], YES), machine.run(trust, ['add', entry(2)], YES)])
      expect(await refusal(work)).toMatchObject({ exitCode: 3 });
  });
});

test.each(['0', '-1', 'x', '86401', '1.5', '', ' 60'])('--confirm takes seconds, and %j are none', async (text) => {
  expect(await refusal(machine.run(apply, [], { ...YES, confirm: text }))).toMatchObject({
    message: expect.stringContaining('--confirm takes a number of seconds from 1 to 86400') as string,
    exitCode: 1,
  });
});

describe('a plan that was kept', () => {
  const OUT = '/tmp/plan.json';
  beforeEach(async () => {
    machine.files.put(CONFIG, BASE.replace('203.0.113.7', '203.0.113.8'));
    expect((await machine.run(plan, [], { out: OUT })).code).toBe(2);
  });

  test('is applied as it is', async () => {
    expect((await machine.run(apply, [], { ...YES, plan: OUT })).code).toBe(0);
    expect((await machine.run(status)).code).toBe(0);
    expect(machine.kernel.sets.get('seawall-trusted4a')?.entries.has('203.0.113.8')).toBe(true);
  });

  test.each<[string, () => unknown]>([
    ['the kernel', () => machine.kernel.sets.run('add seawall-trusted4a 203.0.113.99')],
    ['the config', () => machine.files.put(CONFIG, `${BASE}# more\n`)],
  ])('is refused where %s changed since', async (what, change) => {
    change();
    const text = standingText(machine.kernel);
    expect(await refusal(machine.run(apply, [], { ...YES, plan: OUT }))).toMatchObject({
      message: expect.stringContaining(what === 'the config' ? 'config changed' : 'in the kernel changed') as string,
      exitCode: 3,
    });
    expect(standingText(machine.kernel)).toBe(text);
  });

  test('is good for once', async () => {
    await machine.run(apply, [], { ...YES, plan: OUT });
    expect(await refusal(machine.run(apply, [], { ...YES, plan: OUT }))).toMatchObject({ exitCode: 3 });
  });

  test('that is none is refused', async () => {
    machine.files.put(OUT, '{}');
    expect(await refusal(machine.run(apply, [], { ...YES, plan: OUT }))).toMatchObject({
      message: `${OUT} is no plan`,
      exitCode: 1,
    });
  });
});
