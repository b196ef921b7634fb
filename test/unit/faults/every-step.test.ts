import { expect, test } from 'vitest';
import { apply } from '../../../src/cli/commands/apply.ts';
import { confirm } from '../../../src/cli/commands/confirm.ts';
import { down } from '../../../src/cli/commands/down.ts';
import { publicPorts, trust } from '../../../src/cli/commands/lists.ts';
import { rollback } from '../../../src/cli/commands/rollback.ts';
import { type Scenario, strikeEverywhere, type Tallies, YES } from '../../support/every-step.ts';
import { CONFIG, FakeMachine } from '../../support/fake-machine.ts';
import { recordFault } from '../../support/fault-table.ts';
import { type Fault, FaultyEffects } from '../../support/faulty-effects.ts';
import { patient } from '../../support/runs.ts';

const OLD = `version: 1
trusted: [203.0.113.1, 203.0.113.4/31, 2001:db8:1::1]
block: [203.0.113.5]
public: [22/tcp]
`;
const NEW = `version: 1
trusted: [203.0.113.2, 203.0.113.4, 2001:db8:1::2]
block: [203.0.113.7, 2001:db8:1::7]
allow:
  - {from: [203.0.113.6, 2001:db8:1::6], to: [80/tcp]}
public: [80/tcp, 8000-8001/udp]
`;
const ONE_SET = OLD.replace('203.0.113.1,', '203.0.113.3,');
const THIRD = NEW.replace('203.0.113.2,', '203.0.113.3,').replace('80/tcp, 8000', '22/tcp, 8000');
const CONFIRM = { ...YES, confirm: '60' } as const;

const FOREIGN = `*mangle
:OTHERS - [0:0]
-A PREROUTING -i eth9 -j MARK --set-xmark 0x1/0xffffffff
-A FORWARD -j OTHERS
-A OTHERS -j RETURN
COMMIT
*filter
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A DOCKER-USER -j RETURN
COMMIT
`;

/** A machine on which others have rules and sets, too. */
function fresh(config = OLD): Promise<FakeMachine> {
  const machine = new FakeMachine(config);
  for (const family of [4, 6] as const)
    machine.kernel.tables[family].restore(FOREIGN, { noflush: true, committed: () => undefined });
  machine.kernel.sets.run('create admins hash:net family inet');
  machine.kernel.sets.run('add admins 192.0.2.0/24');
  return Promise.resolve(machine);
}

async function standing(config: string): Promise<FakeMachine> {
  const machine = await fresh();
  await machine.run(apply, [], YES);
  machine.files.put(CONFIG, config);
  return machine;
}

async function waiting(): Promise<FakeMachine> {
  const machine = await standing(NEW);
  await machine.run(apply, [], CONFIRM);
  return machine;
}

async function twice(): Promise<FakeMachine> {
  const machine = await standing(NEW);
  await machine.run(apply, [], YES);
  return machine;
}

/** Killed when all sets stood ready and no rule asked them yet; then another change is wanted. */
async function killedBefore(): Promise<FakeMachine> {
  const machine = await standing(NEW);
  const counting = new FaultyEffects();
  const trial = machine.clone();
  trial.wrap = counting.wrap;
  await trial.run(apply, [], YES);
  const at = counting.steps.findIndex(({ what }) => what.startsWith('iptables-restore --noflush'));
  const { wrap } = machine;
  machine.wrap = new FaultyEffects(at, 'killed').wrap;
  await expect(machine.run(apply, [], YES)).rejects.toThrow();
  machine.wrap = wrap;
  machine.files.put(CONFIG, THIRD);
  return machine;
}

const flow = (from: string, to: string, port: number): string =>
  `tcp      6 431999 ESTABLISHED src=${from} dst=${to} sport=5000 dport=${port} src=${to} dst=${from} sport=${port} dport=5000 [ASSURED] mark=0 use=1`;

async function withFlows(config: string): Promise<FakeMachine> {
  const machine = await standing(config);
  machine.flows = [flow('203.0.113.1', '198.51.100.10', 443), flow('2001:db8:1::1', '2001:db8:51::10', 443)];
  return machine;
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'first apply', start: fresh, act: (machine) => machine.run(apply, [], YES) },
  { name: 'apply of everything', start: () => standing(NEW), act: (machine) => machine.run(apply, [], YES) },
  { name: 'apply of one set', start: () => standing(ONE_SET), act: (machine) => machine.run(apply, [], YES) },
  { name: 'apply with cuts', start: () => withFlows(NEW), act: (machine) => machine.run(apply, [], YES) },
  { name: 'apply after a kill', start: killedBefore, act: (machine) => machine.run(apply, [], YES) },
  { name: 'first apply --confirm', start: fresh, act: (machine) => machine.run(apply, [], CONFIRM) },
  { name: 'apply --confirm', start: () => withFlows(NEW), act: (machine) => machine.run(apply, [], CONFIRM) },
  { name: 'confirm', start: waiting, act: (machine) => machine.run(confirm) },
  { name: 'rollback', start: twice, act: (machine) => machine.run(rollback, [], YES) },
  { name: 'rollback while pending', start: waiting, act: (machine) => machine.run(rollback, [], YES) },
  { name: 'down', start: () => standing(OLD), act: (machine) => machine.run(down, [], YES) },
  { name: 'trust add', start: () => standing(OLD), act: (machine) => machine.run(trust, ['add', '203.0.113.6'], YES) },
  {
    name: 'public remove --confirm',
    start: () => standing(OLD),
    act: (machine) => machine.run(publicPorts, ['remove', '22/tcp'], CONFIRM),
  },
];

const tallies: Tallies = new Map();

test.each(SCENARIOS)('$name', patient, (scenario) => strikeEverywhere(scenario, tallies));

const NUMBERED: readonly (readonly [number: number, what: string, faults: readonly Fault[]])[] = [
  [2, 'a tool fails, at once or half-way', ['exit 1', 'exit 1 half-way']],
  [5, 'kill -9', ['killed', 'torn']],
  [6, 'a tool hangs and is ended, before or after it did its work', ['timed out', 'timed out when done']],
  [
    36,
    'a full disk, a read-only one, an I/O error before and after the rename',
    ['ENOSPC', 'EROFS', 'EIO', 'EIO when done'],
  ],
];

test.each(NUMBERED)('fault %i: %s', (number, fault, kinds) => {
  const found = kinds.flatMap((kind) => tallies.get(kind) ?? []);
  const sum = (of: 'times' | 'leaked' | 'lost' | 'converged'): number =>
    found.reduce((total, tally) => total + tally[of], 0);
  expect([found.length, sum('leaked'), sum('lost')]).toEqual([kinds.length, 0, 0]);
  expect([sum('converged'), sum('times') > 100]).toEqual([sum('times'), true]);
  const injected = `every step of ${SCENARIOS.length} commands, fake kernel`;
  recordFault({
    number,
    fault,
    injected,
    times: sum('times'),
    leaked: sum('leaked'),
    lost: sum('lost'),
    converged: sum('converged'),
  });
});
