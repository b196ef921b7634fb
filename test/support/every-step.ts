import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { statePaths } from '../../src/apply/state.ts';
import { apply } from '../../src/cli/commands/apply.ts';
import { confirm } from '../../src/cli/commands/confirm.ts';
import { down } from '../../src/cli/commands/down.ts';
import { status } from '../../src/cli/commands/status.ts';
import { systemFailure } from '../../src/cli/errors.ts';
import { Failure } from '../../src/effects/failure.ts';
import { readKernel } from '../../src/live/kernel.ts';
import { liveFingerprint } from '../../src/plan/fingerprint.ts';
import { Killed, PACKETS, verdicts } from './changing.ts';
import type { FakeKernel } from './fake-kernel.ts';
import { FakeMachine, STATE, type Ended } from './fake-machine.ts';
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
  /** Open connections. */
  readonly flows: readonly string[];
}

/** What was found when a fault was injected at every step. */
export interface Tally {
  times: number;
  leaked: number;
  lost: number;
  converged: number;
}

export type Tallies = Map<Fault, Tally>;

/** Injects every fault at every step of a command, and checks all promises after each. */
export async function strikeEverywhere(scenario: Scenario, tallies: Tallies): Promise<void> {
  const start = await scenario.start();
  const counting = new FaultyEffects();
  const done = start.clone();
  done.wrap = counting.wrap;
  await scenario.act(done);
  done.wrap = start.wrap;
  const [from, to] = [await placeOf(start), await placeOf(done)];
  for (const [at, { what, faults }] of counting.steps.entries()) {
    for (const fault of faults) {
      const where = `${scenario.name}: step ${at} (${what}), ${fault}`;
      const tally = tallies.get(fault) ?? { times: 0, leaked: 0, lost: 0, converged: 0 };
      tallies.set(fault, tally);
      tally.times++;
      const struck = await strike(scenario, start, { at, fault });
      tally.leaked += misjudged(struck.seen, { from, to }, 'pass');
      tally.lost += misjudged(struck.seen, { from, to }, 'drop');
      if (!isKill(fault)) expectOldOrNew(where, struck, await placeOf(struck.machine), { from, to });
      // Where nobody could look at open connections, that was told.
      const uncut = struck.said.includes('open connections could not be looked at');
      await expectConverges(where, struck.machine, { from, to, uncut });
      expect(foreignText(struck.machine.kernel), where).toBe(foreignText(start.kernel));
      tally.converged++;
    }
  }
}

interface Struck {
  readonly machine: FakeMachine;
  /** Undefined: it was killed. `bug`: it ended by an error that nobody expected. */
  readonly code: number | 'bug' | undefined;
  readonly said: string;
  /** Texts of the kernel at all moments, each once. */
  readonly seen: Seen;
}

type Seen = ReadonlyMap<string, readonly Verdict[]>;

/** Sends every packet through the kernel at every moment from now on. */
function watch({ kernel }: FakeMachine): Seen {
  const seen = new Map<string, readonly Verdict[]>();
  kernel.onMoment = () => {
    const text = kernel.text();
    seen.set(text, verdictsIn(kernel, text));
  };
  return seen;
}

async function strike(
  { act }: Scenario,
  start: FakeMachine,
  { at, fault }: { at: number; fault: Fault },
): Promise<Struck> {
  const machine = start.clone();
  const seen = watch(machine);
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

type Judged = { readonly [K in 'from' | 'to']: Pick<Place, 'verdicts'> };

/** Packets that were let in at some moment although both policies deny them, or the other way round. */
const misjudged = (seen: Seen, { from, to }: Judged, verdict: Verdict): number =>
  [...seen.values()].flatMap((moment) =>
    moment.filter((now, at) => now === verdict && from.verdicts[at] !== verdict && to.verdicts[at] !== verdict),
  ).length;

async function placeOf(machine: FakeMachine): Promise<Place> {
  const { files, kernel } = machine;
  return {
    verdicts: verdictsIn(kernel),
    fingerprint: liveFingerprint(await readKernel(kernel, 'whole')),
    config: machine.config,
    current: files.contents.get(PATHS.current)?.toString(),
    pending: files.contents.has(PATHS.pending),
    boot: await boot(machine),
    flows: machine.flows,
  };
}

/** What a reboot would bring, in one word or by its verdicts. */
async function boot(machine: FakeMachine): Promise<string> {
  const rebooted = new FakeMachine();
  rebooted.files.copyFrom(machine.files);
  rebooted.files.put('/proc/sys/kernel/random/boot_id', 'c0ffee00-0000-4000-8000-000000000002\n');
  const result: Result = await rebooted.undo.boot();
  return result === 'restored' ? wordOf(verdictsIn(rebooted.kernel)) : result;
}

interface Ends {
  readonly from: Place;
  readonly to: Place;
  /** Whether open connections may be left. */
  readonly uncut?: boolean;
}

/** What failed by an error is as it was before, or stands whole. */
function expectOldOrNew(where: string, { code, said, seen }: Struck, now: Place, { from, to }: Ends): void {
  const told = `${where}: ${code}, ${said}`;
  expect(code, told).not.toBe('bug');
  // On a disk that got full after the config was written it can only be told that the config is the new one.
  const toldOfConfig = code === 1 && said.includes('the config could not be put back');
  const config = toldOfConfig ? to.config : from.config;
  const old = now.fingerprint === from.fingerprint && now.boot === from.boot && now.config === config;
  const stands = now.verdicts.join() === to.verdicts.join() && now.config === to.config;
  const standing = stands && (now.boot === to.boot || now.pending);
  if (code === 0) expect(standing, told).toBe(true);
  else expect(old || standing, told).toBe(true);
  if (code !== 0 && old && !standing && !toldOfConfig) expect([told, code]).toEqual([told, seen.size > 0 ? 4 : 1]);
  if (code === 4) expect([told, old]).toEqual([told, true]);
}

const checked = new Set<string>();

/** From whatever a fault has left: reboots, undos, a next apply, and what `down` leaves. Each state is looked at once. */
async function expectConverges(where: string, machine: FakeMachine, ends: Ends): Promise<void> {
  const key = stateOf(machine, ends);
  if (checked.has(key)) return;
  checked.add(key);
  expect(BOOTS(ends), `${where}: reboot`).toContain(await boot(machine));
  expect([ends.from.config, ends.to.config], `${where}: config`).toContain(machine.config);
  const next = machine.clone();
  await expectUndone(where, next);
  await expectApplied(where, next, ends);
  await expectGone(where, next);
}

/** Where nothing was confirmed yet, the minimum is the stricter one. */
const BOOTS = ({ from, to }: Ends): string[] => [
  from.boot,
  to.boot,
  ...(from.current === undefined ? ['minimum'] : []),
];

function stateOf({ kernel, files, undo, flows }: FakeMachine, { from, to }: Ends): string {
  const hash = createHash('sha256')
    .update(kernel.text())
    .update(flows.join('\n'))
    .update(`${undo.guards}${from.boot}${to.boot}${from.config}`);
  // A token is drawn by lot.
  for (const [path, content] of [...files.contents].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`\n${path}\n`).update(path === PATHS.pending ? content.subarray(24) : content);
  return hash.digest('hex');
}

/** A change that nobody confirms goes by itself, by its guard; where that was killed, by the next run. */
async function expectUndone(where: string, machine: FakeMachine): Promise<void> {
  if (!machine.files.contents.has(PATHS.pending)) return;
  await expectKept(where, machine.clone());
  const guarded = machine.undo.guards > 0;
  const [seen, from] = [watch(machine), { verdicts: verdictsIn(machine.kernel) }];
  await machine.advance(200);
  const { code } = guarded ? { code: 4 } : await endOf(machine.run(confirm));
  expect([0, 4], `${where}: confirmed too late`).toContain(code);
  expect([where, machine.files.contents.has(PATHS.pending)]).toEqual([where, false]);
  await expectAsConfirmed(`${where}: undone`, machine);
  const to = { verdicts: verdictsIn(machine.kernel) };
  const wrong = (['pass', 'drop'] as const).map((verdict) => misjudged(seen, { from, to }, verdict));
  expect([where, wrong]).toEqual([where, [0, 0]]);
}

/** Whoever confirms at once keeps all of it, or is told that there is not all of it. */
async function expectKept(where: string, machine: FakeMachine): Promise<void> {
  const { code, said } = await endOf(machine.run(confirm));
  if (code === 1) expect(said, where).toMatch(/left before all of it was done/);
  else expect([where, code]).toEqual([where, 0]);
  if (code === 0) await expectAsConfirmed(`${where}: confirmed`, machine);
}

/** What stands is what a boot would bring; where nothing was ever confirmed, nothing. */
async function expectAsConfirmed(where: string, machine: FakeMachine): Promise<void> {
  const confirmed = await boot(machine);
  const nothing = PACKETS.map(() => 'p').join('');
  expect(wordOf(verdictsIn(machine.kernel)), where).toBe(confirmed === 'minimum' ? nothing : confirmed);
}

const wordOf = (judged: readonly Verdict[]): string => judged.map((verdict) => verdict[0]).join('');

async function expectApplied(where: string, machine: FakeMachine, { to, uncut = false }: Ends): Promise<void> {
  const first = await endOf(machine.run(apply, [], YES));
  expect([where, first.code, first.said]).toEqual([where, 0, first.said]);
  if (!uncut && machine.config === to.config) expect(machine.flows, `${where}: open connections`).toEqual(to.flows);
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
