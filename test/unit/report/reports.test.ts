import { describe, expect, test } from 'vitest';
import { changeReport, type ChangeFacts } from '../../../src/report/change.ts';
import { findingsReport } from '../../../src/report/findings.ts';
import { flowJson, stepJson, toJson } from '../../../src/report/json.ts';
import { notesReport } from '../../../src/report/notes.ts';
import { policyChanges } from '../../../src/plan/changes.ts';
import { makePlan } from '../../../src/plan/plan.ts';
import { nothingStanding, policy, standing } from '../../support/machine.ts';
import { checked } from '../../support/checked.ts';
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
                  seawall-lately4, seawall-cut4, seawall-trusted6a, seawall-public-tcp6a,
                  seawall-public-udp6a, seawall-denied6, seawall-lately6, seawall-cut6
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
