import { describe, expect, test } from 'vitest';
import type { Command, Exec } from '../../../src/effects/types.ts';
import { checkBoot, checkRights, checkTools, checkTracking, type Finding } from '../../../src/live/checkup.ts';
import { FakeClock, FakeFiles } from '../../support/fake-effects.ts';

/** Answers by command line; what has none is not installed. */
const tools =
  (answers: Readonly<Record<string, string>>): Exec =>
  ({ file, args }: Command) => {
    const said = answers[`${file} ${args.join(' ')}`] ?? answers[file];
    return Promise.resolve({
      outcome: said === undefined ? 'missing' : 'exited',
      code: said === undefined ? -1 : 0,
      stdout: Buffer.from(said ?? ''),
      stderr: '',
    });
  };

const brief = ({ subject, level, text }: Finding): string => `${subject} ${level}: ${text}`;

describe('rights', () => {
  const check = (status: string): Promise<Finding> => {
    const files = new FakeFiles(new FakeClock());
    files.put('/proc/self/status', status);
    return checkRights({ files });
  };

  test.each<[string, string, string]>([
    ['root', 'CapEff:\t000001ffffffffff\n', 'rights ok: may change the firewall'],
    ['just what it takes', 'CapInh:\t0\nCapEff:\t0000000000003000\n', 'rights ok: may change the firewall'],
    ['one too few', 'CapEff:\t0000000000001000\n', 'rights problem: the capability NET_RAW is missing'],
    ['nobody', 'CapEff:\t0000000000000000\n', 'rights problem: the capability NET_ADMIN and NET_RAW is missing'],
    ['no such line', '', 'rights problem: the capability NET_ADMIN and NET_RAW is missing'],
  ])('%s', async (_who, status, expected) => {
    expect(brief(await check(status))).toBe(expected);
  });
});

test('tools that are missing are named with their package; without conntrack it works on', async () => {
  const findings = await checkTools(
    {
      exec: tools({
        iptables: 'iptables v1.8.9 (nf_tables)\nmore',
        ip6tables: 'ip6tables v1.8.9',
        ip: 'ip utility',
        flock: 'flock',
      }),
    },
    'iptables',
  );
  const bad = findings.filter(({ level }) => level !== 'ok');
  expect(bad.map(({ subject, level, hint }) => [subject, level, hint])).toEqual([
    ['ipset', 'problem', 'install it: apt-get install ipset'],
    ['conntrack', 'warning', 'install it: apt-get install conntrack'],
  ]);
  expect(findings[0]).toMatchObject({ subject: 'iptables', text: 'iptables v1.8.9 (nf_tables)' });
});

test.each<[string, Record<string, string>, Finding['level']]>([
  ['enabled', { systemctl: 'enabled\n' }, 'ok'],
  ['disabled', { systemctl: 'disabled\n' }, 'warning'],
  ['no such unit', { systemctl: '' }, 'warning'],
  ['no systemd', {}, 'warning'],
])('the boot: %s', async (_what, answers, level) => {
  expect((await checkBoot({ exec: tools(answers) })).level).toBe(level);
});

test.each([
  ['10', '100', 'ok', /^10 of 100 connections$/],
  ['90', '100', 'problem', /nearly full/],
  ['100', '100', 'problem', /the table is full/],
  [undefined, undefined, 'ok', /^0 of 0/],
])('%s connections of %s', async (count, limit, level, text) => {
  const files = new FakeFiles(new FakeClock());
  if (count !== undefined) files.put('/proc/sys/net/netfilter/nf_conntrack_count', `${count}\n`);
  if (limit !== undefined) files.put('/proc/sys/net/netfilter/nf_conntrack_max', `${limit}\n`);
  expect(await checkTracking({ files })).toMatchObject({ level, text: expect.stringMatching(text) as string });
});
