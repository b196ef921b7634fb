import { createColors } from 'picocolors';
import { describe, expect, test } from 'vitest';
import type { DifferenceFacts } from '../../../src/report/difference.ts';
import { statusReport, type StatusFacts } from '../../../src/report/status.ts';
import { checked } from '../../support/checked.ts';
import { PLAIN } from '../../support/fake-machine.ts';
import { docker, network } from '../../support/machine.ts';

const STATUS: StatusFacts = {
  state: 'as-configured',
  halfHooked: false,
  changes: [],
  repairs: 0,
  difference: undefined,
  boot: 'ready',
  unfinished: { pending: undefined, underWay: undefined, undone: undefined },
  families: [
    { family: 4, trusted: 1_200_000, blocked: 3, rules: 47, dropped: 1 },
    { family: 6, trusted: 1, blocked: 0, rules: 60, dropped: 0 },
  ],
  backend: { backend: 'iptables', why: 'chosen by itself' },
  docker: docker({ networks: [network('bridge', 'docker0'), network('lan', undefined)], swarm: true }),
  internal: ['docker0', 'docker_gwbridge', 'br-*'],
  outer: ['eth0'],
};

/** What was applied is not known, so nothing but the config can be compared with. */
const UNKNOWN: DifferenceFacts = {
  generation: null,
  drift: { findings: [], count: 0, elsewhere: false, rival: false },
  wanted: 'unknown',
};
const FOUND = [
  {
    place: 'IPv4 PREROUTING',
    text: 'the jump to SEAWALL-PRE stands at place 2, behind: -j ACCEPT',
    foreign: true as const,
  },
  { place: 'set seawall-trusted4a', text: '0.0.0.0/1 too much; missing 203.0.113.7' },
];
const CHANGED: DifferenceFacts = {
  generation: 7,
  drift: { findings: FOUND, count: 2, elsewhere: false, rival: false },
  wanted: 'same',
};
const differs = (difference: DifferenceFacts): Partial<StatusFacts> => ({ state: 'differs', repairs: 2, difference });

describe('the status', () => {
  const report = (more: Partial<StatusFacts> = {}): string => checked(statusReport({ ...STATUS, ...more }, PLAIN));

  test('where all is well', () => {
    expect(report()).toMatchInlineSnapshot(`
      "Seawall stands, as the config says.
        IPv4       1,200,000 trusted prefixes, 3 blocked, 47 rules, 1 packet dropped
        IPv6       1 trusted prefix, 0 blocked, 60 rules, 0 packets dropped
        backend    iptables, chosen by itself
        Docker     28.5.2, 1 bridge network, swarm, 1 macvlan or ipvlan network: out of reach of any
                   firewall on this host
        internal   docker0, docker_gwbridge, br-*
        outer      eth0
        at boot    the same rules are ready to load"
    `);
  });

  test('where something differs', () => {
    const changes: StatusFacts['changes'] = [
      { area: 'trusted', added: ['203.0.113.7'], removed: ['0.0.0.0/1'], addedCount: 1, removedCount: 1 },
      { area: 'public', added: [], removed: ['23/tcp'], addedCount: 0, removedCount: 1 },
    ];
    expect(report({ ...differs(UNKNOWN), changes, boot: 'older' })).toMatchInlineSnapshot(`
      "Seawall stands, but differs from the config. Heal it: seawall apply
        IPv4       1,200,000 trusted prefixes, 3 blocked, 47 rules, 1 packet dropped
        IPv6       1 trusted prefix, 0 blocked, 60 rules, 0 packets dropped
        backend    iptables, chosen by itself
        Docker     28.5.2, 1 bridge network, swarm, 1 macvlan or ipvlan network: out of reach of any
                   firewall on this host
        internal   docker0, docker_gwbridge, br-*
        outer      eth0
        at boot    an earlier policy is ready to load; the next apply renews it

      in words of the config:
        missing  trusted: 203.0.113.7
        surplus  trusted: 0.0.0.0/1
        surplus  public: 23/tcp"
    `);
  });

  test('where very much differs: some of it, and how much it is', () => {
    const allow = `10.9.0.0/16 → ${Array.from({ length: 30 }, (_, index) => `${index * 10 + 1}/tcp`).join(', ')}`;
    const changes: StatusFacts['changes'] = [
      { area: 'allow', added: [allow], removed: ['192.0.2.1 → 1/tcp'], addedCount: 1, removedCount: 1300 },
    ];
    const shown = report({ ...differs(UNKNOWN), changes });
    expect(shown).toContain('\n  surplus  allow: 192.0.2.1 → 1/tcp\n  surplus  allow: … 1,300 in all');
  });

  test('where only rules differ', () => {
    expect(
      report({ ...differs(UNKNOWN), repairs: 1 })
        .split('\n')
        .slice(-1)[0],
    ).toMatchInlineSnapshot(`"  the policy is the same, but 1 part of the rules or sets differ"`);
  });

  const tail = (text: string): string => text.slice(text.indexOf('load\n') + 6);
  test('where somebody changed it', () => {
    const shown = report(differs(CHANGED));
    expect(shown.split('\n')[0]).toBe(
      'Seawall stands, but differs: somebody changed it in the kernel. Heal it: seawall apply',
    );
    expect(tail(shown)).toMatchInlineSnapshot(`
      "in the kernel, since generation 7:
        IPv4 PREROUTING: the jump to SEAWALL-PRE stands at place 2, behind: -j ACCEPT
        set seawall-trusted4a: 0.0.0.0/1 too much; missing 203.0.113.7
        If other rules come back in front of Seawall after an apply: seawall doctor"
    `);
  });

  test('where the config was edited, or what it speaks of has changed, or both', () => {
    const heads = [
      { ...CHANGED, drift: UNKNOWN.drift, wanted: 'edited' as const },
      { ...CHANGED, drift: UNKNOWN.drift, wanted: 'other-facts' as const },
      { ...CHANGED, wanted: 'edited' as const },
      { ...CHANGED, wanted: 'other-facts' as const },
    ].map((difference) => report(differs(difference)).split('\n')[0]);
    expect(heads.join('\n')).toMatchInlineSnapshot(`
      "Seawall stands, as last applied, but the config was edited since: seawall apply
      Seawall stands, as last applied, but names, lists or links have changed since: seawall apply
      Seawall stands, but somebody changed it, and the config was edited since: seawall apply
      Seawall stands, but somebody changed it, and names, lists or links have changed since: seawall apply"
    `);
  });

  test('where old rules stand in the other variant of iptables', () => {
    const drift = { ...CHANGED.drift, elsewhere: true };
    expect(report(differs({ ...CHANGED, drift })).split('\n')[0]).toMatchInlineSnapshot(
      `"Seawall stands, but old rules are in force in the other variant of iptables. Heal it: seawall apply"`,
    );
  });

  test('rules of others may be of any length, and hold what a terminal would obey', () => {
    const text = `rule 1 is not ours: -m comment --comment ${'x'.repeat(400)}`;
    const findings = [
      { place: 'IPv4 SEAWALL-PRE', text },
      { place: 'IPv6 SEAWALL-PRE', text: 'rule 2 is not ours: -m comment --comment "\u001B[2J" -j ACCEPT' },
    ];
    const shown = report(differs({ ...CHANGED, drift: { findings, count: 1214, elsewhere: false, rival: false } }));
    expect(shown).toContain(String.raw`\u{1b}[2J`);
    expect(shown).toContain('\n  and 1,212 more');
  });

  test('where nothing stands any more, after an apply', () => {
    const findings = [4, 6].map((family) => ({ place: `IPv${family}`, text: 'all rules of Seawall are gone' }));
    const shown = report({
      state: 'off',
      difference: { ...CHANGED, drift: { findings, count: 2, elsewhere: false, rival: false } },
    });
    expect(tail(shown)).toMatchInlineSnapshot(`
      "in the kernel, since generation 7:
        IPv4: all rules of Seawall are gone
        IPv6: all rules of Seawall are gone"
    `);
  });

  test('where nothing stands', () => {
    expect(report({ state: 'off', boot: 'missing', docker: docker({ seen: 'unknown', networks: [] }) }))
      .toMatchInlineSnapshot(`
      "Seawall does not stand: this machine is as open as Docker leaves it. Close it: seawall apply
        backend    iptables, chosen by itself
        Docker     never seen on this machine
        internal   docker0, docker_gwbridge, br-*
        outer      eth0
        at boot    nothing is ready: apply writes it"
    `);
  });

  test('where a hook is missing', () => {
    expect(report({ ...differs(UNKNOWN), halfHooked: true }).split('\n')[0]).toMatchInlineSnapshot(
      `"Seawall stands in part only: some packets pass it by! Heal it: seawall apply"`,
    );
  });

  test('with very many links', () => {
    const outer = Array.from({ length: 40 }, (_, index) => `enp${index}s0f1np1`);
    expect(report({ outer }).split('\n').length).toBeGreaterThan(10);
  });

  test('with Docker away', () => {
    expect(report({ docker: docker({ seen: 'remembered', version: undefined }) })).toContain(
      'version unknown (not answering; as last seen)',
    );
  });

  test('with colours the words are the same', () => {
    const colours = createColors(true);
    const painted = statusReport({ ...STATUS, ...differs(CHANGED) }, colours);
    expect(painted).toContain('\u001B[');
    // oxlint-disable-next-line no-control-regex
    expect(painted.replaceAll(/\u001B\[\d+m/g, '')).toBe(statusReport({ ...STATUS, ...differs(CHANGED) }, PLAIN));
  });
});
