import { describe, expect, test } from 'vitest';
import { readKernel } from '../../../src/live/kernel.ts';
import { driftOf } from '../../../src/plan/drift.ts';
import { makePlan } from '../../../src/plan/plan.ts';
import { ruleDifferences } from '../../../src/plan/rule-differences.ts';
import { applyTo } from '../../support/changing.ts';
import { FakeKernel } from '../../support/fake-kernel.ts';
import { policy } from '../../support/machine.ts';

const POLICY = policy('trusted: [203.0.113.7, 2001:db8:1::/48]\npublic: [22/tcp]\nblock: [203.0.113.99]');

/** What is found after somebody changed a kernel in which the policy stands. */
async function found(tamper: (kernel: FakeKernel) => void): Promise<string[]> {
  const kernel = new FakeKernel();
  await applyTo(kernel, POLICY);
  tamper(kernel);
  const live = await readKernel(kernel, 'whole');
  const { findings, count } = driftOf(makePlan(POLICY, live), live);
  expect(count).toBeGreaterThanOrEqual(findings.length);
  const more = count > findings.length ? [`and ${count - findings.length} more`] : [];
  return [...findings.map(({ place, text }) => `${place}: ${text}`), ...more];
}

const v4 =
  (...lines: string[]) =>
  (kernel: FakeKernel): void =>
    lines.forEach((line) => kernel.tables[4].call('mangle', line));
const v6 =
  (...lines: string[]) =>
  (kernel: FakeKernel): void =>
    lines.forEach((line) => kernel.tables[6].call('mangle', line));
const sets =
  (...lines: string[]) =>
  (kernel: FakeKernel): void =>
    lines.forEach((line) => kernel.sets.run(line, true));

const HOOK = '-m conntrack ! --ctstate RELATED,ESTABLISHED -j SEAWALL-PRE';
const MARK = '-i eth0 -j MARK --set-xmark 0x1/0xffffffff';

test('nothing, where nothing differs', async () => {
  expect(await found(() => undefined)).toEqual([]);
});

describe('the jump', () => {
  test.each<[string, (kernel: FakeKernel) => void, string]>([
    [
      'is missing',
      v4(`-D PREROUTING ${HOOK}`),
      'IPv4 PREROUTING: the jump to SEAWALL-PRE is missing: packets pass Seawall by here',
    ],
    [
      'stands behind another rule',
      v6(`-I PREROUTING 1 ${MARK}`),
      `IPv6 PREROUTING: the jump to SEAWALL-PRE stands at place 2, behind: ${MARK}`,
    ],
    [
      'stands behind several rules',
      v4(`-I PREROUTING 1 -j ACCEPT`, `-I PREROUTING 1 ${MARK}`, '-I PREROUTING 1 -j RETURN'),
      'IPv4 PREROUTING: the jump to SEAWALL-PRE stands at place 4, behind: -j RETURN (and 2 more)',
    ],
    [
      'stands twice',
      v4('-A PREROUTING -j ACCEPT', `-A PREROUTING ${HOOK}`),
      'IPv4 PREROUTING: the jump to SEAWALL-PRE stands twice, at places 1 and 3',
    ],
    [
      'stands thrice, behind another rule',
      v4('-I PREROUTING 1 -j ACCEPT', `-A PREROUTING ${HOOK}`, `-A PREROUTING ${HOOK}`),
      'IPv4 PREROUTING: the jump to SEAWALL-PRE stands 3 times, at places 2, 3 and 4, behind: -j ACCEPT',
    ],
    [
      'has a stranger beside it',
      v4('-A INPUT -i eth0 -g SEAWALL-HOST'),
      'IPv4 INPUT: a jump at place 1 that is not ours: -i eth0 -g SEAWALL-HOST',
    ],
  ])('%s', async (_name, tamper, expected) => {
    expect(await found(tamper)).toEqual([expected]);
  });

  test('is told of as missing where a narrower one took its place', async () => {
    expect(await found(v4(`-D PREROUTING ${HOOK}`, '-I PREROUTING 1 -i eth1 -j SEAWALL-PRE'))).toEqual([
      'IPv4 PREROUTING: the jump to SEAWALL-PRE is missing: packets pass Seawall by here',
      'IPv4 PREROUTING: a jump at place 1 that is not ours: -i eth1 -j SEAWALL-PRE',
    ]);
  });
});

describe('the rules of a chain', () => {
  test('one that is missing, one that is not ours', async () => {
    expect(await found(v4('-D SEAWALL-BEHIND 1', '-A SEAWALL-OUT -j RETURN'))).toEqual([
      'IPv4 SEAWALL-BEHIND: rule 1 is missing: -m set --match-set seawall-block4a src -j DROP',
      'IPv4 SEAWALL-OUT: rule 2 is not ours: -j RETURN',
    ]);
  });

  test('emptied, and a chain and a set that are none of the policy', async () => {
    expect(
      await found((kernel) => {
        v6('-F SEAWALL-DENY', '-N SEAWALL-OLD')(kernel);
        sets('create seawall-list4-000000000000 hash:net family inet')(kernel);
      }),
    ).toEqual([
      'IPv6 SEAWALL-DENY: the chain is empty; it should have 3 rules',
      'IPv6 SEAWALL-OLD: this chain is none of this policy',
      'set seawall-list4-000000000000: this set is none of this policy',
    ]);
  });

  test.each<[string, string, string, string[]]>([
    ['nothing', 'abc', 'abc', []],
    ['two in another order', 'abcdef', 'abdcef', ['rules 3 and 4 are in another order']],
    ['three in another order', 'abcdef', 'cabdef', ['rules 1, 2 and 3 are in another order']],
    ['very many in another order', 'abcdefgh', 'hgfedcba', ['rules 1 to 8 are in another order']],
    ['one gone', 'abcdef', 'abdef', ['rule 3 is missing: c']],
    ['one put in', 'abc', 'axbc', ['rule 2 is not ours: x']],
    ['one twice', 'abc', 'abbc', ['rule 3 stands there once too often: b']],
    ['one replaced', 'abc', 'axc', ['rule 2 is missing: b', 'rule 2 is not ours: x']],
    ['one moved, one put in', 'abcd', 'bxcda', ['rule 1 stands at place 5: a', 'rule 2 is not ours: x']],
    ['all gone but one', 'abc', 'c', ['rule 1 is missing: a', 'rule 2 is missing: b']],
  ])('%s', (_name, wanted, there, expected) => {
    expect(ruleDifferences([...wanted], [...there])).toEqual(expected);
  });

  test('so many that they are not compared one by one', () => {
    const many = Array.from({ length: 100_000 }, (_, index) => `x${index}`);
    const wanted = Array.from({ length: 100 }, (_, index) => `a${index}`);
    expect(ruleDifferences(wanted, many)).toEqual(['it has 100000 rules that differ from the 100 it should have']);
  });
});

describe('sets', () => {
  test.each<[string, (kernel: FakeKernel) => void, string]>([
    ['an entry more', sets('add seawall-trusted4a 0.0.0.0/1'), 'set seawall-trusted4a: 0.0.0.0/1 too much'],
    ['an entry less', sets('del seawall-trusted4a 203.0.113.7'), 'set seawall-trusted4a: missing 203.0.113.7'],
    [
      'entries more than are told',
      sets(...[1, 3, 5, 7, 9].map((last) => `add seawall-trusted6a 2001:db8:2::${last}`)),
      'set seawall-trusted6a: 2001:db8:2::1, 2001:db8:2::3, 2001:db8:2::5 and 2 more too much',
    ],
    [
      'ports',
      sets('add seawall-public-tcp4a 80-81', 'del seawall-public-tcp4a 22'),
      'set seawall-public-tcp4a: 80-81 too much; missing 22',
    ],
  ])('%s', async (_name, tamper, expected) => {
    expect(await found(tamper)).toEqual([expected]);
  });

  // The plan would make both anew under their other names; what stands is told by the names it has.
  test('several at once, and rules besides', async () => {
    expect(
      await found((kernel) => {
        v4('-D SEAWALL-BEHIND 1')(kernel);
        sets('add seawall-trusted4a 0.0.0.0/1', 'add seawall-block4a 198.51.100.0/24')(kernel);
      }),
    ).toEqual([
      'IPv4 SEAWALL-BEHIND: rule 1 is missing: -m set --match-set seawall-block4a src -j DROP',
      'set seawall-trusted4a: 0.0.0.0/1 too much',
      'set seawall-block4a: 198.51.100.0/24 too much',
    ]);
  });
});

describe('very much at once', () => {
  test('everything gone is told in a line each', async () => {
    const flush = (kernel: FakeKernel): void => {
      for (const table of [kernel.tables[4], kernel.tables[6]])
        ['-F', '-X'].forEach((line) => table.call('mangle', line));
      kernel.sets.names().forEach((name) => kernel.sets.run(`destroy ${name}`, true));
    };
    expect(await found(flush)).toEqual([
      'IPv4: all rules of Seawall are gone',
      'IPv6: all rules of Seawall are gone',
      'sets: all sets of Seawall are gone',
    ]);
  });

  test('twelve are told, the rest is counted, and the jumps come first', async () => {
    const shown = await found((kernel) => {
      v6('-F')(kernel);
      v4(...Array.from({ length: 30 }, () => '-A SEAWALL-HOST -j RETURN'))(kernel);
    });
    expect(shown[0]).toMatch(/^IPv6 PREROUTING: the jump to SEAWALL-PRE is missing/);
    expect(shown).toHaveLength(13);
    expect(shown[12]).toMatch(/^and \d\d more$/);
  });
});
