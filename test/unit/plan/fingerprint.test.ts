import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { readKernel } from '../../../src/live/kernel.ts';
import { liveFingerprint } from '../../../src/plan/fingerprint.ts';
import { opennessOf } from '../../../src/plan/openness.ts';
import { makePlan } from '../../../src/plan/plan.ts';
import { standing } from '../../../src/plan/standing.ts';
import { compile } from '../../../src/policy/compile.ts';
import { applyTo } from '../../support/changing.ts';
import { FakeKernel } from '../../support/fake-kernel.ts';
import { list, policy } from '../../support/machine.ts';
import { patient, runs } from '../../support/runs.ts';
import { policiesArb } from '../../support/small-world.ts';

const fingerprint = async (kernel: FakeKernel): Promise<string> => liveFingerprint(await readKernel(kernel, 'whole'));

describe('the fingerprint of what stands', () => {
  let kernel: FakeKernel;
  let before: string;
  beforeEach(async () => {
    kernel = new FakeKernel();
    await applyTo(kernel, policy('trusted: [203.0.113.7]\npublic: [22/tcp]\nblock: [192.0.2.66]'));
    before = await fingerprint(kernel);
  });

  test.each<[string, () => void]>([
    ['an address more', () => kernel.sets.run('add seawall-trusted4a 203.0.113.9')],
    ['an address less', () => kernel.sets.run('del seawall-trusted4a 203.0.113.7')],
    ['a port more', () => kernel.sets.run('add seawall-public-tcp4a 23')],
    ['a set more', () => kernel.sets.run('create seawall-scratch hash:net family inet')],
    ['a rule more', () => kernel.tables[4].call('mangle', '-I SEAWALL-HOST 1 -j RETURN')],
    ['a rule less, in IPv6', () => kernel.tables[6].call('mangle', '-D SEAWALL-HOST 1')],
    ['a hook less', () => kernel.tables[6].call('mangle', '-D PREROUTING 1')],
    ['a rule of others before a hook', () => kernel.tables[4].call('mangle', '-I PREROUTING 1 -i eth9 -j MARK')],
  ])('changes with %s', async (_name, tamper) => {
    tamper();
    expect(await fingerprint(kernel)).not.toBe(before);
  });

  test.each<[string, () => void]>([
    ['who was denied', () => kernel.sets.run('add seawall-denied4 198.51.100.7,tcp:22')],
    ['what others have', () => kernel.tables[4].call('filter', '-A INPUT -j DROP')],
    ['a rule of others behind a hook', () => kernel.tables[4].call('mangle', '-A PREROUTING -i eth9 -j MARK')],
    ['sets of others', () => kernel.sets.run('create admins hash:net family inet')],
  ])('does not change with %s', async (_name, tamper) => {
    tamper();
    expect(await fingerprint(kernel)).toBe(before);
  });
});

test('what a plan says will stand is what then stands', patient, async () => {
  await fc.assert(
    fc.asyncProperty(policiesArb(3), async (policies) => {
      const kernel = new FakeKernel();
      for (const each of policies) {
        const { target } = makePlan(each, await readKernel(kernel, 'whole'));
        await applyTo(kernel, each);
        expect(await fingerprint(kernel)).toBe(liveFingerprint(standing(target)));
      }
    }),
    runs(15),
  );
});

describe('how open a ruleset is', () => {
  const lists = new Map([['partners', list('203.0.113.8/29', '2001:db8:9::/48')]]);
  test.each<[string, string, number, string[]]>([
    ['nobody and nothing', 'public: []', 0, []],
    ['addresses of both versions', 'trusted: [203.0.113.7, 192.0.2.0/24, 2001:db8::1]', 3, []],
    ['a list beside them', 'trusted: [203.0.113.1, {file: partners}]', 3, []],
    ['ports', 'public: [22/tcp, 8000-8010/tcp, 53/udp]', 0, ['22/tcp', '8000-8010/tcp', '53/udp']],
    ['blocks and allowed sources don’t count', 'block: [192.0.2.1]\nallow: [{from: [192.0.2.2], to: [80/tcp]}]', 0, []],
  ])('%s', (_name, text, trusted, ports) => {
    const open = opennessOf(compile(policy(text, { lists })));
    expect([open.trusted, [...open.public].toSorted()]).toEqual([trusted, ports.toSorted()]);
  });
});
