import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { bootFiles, plainFiles, rulesetFingerprint } from '../../../src/plan/boot-files.ts';
import { exportScript } from '../../../src/plan/export-script.ts';
import { PrefixSet } from '../../../src/net/prefix-set.ts';
import { compile } from '../../../src/policy/compile.ts';
import type { Facts } from '../../../src/policy/facts.ts';
import type { Ruleset } from '../../../src/ruleset/ruleset.ts';
import { list, policy } from '../../support/machine.ts';
import { patient, runs } from '../../support/runs.ts';
import { policyArb } from '../../support/small-world.ts';
import { joined } from '../../support/values.ts';

const rules = (text: string, more: Partial<Facts> = {}): Ruleset => compile(policy(text, more));

/** All that a ruleset says, as text. */
const whole = (ruleset: Ruleset): string =>
  plainFiles(ruleset)
    .map(({ name, content }) => `${name}\n${joined(content())}`)
    .join('');

describe('the fingerprint of a ruleset', () => {
  test('is the same for the same content', patient, () => {
    fc.assert(
      fc.property(policyArb, policyArb, (a, b) => {
        const [one, other] = [compile(a), compile(b)];
        expect(rulesetFingerprint(one)).toBe(rulesetFingerprint(compile(a)));
        expect(rulesetFingerprint(one) === rulesetFingerprint(other)).toBe(whole(one) === whole(other));
      }),
      runs(60),
    );
  });

  const base = 'trusted: [203.0.113.7]\npublic: [22/tcp]';
  test.each<[string, string]>([
    ['an address more', 'trusted: [203.0.113.7, 203.0.113.9]\npublic: [22/tcp]'],
    ['another address', 'trusted: [203.0.113.8]\npublic: [22/tcp]'],
    ['another length', 'trusted: [203.0.113.6/31]\npublic: [22/tcp]'],
    ['a port more', 'trusted: [203.0.113.7]\npublic: [22/tcp, 80/tcp]'],
    ['another protocol', 'trusted: [203.0.113.7]\npublic: [22/udp]'],
    ['a block', `${base}\nblock: [192.0.2.1]`],
    ['a rule', `${base}\nallow: [{from: [192.0.2.1], to: [80/tcp]}]`],
    ['a log', `${base}\nlog: limited`],
    ['a link', `${base}\ninterfaces: {internal: [wg0]}`],
    ['IPv6', 'trusted: [203.0.113.7, 2001:db8::1]\npublic: [22/tcp]'],
  ])('changes with %s', (_name, text) => {
    expect(rulesetFingerprint(rules(text))).not.toBe(rulesetFingerprint(rules(base)));
  });

  test('does not change with what changes nothing', () => {
    expect(rulesetFingerprint(rules('public: [22/tcp]\ntrusted: [203.0.113.7/32, 203.0.113.7]'))).toBe(
      rulesetFingerprint(rules(base)),
    );
  });

  test('is a name for a folder', () => {
    expect(rulesetFingerprint(rules(base))).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('the files for a boot', () => {
  const long = PrefixSet.of(
    4,
    Array.from({ length: 5000 }, (_, index) => ({ family: 4 as const, value: BigInt(index * 512), length: 24 })),
  );
  const lists = new Map([
    ['long', { v4: long, v6: PrefixSet.empty(6) }],
    ['short', list('192.0.2.0/24')],
  ]);
  const ruleset = rules('trusted: [{file: long}]\nblock: [{file: short}]\npublic: [22/tcp]', { lists });

  test('hold the same as the plain ones: long lists have files of their own', () => {
    const files = bootFiles(ruleset);
    const [own] = files.filter(({ lasting }) => lasting);
    expect(files.map(({ name }) => name)).toEqual([
      'sets.ipset',
      own?.name,
      'rules.iptables',
      'rules.ip6tables',
      'hooks',
    ]);
    expect(own?.name).toMatch(/^seawall-list4-[0-9a-f]{12}\.ipset$/);
    const sets = (text: string): string[] => text.split('\n').toSorted();
    const inFiles = files
      .filter(({ name }) => name.endsWith('.ipset'))
      .map(({ content }) => joined(content()))
      .join('');
    expect(sets(inFiles)).toEqual(sets(joined(plainFiles(ruleset)[0]?.content() ?? [])));
  });

  test('have lines that a shell can split by spaces', () => {
    const hooks = joined(plainFiles(rules('trusted: [203.0.113.7]')).at(-1)?.content() ?? []);
    expect(hooks).not.toMatch(/["'\\$`*?[\]]/);
    for (const line of hooks.trim().split('\n')) expect(line).toMatch(/^ip6?tables [A-Z]+ .*-j SEAWALL-[A-Z]+$/);
  });

  test('can be read twice', () => {
    const [sets] = plainFiles(ruleset);
    expect(joined(sets?.content() ?? [])).toBe(joined(sets?.content() ?? []));
  });
});

describe('the script for a machine without Seawall', () => {
  const ruleset = rules(
    `trusted: [203.0.113.7]\nallow: [{from: [10.9.0.0/16], to: [9100/tcp], note: "$(touch x) \`id\` \\"quoted\\" 'END"}]`,
  );
  const files = plainFiles(ruleset);
  const folder = mkdtempSync(join(tmpdir(), 'seawall-export-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Runs the script with tools that only say how they were called, and what they were fed. */
  function run(standing = ''): { status: number | null; calls: { call: string; input: string }[] } {
    for (const tool of ['ipset', 'iptables', 'ip6tables', 'iptables-restore', 'ip6tables-restore']) {
      const said = `#!/bin/sh\n[ "$1" != list ] || { echo '${standing}'; exit; }\necho "== \${0##*/} $*"\n[ "$1" = -w ] || cat\n`;
      writeFileSync(join(folder, tool), said, { mode: 0o755 });
    }
    const { status, stdout } = spawnSync('sh', [], {
      input: joined(exportScript(files, 'iptables')),
      encoding: 'utf8',
      env: { PATH: `${folder}:/usr/bin:/bin` },
    });
    const parts = stdout.split(/^== /m).slice(1);
    return {
      status,
      calls: parts.map((part) => ({ call: part.split('\n')[0] ?? '', input: part.slice(part.indexOf('\n') + 1) })),
    };
  }

  test('feeds each tool the very file, whatever a note says, and hooks in last', () => {
    const { status, calls } = run();
    const text = (name: string): string => joined(files.find((file) => file.name === name)?.content() ?? []);
    const hooks = text('hooks').trim().split('\n');
    const expected = [
      { call: 'ipset restore', input: text('sets.ipset') },
      { call: 'iptables-restore --noflush', input: text('rules.iptables') },
      { call: 'ip6tables-restore --noflush', input: text('rules.ip6tables') },
      ...hooks.map((line) => ({ call: line.replace(/^(\S+) (\S+) /, '$1 -w 10 -t mangle -I $2 1 '), input: '' })),
    ];
    // A kernel without IPv6 needs no rules for it.
    const hasIpv6 = existsSync('/proc/net/if_inet6');
    expect(status).toBe(0);
    expect(calls).toEqual(expected.filter(({ call }) => hasIpv6 || !call.startsWith('ip6')));
  });

  test('refuses where sets of Seawall stand', () => {
    expect(run('seawall-trusted4a')).toEqual({ status: 1, calls: [] });
  });
});
