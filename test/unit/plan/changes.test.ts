import { describe, expect, test } from 'vitest';
import { readKernel } from '../../../src/live/kernel.ts';
import { isFirst, policyChanges, stepSummary, type PolicyChange } from '../../../src/plan/changes.ts';
import { makePlan, planRemoval } from '../../../src/plan/plan.ts';
import { portsNotIn } from '../../../src/plan/port-difference.ts';
import type { Facts } from '../../../src/policy/facts.ts';
import { applyTo } from '../../support/changing.ts';
import { FakeKernel } from '../../support/fake-kernel.ts';
import { list, nothingStanding, policy, standing } from '../../support/machine.ts';

const BASE = 'trusted: [203.0.113.7, 2001:db8:1::/48]\npublic: [22/tcp]';

const shown = (changes: readonly PolicyChange[]): string[] =>
  changes.flatMap(({ area, added, removed }) => [
    ...added.map((text) => `${area} + ${text}`),
    ...removed.map((text) => `${area} - ${text}`),
  ]);

async function changed(
  before: string,
  after: string,
  more: Partial<Facts> = {},
  reading: 'whole' | 'by-name' = 'whole',
): Promise<string[]> {
  const kernel = new FakeKernel();
  await applyTo(kernel, policy(before, more));
  const live = await readKernel(kernel, reading);
  return shown(policyChanges(makePlan(policy(after, more), live), live));
}

describe('a change in words of the config', () => {
  test.each<[string, string, string[]]>([
    ['nothing', BASE, []],
    ['an address more', 'trusted: [203.0.113.6/31, 2001:db8:1::/48]\npublic: [22/tcp]', ['trusted + 203.0.113.6']],
    [
      'part of a prefix goes',
      'trusted: [203.0.113.7, 2001:db8:1::/49]\npublic: [22/tcp]',
      ['trusted - 2001:db8:1:8000::/49'],
    ],
    ['everyone goes', 'public: [22/tcp]', ['trusted - 203.0.113.7', 'trusted - 2001:db8:1::/48']],
    [
      'ports',
      'trusted: [203.0.113.7, 2001:db8:1::/48]\npublic: [8000-8010/tcp, 53/udp]',
      ['public + 8000-8010/tcp', 'public + 53/udp', 'public - 22/tcp'],
    ],
    [
      'a port beside another one',
      'trusted: [203.0.113.7, 2001:db8:1::/48]\npublic: [22/tcp, 23/tcp]',
      ['public + 23/tcp'],
    ],
    ['a block', `${BASE}\nblock: [192.0.2.66]`, ['block + 192.0.2.66']],
    [
      'a rule',
      `${BASE}\nallow: [{from: [10.9.0.0/16], to: [9100/tcp, 53/udp]}]`,
      ['allow + 10.9.0.0/16 → 9100/tcp', 'allow + 10.9.0.0/16 → 53/udp'],
    ],
    ['an interface', `${BASE}\ninterfaces: {internal: ['wg*']}`, ['internal + wg*']],
  ])('%s', async (_name, after, expected) => {
    expect(await changed(BASE, after)).toEqual(expected);
  });

  const lists = new Map([
    ['a', list('192.0.2.0/24', '198.51.100.0/25')],
    ['b', list('192.0.2.0/24')],
  ]);
  test('a list that changed, entry by entry where it was read', async () => {
    expect(await changed('trusted: [{file: a}]', 'trusted: [{file: b}]', { lists })).toEqual([
      'trusted - 198.51.100.0/25',
    ]);
  });

  test('a list that stays is no change, read or not', async () => {
    for (const reading of ['whole', 'by-name'] as const)
      expect(await changed('trusted: [{file: a}]', 'trusted: [{file: a}, 203.0.113.9]', { lists }, reading)).toEqual([
        'trusted + 203.0.113.9',
      ]);
  });

  test('a list that goes without having been read is named at least', async () => {
    expect(await changed('trusted: [{file: a}]', 'trusted: [203.0.113.9]', { lists }, 'by-name')).toEqual([
      'trusted + 203.0.113.9',
      expect.stringMatching(/^lists - seawall-list4-/),
    ]);
  });

  test('of very many entries a few are spelled out, and all are counted', async () => {
    const many = Array.from({ length: 40 }, (_, index) => `10.0.${index}.0/25`);
    const live = await standing(policy(BASE));
    const [change] = policyChanges(makePlan(policy(`${BASE.replace(']', `, ${many.join(', ')}]`)}`), live), live);
    expect([change?.area, change?.added.length, change?.addedCount, change?.removedCount]).toEqual([
      'trusted',
      12,
      40,
      0,
    ]);
  });
});

describe('who reaches a port', () => {
  const reach = async (before: string, after: string): Promise<unknown> => {
    const live = await standing(policy(before));
    return policyChanges(makePlan(policy(after), live), live).find(({ area }) => area === 'public')?.reach;
  };
  const ALLOW = 'allow: [{from: [10.9.0.0/16, 10.8.0.1, "2001:db8:9::/48"], to: [8000-8010/tcp, 53/udp]}]';

  test.each<[string, string, string, object]>([
    [
      'ports that open and close',
      BASE,
      'trusted: [203.0.113.7]\npublic: [443/tcp]',
      { added: ['443/tcp: trusted only → everyone'], removed: ['22/tcp: everyone → trusted only'] },
    ],
    [
      'a port that some were allowed to reach, of both IP versions',
      `${ALLOW}\npublic: [53/tcp]`,
      `${ALLOW}\npublic: [53/tcp, 8001/tcp, 7999/tcp]`,
      {
        added: ['7999/tcp: trusted only → everyone', '8001/tcp: the trusted and 3 allowed sources → everyone'],
        removed: [],
      },
    ],
    [
      'a port that one source will be allowed to reach',
      'public: [53/udp]',
      'allow: [{from: [10.9.0.1], to: [53/udp]}]',
      { added: [], removed: ['53/udp: everyone → the trusted and 1 allowed source'] },
    ],
  ])('%s', async (_name, before, after, expected) => {
    expect(await reach(before, after)).toEqual(expected);
  });

  test('where no firewall stands yet there is nothing to tell: everyone reached all', async () => {
    const live = await nothingStanding();
    const [, change] = policyChanges(makePlan(policy(BASE), live), live);
    expect([change?.area, change?.added, change?.reach]).toEqual(['public', ['22/tcp'], undefined]);
  });

  test('sources that were not read are not counted', async () => {
    const kernel = new FakeKernel();
    await applyTo(kernel, policy(`${ALLOW}\npublic: [22/tcp]`));
    const live = await readKernel(kernel, 'by-name');
    const changes = policyChanges(makePlan(policy('public: [8001/tcp]'), live), live);
    expect(changes.find(({ area }) => area === 'public')?.reach?.added).toEqual([
      expect.stringMatching(/^8001\/tcp: .* → everyone$/),
    ]);
  });
});

test('what somebody else changed is told as a difference from the config', async () => {
  const kernel = new FakeKernel();
  await applyTo(kernel, policy(BASE));
  kernel.sets.run('add seawall-trusted4a 0.0.0.0/1');
  kernel.sets.run('add seawall-public-tcp4a 23');
  const live = await readKernel(kernel, 'whole');
  expect(shown(policyChanges(makePlan(policy(BASE), live), live))).toEqual(['trusted - 0.0.0.0/1', 'public - 23/tcp']);
});

describe('ports that differ', () => {
  test.each<[string[], string[], string[]]>([
    [['22/tcp'], ['22/tcp'], []],
    [['22-30/tcp'], ['25/tcp'], ['22-24/tcp', '26-30/tcp']],
    [['22-30/tcp'], ['20-24/tcp', '30/tcp'], ['25-29/tcp']],
    [['22/tcp', '22/udp'], ['22/tcp'], ['22/udp']],
    [['1-65535/tcp'], ['2-65534/tcp'], ['1/tcp', '65535/tcp']],
    [['80/tcp'], ['1-65535/tcp'], []],
    [[], ['1/tcp'], []],
  ])('%j without %j: %j', (texts, others, left) => {
    expect(portsNotIn(texts, others)).toEqual(left);
  });
});

test('what differs in one IP version alone is told', async () => {
  const kernel = new FakeKernel();
  await applyTo(kernel, policy(BASE));
  kernel.sets.run('add seawall-public-tcp6a 80');
  const live = await readKernel(kernel, 'whole');
  expect(shown(policyChanges(makePlan(policy(BASE), live), live))).toEqual(['public - 80/tcp']);
});

describe('the first of all', () => {
  test('is one where no packet meets Seawall, whatever lies about', async () => {
    const kernel = new FakeKernel();
    expect(isFirst(await readKernel(kernel, 'whole'))).toBe(true);
    kernel.tables[4].restore('*mangle\n:SEAWALL-OLD - [0:0]\nCOMMIT\n', { noflush: true, committed: () => undefined });
    expect(isFirst(await readKernel(kernel, 'whole'))).toBe(true);
    await applyTo(kernel, policy(BASE));
    expect(isFirst(await readKernel(kernel, 'whole'))).toBe(false);
  });
});

describe('steps in one line each', () => {
  const summaries = async (before: string | undefined, after: string): Promise<string[]> => {
    const live = before === undefined ? await nothingStanding() : await standing(policy(before));
    return makePlan(policy(after), live).steps.map(stepSummary);
  };

  test('one address more is one swap', async () => {
    expect(await summaries(BASE, 'trusted: [203.0.113.7, 203.0.113.9, 2001:db8:1::/48]\npublic: [22/tcp]')).toEqual([
      'swap seawall-trusted4a',
    ]);
  });

  test('one port more is one swap for each IP version', async () => {
    expect(await summaries(BASE, BASE.replace('22/tcp', '22/tcp, 80/tcp'))).toEqual([
      'swap seawall-public-tcp4a, seawall-public-tcp6a',
    ]);
  });

  test('two lists at once are made beside, switched over by the rules, and the old ones go', async () => {
    expect(
      await summaries(BASE, 'trusted: [203.0.113.9, 2001:db8:1::/48]\nblock: [203.0.113.7]\npublic: [22/tcp]'),
    ).toEqual([
      'create seawall-trusted4b, seawall-block4a',
      'IPv4: write SEAWALL-HOST, write SEAWALL-BEHIND',
      'destroy seawall-trusted4a',
    ]);
  });

  test('the removal unhooks before it destroys', async () => {
    const steps = planRemoval(await standing(policy(BASE))).map(stepSummary);
    expect(steps.map((step) => step.split(' ')[0])).toEqual(['IPv4:', 'IPv6:', 'destroy']);
  });
});
