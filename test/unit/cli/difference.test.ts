import { beforeEach, describe, expect, test } from 'vitest';
import { apply } from '../../../src/cli/commands/apply.ts';
import { down } from '../../../src/cli/commands/down.ts';
import { plan } from '../../../src/cli/commands/plan.ts';
import { status } from '../../../src/cli/commands/status.ts';
import { CONFIG, FakeMachine, STATE } from '../../support/fake-machine.ts';
import { address } from '../../support/values.ts';

const YES = { yes: true } as const;
const BASE = 'version: 1\ntrusted: [203.0.113.7, office.example.com, {file: partners.txt}]\npublic: [22/tcp]\n';
const LIST = '/etc/seawall/partners.txt';

let machine: FakeMachine;
beforeEach(async () => {
  machine = new FakeMachine(BASE);
  machine.names.set('office.example.com', [address('192.0.2.10')]);
  machine.files.put(LIST, '198.18.0.0/24\n198.18.7.0/24\n');
  expect((await machine.run(apply, [], YES)).code).toBe(0);
});

interface Answer {
  readonly state: string;
  readonly difference: {
    generation: number | null;
    wanted: string;
    drift: { findings: { place: string; text: string }[]; count: number };
  } | null;
}

async function seen(): Promise<{ head: string | undefined; code: number; answer: Answer }> {
  const { code, out } = await machine.run(status);
  const answer = JSON.parse((await machine.run(status, [], { json: true })).out) as Answer;
  return { head: out.split('\n')[0], code, answer };
}

const edit = (from: string, to: string): void => machine.files.put(CONFIG, BASE.replace(from, to));
const tamper = (): void => machine.kernel.sets.run('add seawall-trusted4a 0.0.0.0/1', true);

describe('status tells which of the two it is', () => {
  test('neither', async () => {
    expect(await seen()).toMatchObject({ code: 0, answer: { state: 'as-configured', difference: null } });
  });

  // The boot's files are looked at in any case: whether they are whole.
  test('what was applied is not read a second time where nothing differs', async () => {
    const asked: string[] = [];
    const { read } = machine.files;
    machine.files.read = (path) => (asked.push(path), read(path));
    await machine.run(status);
    expect(asked.filter((path) => path.endsWith('/generations/1/hooks'))).toHaveLength(1);
    tamper();
    await machine.run(status);
    expect(asked.filter((path) => path.endsWith('/generations/1/hooks'))).toHaveLength(1 + 2);
  });

  test('the kernel was changed', async () => {
    tamper();
    const { head, code, answer } = await seen();
    expect([code, head]).toEqual([2, expect.stringMatching(/differs: somebody changed it in the kernel/)]);
    const findings = [{ place: 'set seawall-trusted4a', text: '0.0.0.0/1 too much' }];
    const drift = { findings, count: 1, elsewhere: false, rival: false };
    expect(answer.difference).toEqual({ generation: 1, wanted: 'same', drift });
  });

  test('the next boot is ready all the same, though the plan would use other names for the sets', async () => {
    tamper();
    machine.kernel.sets.run('add seawall-public-tcp4a 80', true);
    expect((await machine.run(status)).out).toContain('the same rules are ready to load');
    edit('22/tcp', '80/tcp');
    expect((await machine.run(status)).out).toContain('an earlier policy is ready to load');
  });

  test('the config was edited', async () => {
    edit('22/tcp', '22/tcp, 443/tcp');
    const { head, code, answer } = await seen();
    expect([code, head]).toEqual([2, expect.stringMatching(/as last applied, but the config was edited since/)]);
    expect(answer.difference).toEqual({
      generation: 1,
      wanted: 'edited',
      drift: { findings: [], count: 0, elsewhere: false, rival: false },
    });
  });

  test('a name resolves to something else, and a list holds something else', async () => {
    machine.names.set('office.example.com', [address('192.0.2.11')]);
    const { head, answer } = await seen();
    expect(head).toMatch(/as last applied, but names, lists or links have changed since/);
    expect(answer.difference).toMatchObject({ wanted: 'other-facts', drift: { count: 0 } });
  });

  test('both', async () => {
    tamper();
    edit('203.0.113.7', '203.0.113.8');
    const { head, answer } = await seen();
    expect(head).toMatch(/somebody changed it, and the config was edited since: seawall apply/);
    // Only what somebody changed is told as such: the config's own difference is none of it.
    expect(answer.difference?.drift.findings).toEqual([{ place: 'set seawall-trusted4a', text: '0.0.0.0/1 too much' }]);
  });

  test('nobody knows what was applied', async () => {
    tamper();
    await machine.files.remove(`${STATE}/boot`);
    const { head, answer } = await seen();
    expect(head).toMatch(/differs from the config/);
    expect(answer.difference).toMatchObject({ generation: null, wanted: 'unknown', drift: { count: 1 } });
  });

  test('of a run that was killed nobody says that somebody else did it', async () => {
    tamper();
    machine.files.put(`${STATE}/journal`, 'since 2026-01-01T00:00:00Z\n');
    expect((await seen()).head).toMatch(/differs from the config/);
  });

  test('after down nothing is missing', async () => {
    await machine.run(down, [], YES);
    expect((await machine.run(status)).out).not.toContain('in the kernel');
  });
});

describe('plan', () => {
  test('tells ports by who reaches them, names and lists by how much of them changes', async () => {
    edit('22/tcp', '443/tcp');
    machine.names.set('office.example.com', [address('192.0.2.11'), address('2001:db8::11')]);
    machine.clock.time += 10_000;
    machine.files.put(LIST, '198.18.7.0/24\n198.19.0.0/24\n198.19.7.0/24\n');
    const { out } = await machine.run(plan);
    expect(out).toContain('  public    443/tcp: trusted only → everyone\n');
    expect(out).toContain('  public    22/tcp: everyone → trusted only\n');
    expect(out).toContain('  names     office.example.com: +2 -1 addresses\n');
    expect(out).toContain('  lists     partners.txt: +2 -1 prefixes\n');
    const { sources } = JSON.parse((await machine.run(plan, [], { json: true })).out) as { sources: unknown };
    expect(sources).toEqual([
      { kind: 'name', name: 'office.example.com', added: 2, removed: 1 },
      { kind: 'list', name: 'partners.txt', added: 2, removed: 1 },
    ]);
  });

  test('says nothing of names and lists that stay', async () => {
    edit('22/tcp', '443/tcp');
    machine.names.set('office.example.com', []);
    const { out } = await machine.run(plan);
    expect(out).not.toMatch(/^ {2}(names|lists) /m);
  });
});
