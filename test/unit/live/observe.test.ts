import { beforeEach, describe, expect, test } from 'vitest';
import { observe, type Observation } from '../../../src/live/observe.ts';
import { formatAddress } from '../../../src/net/address.ts';
import { fakeDocker } from '../../support/fake-effects.ts';
import { CONFIG, FakeMachine, STATE } from '../../support/fake-machine.ts';
import { config } from '../../support/machine.ts';
import { address } from '../../support/values.ts';

const MEMORY = { remembered: `${STATE}/remembered.json`, lists: `${STATE}/lists` };

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});

const look = (text = 'trusted: [office.example.com]'): Promise<Observation> =>
  observe(
    {
      exec: machine.kernel.exec,
      files: machine.files,
      clock: machine.clock,
      docker: fakeDocker(machine.docker),
      names: { lookup: (name) => Promise.resolve(machine.names.get(name) ?? []) },
      lock: { hold: (_path, work) => work() },
    },
    config(text),
    CONFIG,
    MEMORY,
    'whole',
  );

/** Looks, and keeps what the next run profits from, as a command that changes something does. */
async function lookAndKeep(text?: string): Promise<Observation> {
  const seen = await look(text);
  for (const { path, content } of seen.keep) await machine.files.write(path, [content], 0o600);
  return seen;
}

const office = ({ facts }: Observation): string[] =>
  (facts.names.get('office.example.com')?.addresses ?? []).map(formatAddress);

describe('a name', () => {
  test('is what it resolves to, and is remembered', async () => {
    machine.names.set('office.example.com', [address('192.0.2.10'), address('2001:db8::10')]);
    const seen = await lookAndKeep();
    expect([office(seen), seen.notes]).toEqual([['192.0.2.10', '2001:db8::10'], []]);
    expect(seen.keep).toHaveLength(1);
    expect((await look()).keep).toEqual([]);
  });

  test.each<[string, string[]]>([
    ['does not resolve', []],
    ['resolves to nobody', ['0.0.0.0', '::', '127.0.0.1']],
  ])('that %s now keeps its last addresses', async (_what, answer) => {
    machine.names.set('office.example.com', [address('192.0.2.10')]);
    await lookAndKeep();
    machine.names.set('office.example.com', answer.map(address));
    const seen = await lookAndKeep();
    expect([office(seen), seen.notes]).toEqual([
      ['192.0.2.10'],
      ['office.example.com does not resolve now: it keeps its last known address'],
    ]);
    // And goes on to keep them.
    expect(office(await lookAndKeep())).toEqual(['192.0.2.10']);
  });

  test('that never resolved is nobody', async () => {
    const seen = await look();
    expect([office(seen), seen.notes]).toEqual([
      [],
      ['office.example.com does not resolve and never did: nobody is trusted by it yet'],
    ]);
  });

  test('that moves is at its new address alone', async () => {
    machine.names.set('office.example.com', [address('192.0.2.10')]);
    await lookAndKeep();
    machine.names.set('office.example.com', [address('192.0.2.20')]);
    expect(office(await lookAndKeep())).toEqual(['192.0.2.20']);
  });
});

describe('Docker', () => {
  test('is asked, and what it said holds while it is away', async () => {
    const there = await lookAndKeep('trusted: [203.0.113.7]');
    expect([there.facts.docker.seen, there.notes]).toEqual(['live', []]);
    machine.docker = {};
    const away = await look('trusted: [203.0.113.7]');
    expect(away.facts.docker).toEqual({ ...there.facts.docker, seen: 'remembered' });
    expect(away.notes).toEqual([
      'Docker: not running (nobody answers /networks)',
      'Docker: what it last said of its networks is used',
    ]);
    expect(away.keep).toEqual([]);
  });

  test('that never answered is unknown', async () => {
    machine.docker = {};
    expect((await look('trusted: [203.0.113.7]')).facts.docker.seen).toBe('unknown');
  });
});

test('links and lists are there, and a list is compiled once', async () => {
  machine.files.put('/etc/seawall/a.txt', '192.0.2.0/24\n');
  machine.clock.time += 10_000;
  const seen = await lookAndKeep('trusted: [{file: a.txt}]\nblock: [{file: a.txt}]');
  expect(seen.facts.links.map(({ name, uplink }) => [name, uplink])).toEqual([
    ['lo', false],
    ['eth0', true],
    ['docker0', false],
  ]);
  expect(seen.facts.lists.get('a.txt')?.v4.size).toBe(1);
  expect(seen.keep.filter(({ path }) => path.startsWith(MEMORY.lists))).toHaveLength(1);
  expect((await look('trusted: [{file: a.txt}]')).keep).toEqual([]);
});
