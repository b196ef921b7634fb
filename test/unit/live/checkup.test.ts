import { describe, expect, test } from 'vitest';
import type { Command, Exec } from '../../../src/effects/types.ts';
import { checkBoot, checkRights, checkTools, type Finding } from '../../../src/live/checkup.ts';
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
  const findings = await checkTools({
    exec: tools({
      iptables: 'iptables v1.8.9 (nf_tables)\nmore',
      ip6tables: 'ip6tables v1.8.9',
      ip: 'ip utility',
      flock: 'flock',
    }),
  });
  const bad = findings.filter(({ level }) => level !== 'ok');
  expect(bad.map(({ subject, level, hint }) => [subject, level, hint])).toEqual([
    ['ipset', 'problem', 'install it: apt-get install ipset'],
    ['conntrack', 'warning', 'install it: apt-get install conntrack'],
  ]);
  expect(findings[0]).toMatchObject({ subject: 'iptables', text: 'iptables v1.8.9 (nf_tables)' });
});

describe('both variants of iptables', () => {
  const RULES = '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j DROP\nCOMMIT\n';
  const EMPTY = '*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n';
  test.each<[Record<string, string>, Finding['level']]>([
    [{}, 'ok'],
    [{ 'iptables-nft-save': RULES }, 'ok'],
    [{ 'iptables-nft-save': RULES, 'iptables-legacy-save': EMPTY }, 'ok'],
    [{ 'iptables-nft-save': EMPTY, 'iptables-legacy-save': RULES }, 'ok'],
    [{ 'iptables-nft-save': RULES, 'iptables-legacy-save': RULES }, 'warning'],
  ])('%#', async (answers, level) => {
    expect((await checkVariants({ exec: tools(answers) })).level).toBe(level);
  });
});

describe('rules before ours, and other firewalls', () => {
  const OWN = '-A PREROUTING -m conntrack ! --ctstate RELATED,ESTABLISHED -j SEAWALL-PRE\n';
  const table = (rules: string): string =>
    `*mangle\n:PREROUTING ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:SEAWALL-PRE - [0:0]\n${rules}COMMIT\n`;
  const check = async (mangle: string, all = ''): Promise<string[]> =>
    (await checkNeighbours({ exec: tools({ 'iptables-save ': mangle + all }) })).map(brief);

  test.each(['', OWN, `${OWN}-A PREROUTING -j MARK --set-xmark 0x1/0xffffffff\n`])('none: %j', async (rules) => {
    expect(await check(table(rules))).toEqual(['order ok: nothing in the mangle table stands before Seawall']);
  });

  test('one that stands before', async () => {
    expect(await check(table(`-A PREROUTING -i eth0 -j ACCEPT\n${OWN}`))).toEqual([
      'order warning: before Seawall: PREROUTING: -i eth0 -j ACCEPT',
    ]);
  });

  test('ufw, firewalld, fail2ban and kube-proxy are told', async () => {
    const others =
      '*filter\n:ufw-user-input - [0:0]\n:INPUT_ZONES - [0:0]\n:f2b-sshd - [0:0]\n:KUBE-SERVICES - [0:0]\nCOMMIT\n';
    expect((await check(table(OWN), others)).slice(1).map((text) => text.split(' ')[0])).toEqual([
      'ufw',
      'firewalld',
      'fail2ban',
      'kube-proxy',
    ]);
  });
});

test.each<[string, Record<string, string>, Finding['level']]>([
  ['enabled', { systemctl: 'enabled\n' }, 'ok'],
  ['disabled', { systemctl: 'disabled\n' }, 'warning'],
  ['no such unit', { systemctl: '' }, 'warning'],
  ['no systemd', {}, 'warning'],
])('the boot: %s', async (_what, answers, level) => {
  expect((await checkBoot({ exec: tools(answers) })).level).toBe(level);
});
