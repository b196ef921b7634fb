import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { statePaths } from '../../src/apply/state.ts';
import { apply } from '../../src/cli/commands/apply.ts';
import { down } from '../../src/cli/commands/down.ts';
import { status } from '../../src/cli/commands/status.ts';
import { systemFailure } from '../../src/cli/errors.ts';
import { Failure } from '../../src/effects/failure.ts';
import { readKernel } from '../../src/live/kernel.ts';
import { liveFingerprint } from '../../src/plan/fingerprint.ts';
import { Killed, PACKETS, verdicts } from './changing.ts';
import type { FakeKernel } from './fake-kernel.ts';
import { CONFIG, FakeMachine, STATE, type Ended } from './fake-machine.ts';
import type { Result } from './fake-undo.ts';
import { type Fault, FaultyEffects, isKill } from './faulty-effects.ts';
import { foreignText } from './foreign.ts';
import type { Verdict } from './packet.ts';

export const YES = { yes: true } as const;
const PATHS = statePaths(STATE);

/** A command on a machine that is in some state. */
export interface Scenario {
  readonly name: string;
  readonly start: () => Promise<FakeMachine>;
  readonly act: (machine: FakeMachine) => Promise<Ended>;
}

/** Where a machine is, as far as packets and the next boot are concerned. */
interface Place {
  readonly verdicts: readonly Verdict[];
  readonly fingerprint: string;
  readonly config: string | undefined;
  readonly current: string | undefined;
  readonly pending: boolean;
  readonly boot: string;
}

/** What was found when a fault was injected at every step. */
export interface Tally {
  times: number;
  leaked: number;
  converged: number;
}

/** Injects every fault at every step of a command and checks all promises after each. */
export async function strikeEverywhere(scenario: Scenario, wanted: (fault: Fault) => boolean): Promise<Tally> {
  const start = await scenario.start();
  const counting = new FaultyEffects();
  const done = start.clone();
  done.wrap = counting.wrap;
  await scenario.act(done);
  done.wrap = start.wrap;
  const [from, to] = [await placeOf(start), await placeOf(done)];
  const tally: Tally = { times: 0, leaked: 0, converged: 0 };
  for (const [at, { what, faults }] of counting.steps.entries()) {
    for (const fault of faults.filter(wanted)) {
      const where = `${scenario.name}: step ${at} (${what}), ${fault}`;
      tally.times++;
      const struck = await strike(scenario, start, { at, fault });
      tally.leaked += leaksOf(struck.seen, from, to);
      if (!isKill(fault)) expectOldOrNew(where, struck, await placeOf(struck.machine), { from, to });
      await expectConverges(where, struck.machine, { from, to });
      expect(foreignText(struck.machine.kernel), where).toBe(foreignText(start.kernel));
      tally.converged++;
    }
  }
  return tally;
}

interface Struck {
  readonly machine: FakeMachine;
  /** Undefined: it was killed. `bug`: it ended by an error that nobody expected. */
  readonly code: number | 'bug' | undefined;
  readonly said: string;
  /** Texts of the kernel at all moments, each once. */
  readonly seen: ReadonlyMap<string, readonly Verdict[]>;
}

async function strike(
  { act }: Scenario,
  start: FakeMachine,
  { at, fault }: { at: number; fault: Fault },
): Promise<Struck> {
  const machine = start.clone();
  const seen = new Map<string, readonly Verdict[]>();
  machine.kernel.onMoment = () => {
    const text = machine.kernel.text();
    seen.set(text, verdictsIn(machine.kernel, text));
  };
  machine.wrap = new FaultyEffects(at, fault).wrap;
  const { code, said } = await endOf(act(machine));
  machine.wrap = start.wrap;
  return { machine, code: isKill(fault) ? undefined : code, said, seen };
}

async function endOf(work: Promise<Ended>): Promise<{ code: number | 'bug'; said: string }> {
  try {
    const { code, err } = await work;
    return { code, said: err };
  } catch (error) {
    const failure = error instanceof Failure ? error : systemFailure(error);
    if (failure) return { code: failure.exitCode, said: failure.message };
    return { code: 'bug', said: error instanceof Killed ? 'killed' : String(error) };
  }
}

const known = new Map<string, readonly Verdict[]>();

/** The same texts come again and again. */
function verdictsIn(kernel: FakeKernel, text = kernel.text()): readonly Verdict[] {
  const found = known.get(text) ?? verdicts(kernel);
  known.set(text, found);
  return found;
}

/** Packets that were let in at some moment although both policies deny them. */
function leaksOf(seen: Struck['seen'], from: Place, to: Place): number {
  const leaks = [...seen.values()].flatMap((moment) =>
    moment.filter((verdict, index) => {
      const denied = from.verdicts[index] === 'drop' && to.verdicts[index] === 'drop';
      return denied && verdict === 'pass';
    }),
  );
  return leaks.length;
}

async function placeOf(machine: FakeMachine): Promise<Place> {
  const { files, kernel } = machine;
  return {
    verdicts: verdictsIn(kernel),
    fingerprint: liveFingerprint(await readKernel(kernel, 'whole')),
    config: machine.config,
    current: files.contents.get(PATHS.current)?.toString(),
    pending: files.contents.has(PATHS.pending),
    boot: await boot(machine),
  };
}

/** What a reboot would bring, in one word or by its verdicts. */
async function boot(machine: FakeMachine): Promise<string> {
  const rebooted = new FakeMachine();
  rebooted.files.copyFrom(machine.files);
  const result: Result = await rebooted.undo.boot();
  const judged = verdictsIn(rebooted.kernel).map((verdict) => verdict[0]);
  return result === 'restored' ? judged.join('') : result;
}

interface Ends {
  readonly from: Place;
  readonly to: Place;
}

/** What failed by an error is as it was before, or stands whole. */
function expectOldOrNew(where: string, { code, said, seen }: Struck, now: Place, { from, to }: Ends): void {
  const told = `${where}: ${code}, ${said}`;
  expect(code, told).not.toBe('bug');
  const old = now.fingerprint === from.fingerprint && now.boot === from.boot && now.config === from.config;
  const standing = now.verdicts.join() === to.verdicts.join() && (now.boot === to.boot || now.pending);
  if (code === 0) expect(standing, told).toBe(true);
  else expect(old || standing || halfPutBack(told, now, from), told).toBe(true);
  if (code !== 0 && old && !standing) expect([told, code]).toEqual([told, seen.size > 0 ? 4 : 1]);
  if (code === 4) expect([told, old]).toEqual([told, true]);
}

/** A disk that fails for good between the config and the name of its generation leaves the config, and says so. */
const halfPutBack = (told: string, now: Place, from: Place): boolean =>
  now.fingerprint === from.fingerprint &&
  now.boot === from.boot &&
  /: 1, .* could not be put back: .*seawall\.yaml/.test(told);

const checked = new Set<string>();

/** From whatever a fault has left: reboots, undos, a next apply, and what `down` leaves. Each state is looked at once. */
async function expectConverges(where: string, machine: FakeMachine, ends: Ends): Promise<void> {
  const key = stateOf(machine, ends);
  if (checked.has(key)) return;
  checked.add(key);
  expect(BOOTS(ends), `${where}: reboot`).toContain(await boot(machine));
  expect([ends.from.config, ends.to.config], `${where}: config`).toContain(machine.config);
  const next = machine.clone();
  await expectUndone(where, next, ends);
  await expectApplied(where, next);
  await expectGone(where, next);
}

/** Where nothing was confirmed yet, the minimum is the stricter one. */
const BOOTS = ({ from, to }: Ends): string[] => [
  from.boot,
  to.boot,
  ...(from.current === undefined ? ['minimum'] : []),
];

function stateOf({ kernel, files, undo }: FakeMachine, { from, to }: Ends): string {
  const hash = createHash('sha256').update(kernel.text()).update(`${undo.guards}${from.boot}${to.boot}${from.config}`);
  // A token is drawn by lot.
  for (const [path, content] of [...files.contents].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`\n${path}\n`).update(path === PATHS.pending ? content.subarray(24) : content);
  return hash.digest('hex');
}

/** A change that nobody confirms goes by itself, by its guard; where that was killed, by the next run. */
async function expectUndone(where: string, machine: FakeMachine, { from, to }: Ends): Promise<void> {
  if (!machine.files.contents.has(PATHS.pending)) return;
  const confirmed = await boot(machine);
  const guarded = machine.undo.guards > 0;
  await machine.advance(200);
  if (!guarded) await endOf(machine.run(apply, [], { ...YES, confirm: 'none' }));
  const pending = machine.files.contents.has(PATHS.pending);
  expect([where, guarded && pending]).toEqual([where, false]);
  const judged = verdictsIn(machine.kernel)
    .map((verdict) => verdict[0])
    .join('');
  const nothing = PACKETS.map(() => 'p').join('');
  if (guarded) expect([confirmed === 'minimum' ? nothing : confirmed], `${where}: undone`).toContain(judged);
  void [from, to];
}

async function expectApplied(where: string, machine: FakeMachine): Promise<void> {
  const first = await endOf(machine.run(apply, [], YES));
  expect([where, first.code, first.said]).toEqual([where, 0, first.said]);
  machine.changes.length = 0;
  const before = machine.kernel.text();
  machine.kernel.onMoment = ({ text }) => machine.changes.push(text);
  const again = await endOf(machine.run(apply, [], YES));
  expect([where, again.code, machine.changes, machine.kernel.text()]).toEqual([where, 0, [], before]);
  const { code, out } = await machine.run(status, [], { json: true });
  const { boot: ready, unfinished } = JSON.parse(out) as { boot: string; unfinished: Record<string, unknown> };
  const { pending, underWay } = unfinished;
  expect([where, code, ready, pending, underWay]).toEqual([where, 0, 'ready', undefined, undefined]);
  for (const path of [PATHS.journal, PATHS.pending, PATHS.uncut])
    expect([where, path, machine.files.contents.has(path)]).toEqual([where, path, false]);
}

async function expectGone(where: string, machine: FakeMachine): Promise<void> {
  const { code, said } = await endOf(machine.run(down, [], YES));
  expect([where, code, said]).toEqual([where, 0, said]);
  expect(machine.kernel.text(), where).not.toMatch(/SEAWALL-|seawall-/);
  expect(await boot(machine)).toBe('down');
}
void CONFIG;
