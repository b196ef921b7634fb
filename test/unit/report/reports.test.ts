import { createColors } from 'picocolors';
import { describe, expect, test } from 'vitest';
import { changeReport, type ChangeFacts } from '../../../src/report/change.ts';
import { findingsReport } from '../../../src/report/findings.ts';
import { flowJson, stepJson, toJson } from '../../../src/report/json.ts';
import { notesReport } from '../../../src/report/notes.ts';
import type { DifferenceFacts } from '../../../src/report/difference.ts';
import { statusReport, type StatusFacts } from '../../../src/report/status.ts';
import { policyChanges } from '../../../src/plan/changes.ts';
import { makePlan } from '../../../src/plan/plan.ts';
import { docker, network, nothingStanding, policy, standing } from '../../support/machine.ts';
import { PLAIN } from '../../support/fake-machine.ts';
import { address } from '../../support/values.ts';

const flow = (from: string, port = 443) => ({
  protocol: 'tcp' as const,
  source: address(from),
  sourcePort: 50_000,
  destination: address(from.includes(':') ? '2001:db8:51::10' : '198.51.100.10'),
  port,
  serverPort: port,
});

/** Nothing is wider than a terminal, ends in blanks, or brings colour where none is asked for. */
function checked(text: string): string {
  for (const line of text.split('\n'))
    expect([line.length <= 100, line.trimEnd() === line, line]).toEqual([true, true, line]);
  expect(text).not.toContain('\u001B');
  return text;
}

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
  docker: docker({ networks: [network('bridge', 'docker0'), network('lan', undefined)], swarm: true }),
  internal: ['docker0', 'docker_gwbridge', 'br-*'],
  outer: ['eth0'],
};

/** What was applied is not known, so nothing but the config can be compared with. */
const UNKNOWN: DifferenceFacts = { generation: null, drift: { findings: [], count: 0 }, wanted: 'unknown' };
const FOUND = [
  {
    place: 'IPv4 PREROUTING',
    text: 'the jump to SEAWALL-PRE stands at place 2, behind: -j ACCEPT',
    foreign: true as const,
  },
  { place: 'set seawall-trusted4a', text: '0.0.0.0/1 too much; missing 203.0.113.7' },
];
const CHANGED: DifferenceFacts = { generation: 7, drift: { findings: FOUND, count: 2 }, wanted: 'same' };
const differs = (difference: DifferenceFacts): Partial<StatusFacts> => ({ state: 'differs', repairs: 2, difference });

describe('the status', () => {
  const report = (more: Partial<StatusFacts> = {}): string => checked(statusReport({ ...STATUS, ...more }, PLAIN));

  test('where all is well', () => {
    expect(report()).toMatchInlineSnapshot(`
      "Seawall stands, as the config says.
        IPv4       1,200,000 trusted prefixes, 3 blocked, 47 rules, 1 packet dropped
        IPv6       1 trusted prefix, 0 blocked, 60 rules, 0 packets dropped
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

  test('rules of others may be of any length, and hold what a terminal would obey', () => {
    const text = `rule 1 is not ours: -m comment --comment ${'x'.repeat(400)}`;
    const findings = [
      { place: 'IPv4 SEAWALL-PRE', text },
      { place: 'IPv6 SEAWALL-PRE', text: 'rule 2 is not ours: -m comment --comment "\u001B[2J" -j ACCEPT' },
    ];
    const shown = report(differs({ ...CHANGED, drift: { findings, count: 1214 } }));
    expect(shown).toContain(String.raw`\u{1b}[2J`);
    expect(shown).toContain('\n  and 1,212 more');
  });

  test('where nothing stands any more, after an apply', () => {
    const findings = [4, 6].map((family) => ({ place: `IPv${family}`, text: 'all rules of Seawall are gone' }));
    const shown = report({ state: 'off', difference: { ...CHANGED, drift: { findings, count: 2 } } });
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
});

describe('a change', () => {
  const report = (facts: ChangeFacts): string => checked(changeReport(facts, PLAIN));
  const planned = async (
    before: string | undefined,
    after: string,
    more: Partial<ChangeFacts> = {},
  ): Promise<string> => {
    const live = before === undefined ? await nothingStanding() : await standing(policy(before));
    const plan = makePlan(policy(after), live);
    return report({
      changes: policyChanges(plan, live),
      sources: [],
      first: before === undefined,
      steps: plan.steps,
      cut: [],
      rules: false,
      ...more,
    });
  };
  const BASE = 'trusted: [203.0.113.7]\npublic: [22/tcp]';

  test('that puts up the wall', async () => {
    expect(await planned(undefined, BASE)).toMatchInlineSnapshot(`
      "This closes the machine: no firewall of Seawall stands yet.
        trusted   + 203.0.113.7
        public    + 22/tcp
        internal  + docker0  docker_gwbridge  br-*
        kernel    create seawall-trusted4a, seawall-public-tcp4a, seawall-public-udp4a, seawall-denied4,
                  seawall-cut4, seawall-trusted6a, seawall-public-tcp6a, seawall-public-udp6a,
                  seawall-denied6, seawall-cut6
                  IPv4: write SEAWALL-PRE, write SEAWALL-FWD, write SEAWALL-HOST, write SEAWALL-BEHIND,
                  write SEAWALL-ICMP, write SEAWALL-DENY, write SEAWALL-OUT, hook prerouting, hook forward
                  IPv6: write SEAWALL-PRE, write SEAWALL-FWD, write SEAWALL-HOST, write SEAWALL-BEHIND,
                  write SEAWALL-ICMP, write SEAWALL-DENY, write SEAWALL-OUT, hook prerouting, hook forward
        cuts      no open connection"
    `);
  });

  test('of many things at once, with connections that it cuts', async () => {
    const after = 'trusted: [203.0.113.8, 2001:db8:1::/48]\npublic: [443/tcp]\nblock: [192.0.2.66]';
    expect(await planned(BASE, after, { cut: [flow('203.0.113.7'), flow('2001:db8::7', 22)] })).toMatchInlineSnapshot(`
      "This changes:
        trusted   + 203.0.113.8  2001:db8:1::/48
        trusted   - 203.0.113.7
        blocked   + 192.0.2.66
        public    443/tcp: trusted only → everyone
        public    22/tcp: everyone → trusted only
        kernel    create seawall-trusted4b, seawall-block4a, seawall-public-tcp4b, seawall-trusted6b,
                  seawall-public-tcp6b
                  IPv4: write SEAWALL-HOST, write SEAWALL-BEHIND
                  IPv6: write SEAWALL-HOST, write SEAWALL-BEHIND
                  destroy seawall-trusted4a, seawall-public-tcp4a, seawall-trusted6a, seawall-public-tcp6a
        cuts      2 open connections
                  tcp 203.0.113.7:50000 → 198.51.100.10:443
                  tcp [2001:db8::7]:50000 → [2001:db8:51::10]:22"
    `);
  });

  test('of names and lists: how many addresses come and go', async () => {
    const source = (kind: 'name' | 'list', name: string, added: number, removed: number) => ({
      kind,
      name,
      added,
      removed,
    });
    const sources = [
      source('name', 'office.example.com', 2, 1),
      source('name', 'home.example.org', 1, 0),
      source('list', 'lists/partners.txt', 1210, 3),
      ...Array.from({ length: 12 }, (_, index) => source('list', `${index}.txt`, 0, 1)),
    ];
    const shown = await planned(BASE, `${BASE}\nlog: limited`, { sources });
    expect(
      shown
        .split('\n')
        .filter((line) => /names|lists|more/.test(line))
        .join('\n'),
    ).toMatchInlineSnapshot(`
      "  names     office.example.com: +2 -1 addresses
        names     home.example.org: +1 address
        lists     lists/partners.txt: +1,210 -3 prefixes
        lists     0.txt: -1 prefix
        lists     1.txt: -1 prefix
        lists     2.txt: -1 prefix
        lists     3.txt: -1 prefix
        lists     4.txt: -1 prefix
        lists     5.txt: -1 prefix
        lists     6.txt: -1 prefix
        lists     7.txt: -1 prefix
        lists     8.txt: -1 prefix
                  … and 3 more"
    `);
  });

  test('of nothing', async () => {
    expect(await planned(BASE, BASE)).toBe('Nothing to change: what stands is what the config says.');
  });

  test('that only repairs', async () => {
    const live = await standing(policy(BASE));
    const broken = { ...live, tables: { ...live.tables, 4: { ...live.tables[4], hooks: [] } } };
    const { steps } = makePlan(policy(BASE), broken);
    const shown = report({ changes: [], sources: [], first: false, steps, cut: undefined, rules: false });
    expect(shown).toMatchInlineSnapshot(`
      "This changes:
        the policy stays; what differs from it in the kernel is repaired
        kernel    IPv4: hook prerouting, hook forward
        cuts      open connections can’t be read: conntrack is not installed"
    `);
  });

  test('with its rules', async () => {
    const live = await standing(policy(BASE));
    const plan = makePlan(policy(`${BASE}\nlog: limited`), live);
    const text = changeReport(
      { changes: [], sources: [], first: false, steps: plan.steps, cut: [], rules: true },
      PLAIN,
    );
    expect(text).toContain('# iptables-restore --noflush\n*mangle\n:SEAWALL-DENY - [0:0]\n');
    expect(text).toContain('# ip6tables-restore --noflush\n*mangle\n');
  });

  test('that cuts very many connections tells some and their number', async () => {
    const cut = Array.from({ length: 1234 }, (_, index) => flow(`10.0.${index % 250}.1`));
    const shown = await planned(BASE, 'public: [22/tcp]', { cut });
    expect(shown).toContain('1,234 open connections');
    expect(shown).toContain('… and 1,224 more');
  });
});

describe('findings and notes', () => {
  test('are one line each, and the way out', () => {
    const text =
      'rules stand in both: 12 in legacy iptables, 31 in the nft variant, and the line is a long one to be wrapped';
    expect(
      checked(
        findingsReport(
          [
            { subject: 'rights', level: 'ok', text: 'may change the firewall' },
            {
              subject: 'variants',
              level: 'warning',
              text,
              hint: 'both are in force; see iptables-legacy-save and iptables-nft-save, and keep one of the two',
            },
            { subject: 'config', level: 'problem', text: 'not right\nat all', hint: '' },
          ],
          PLAIN,
        ),
      ),
    ).toMatchInlineSnapshot(`
      "ok       rights      may change the firewall
      warning  variants    rules stand in both: 12 in legacy iptables, 31 in the nft variant, and the line
                           is a long one to be wrapped
                           → both are in force; see iptables-legacy-save and iptables-nft-save, and keep
                             one of the two
      problem  config      not right at all"
    `);
  });

  test('notes are marked', () => {
    expect(checked(notesReport(['short', 'word '.repeat(40).trim()], PLAIN).join('\n'))).toMatchInlineSnapshot(`
      "note  short
      note  word word word word word word word word word word word word word word word word word word word
            word word word word word word word word word word word word word word word word word word word
            word word"
    `);
  });

  test('with colours the words are the same', () => {
    const colours = createColors(true);
    const painted = statusReport({ ...STATUS, ...differs(CHANGED) }, colours);
    expect(painted).toContain('\u001B[');
    // oxlint-disable-next-line no-control-regex
    expect(painted.replaceAll(/\u001B\[\d+m/g, '')).toBe(statusReport({ ...STATUS, ...differs(CHANGED) }, PLAIN));
  });
});

describe('JSON', () => {
  test('has a version, and ends with a line end', () => {
    expect(toJson({ a: 1 })).toBe('{\n  "schemaVersion": 1,\n  "a": 1\n}\n');
  });

  test('of a connection and of steps', async () => {
    expect(flowJson(flow('203.0.113.7'))).toEqual({
      protocol: 'tcp',
      source: '203.0.113.7',
      sourcePort: 50_000,
      destination: '198.51.100.10',
      port: 443,
    });
    const { steps } = makePlan(policy('trusted: [203.0.113.7]'), await nothingStanding());
    expect(steps.map((step) => Object.keys(stepJson(step)))).toEqual([
      ['kind', 'create', 'swap'],
      ['kind', 'family', 'restore'],
      ['kind', 'family', 'restore'],
    ]);
    expect(JSON.stringify(steps.map(stepJson))).not.toContain('columns');
  });
});
