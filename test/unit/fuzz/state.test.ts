// The files in the state directory, whatever happened to them: told, never a crash, nothing opened, and mended by the next apply.
import * as fc from 'fast-check';
import { createHash } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import type { Command } from '../../../src/cli/command.ts';
import { apply } from '../../../src/cli/commands/apply.ts';
import { confirm } from '../../../src/cli/commands/confirm.ts';
import { down } from '../../../src/cli/commands/down.ts';
import { history } from '../../../src/cli/commands/history.ts';
import { plan } from '../../../src/cli/commands/plan.ts';
import { rollback } from '../../../src/cli/commands/rollback.ts';
import { status } from '../../../src/cli/commands/status.ts';
import { verdicts } from '../../support/changing.ts';
import { CONFIG, FakeMachine, STATE } from '../../support/fake-machine.ts';
import { foreignText } from '../../support/foreign.ts';
import { damageArb, type Damage } from '../../support/mutate.ts';
import { patient, runs } from '../../support/runs.ts';
import { copyOf, settleOthers, strayLines, tryOn, watchLines, YES } from '../../support/trial.ts';
import { address } from '../../support/values.ts';

const LIST = '/etc/seawall/partners.txt';
const configs = [
  'version: 1\ntrusted: [203.0.113.0/31, office.example.com]\npublic: [22/tcp]\n',
  'version: 1\ntrusted: [203.0.113.2, "2001:db8:1::2", {file: partners.txt}, office.example.com]\npublic: [443/tcp]\n',
  'version: 1\ntrusted: [203.0.113.0/31, {file: partners.txt}, office.example.com]\nblock: [203.0.113.1]\npublic: [22/tcp]\n',
];

/** A machine with two generations, and perhaps a change that waits for its confirmation. */
async function settled(waits: boolean): Promise<FakeMachine> {
  const machine = new FakeMachine();
  settleOthers(machine);
  machine.files.put('/proc/uptime', '1000.00 900.00\n');
  machine.files.put('/proc/sys/kernel/random/boot_id', '3f0e7c2a-0000-4000-8000-000000000001\n');
  machine.kernel.others.set('sh', () => 'armed\n');
  machine.files.put(LIST, '203.0.113.6/31\n2001:db8:1::6\n');
  machine.names.set('office.example.com', [address('203.0.113.5')]);
  machine.files.put(`${STATE}/undone`, 'token 0123456789abcdef\ngeneration 2\nresult restored\nat 1700000000\n');
  for (const [at, config] of configs.slice(0, 2).entries()) {
    machine.files.put(CONFIG, config);
    machine.clock.time += 10_000;
    await machine.run(apply, [], { ...YES, message: `the ${at + 1}.` });
  }
  machine.files.put(CONFIG, configs[2] ?? '');
  if (waits) await machine.run(apply, [], { ...YES, confirm: '60' });
  // As a run leaves it that was killed.
  machine.files.put(`${STATE}/journal`, 'since 2026-01-01T00:00:00.000Z\n');
  // From now on only what is remembered tells of it.
  machine.names.clear();
  return machine;
}

let machines: readonly FakeMachine[];
/** What each of the policies lets pass. */
let open: readonly boolean[];
beforeAll(async () => {
  machines = [await settled(false), await settled(true)];
  const all = await Promise.all(
    configs.map(async (config) => {
      const machine = await settled(false);
      machine.names.set('office.example.com', [address('203.0.113.5')]);
      machine.files.put(CONFIG, config);
      await machine.run(apply, [], YES);
      return verdicts(machine.kernel);
    }),
  );
  open = (all[0] ?? []).map((_, at) => all.some((each) => each[at] === 'pass'));
});

type Call = readonly [command: Command, words: readonly string[], options: Readonly<Record<string, string | true>>];
const CALLS: readonly Call[] = [
  [status, [], {}],
  [status, [], { json: true }],
  [plan, [], {}],
  [apply, [], YES],
  [apply, [], { ...YES, confirm: '30' }],
  [confirm, [], {}],
  [rollback, [], YES],
  [rollback, ['1'], YES],
  [history, [], {}],
  [history, [], { json: true }],
  [history, ['1', '2'], { diff: true }],
];
const calls = fc.array(fc.constantFrom(...CALLS), { minLength: 1, maxLength: 3 });

/** Which file, and what became of it. */
type Mishap = readonly [which: number, damage: Damage | 'gone' | number];
const mishaps: fc.Arbitrary<readonly Mishap[]> = fc.array(
  fc.tuple(fc.nat(), fc.oneof({ weight: 8, arbitrary: damageArb }, fc.constant('gone' as const), fc.nat())),
  { minLength: 1, maxLength: 2 },
);

const stateFiles = ({ files }: FakeMachine): string[] =>
  [...files.contents.keys()].filter((path) => path.startsWith(`${STATE}/`)).toSorted();

/** What is gone, damaged, or holds what another file should hold. */
function strike({ files }: FakeMachine, [which, damage]: Mishap, paths: readonly string[]): string {
  const path = paths[which % paths.length] ?? '';
  const other = typeof damage === 'number' ? (paths[damage % paths.length] ?? '') : path;
  const content = files.contents.get(other) ?? Buffer.alloc(0);
  if (damage === 'gone') void files.remove(path);
  else files.put(path, typeof damage === 'number' ? content : damage(content));
  return path;
}

/** No packet passes that each of the policies denies. */
function expectNotOpened({ kernel }: FakeMachine): void {
  expect(verdicts(kernel).filter((verdict, at) => verdict === 'pass' && !open[at])).toEqual([]);
}

async function expectMended(machine: FakeMachine): Promise<void> {
  // As load.sh does when it has undone a change.
  for (const file of ['pending', 'uncut']) await machine.files.remove(`${STATE}/${file}`);
  const applied = await tryOn(machine, apply, [], YES);
  expect([applied.code, applied.err]).toEqual([0, expect.anything()]);
  const { code, out } = await machine.run(status, [], { json: true });
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ boot: 'ready' });
}

test('the machines that are damaged here are whole before', async () => {
  for (const [at, machine] of machines.entries()) {
    const paths = stateFiles(machine);
    for (const name of ['before.json', 'journal', 'boot/current', 'generations/2/meta.json', 'remembered.json'])
      expect(paths).toContain(`${STATE}/${name}`);
    expect(paths.some((path) => path.startsWith(`${STATE}/lists/`))).toBe(true);
    expect(paths.includes(`${STATE}/pending`)).toBe(at === 1);
    await expectMended(copyOf(machine));
  }
});

const where = fc.constantFrom(0, 1);

test('whatever became of the files, no command crashes or opens, and the next apply mends it', patient, async () => {
  await fc.assert(
    fc.asyncProperty(where, mishaps, calls, async (which, damages, commands) => {
      const machine = copyOf(machines[which] ?? new FakeMachine());
      machine.kernel.others.set('sh', () => 'armed\n');
      const [others, lines, paths] = [foreignText(machine.kernel), watchLines(machine), stateFiles(machine)];
      for (const damage of damages) strike(machine, damage, paths);
      for (const [command, words, options] of commands) {
        await tryOn(machine, command, words, options);
        expectNotOpened(machine);
      }
      await expectMended(machine);
      expectNotOpened(machine);
      expect(foreignText(machine.kernel)).toBe(others);
      expect(strayLines(lines)).toEqual([]);
    }),
    runs(150, 0.2),
  );
});

test('whatever became of the files, down leaves nothing of ours and everything of others', patient, async () => {
  await fc.assert(
    fc.asyncProperty(mishaps, async (damages) => {
      const machine = copyOf(machines[0] ?? new FakeMachine());
      machine.kernel.others.set('nft', () => '{"nftables": [{"metainfo": {}}, {"chain": 7}, "x"]}');
      const others = foreignText(machine.kernel);
      const paths = stateFiles(machine);
      for (const damage of damages) strike(machine, damage, paths);
      const { code, err } = await tryOn(machine, down, [], YES);
      // A file that isn't there by rights, such as one that waits for a confirmation, is in the way.
      if (code !== 0) expect(err).toContain('not confirmed yet');
      else expect(machine.kernel.text()).not.toMatch(/seawall-|SEAWALL-PRE - /);
      expect(foreignText(machine.kernel)).toBe(others);
    }),
    runs(100, 0.1),
  );
});

/** As if what stands there had been written so. */
function sumUp({ files }: FakeMachine): void {
  for (const [path, content] of files.contents) {
    if (!path.endsWith('SHA256SUMS')) continue;
    const folder = path.slice(0, path.lastIndexOf('/'));
    const names = content.toString('latin1').matchAll(/^\S+ {2}(\S+)$/gm);
    const lines = [...names].map(([, name = '']) => {
      const sum = createHash('sha256').update(files.contents.get(`${folder}/${name}`) ?? '');
      return `${sum.digest('hex')}  ${name}\n`;
    });
    files.put(path, lines.join(''));
  }
}

test('files that another version wrote, with the right sums, crash no command either', patient, async () => {
  await fc.assert(
    fc.asyncProperty(where, mishaps, calls, async (which, damages, commands) => {
      const machine = copyOf(machines[which] ?? new FakeMachine());
      machine.kernel.others.set('sh', () => 'armed\n');
      const [others, lines] = [foreignText(machine.kernel), watchLines(machine)];
      const paths = stateFiles(machine).filter((path) => path.includes('/generations/') && !path.endsWith('SUMS'));
      for (const damage of damages) strike(machine, damage, paths);
      sumUp(machine);
      for (const [command, words, options] of commands) await tryOn(machine, command, words, options);
      expect(foreignText(machine.kernel)).toBe(others);
      expect(strayLines(lines)).toEqual([]);
    }),
    runs(120, 0.1),
  );
});
