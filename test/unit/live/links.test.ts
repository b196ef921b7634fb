import { describe, expect, test } from 'vitest';
import type { Command, Output } from '../../../src/effects/types.ts';
import { readLinks } from '../../../src/live/links.ts';
import { formatAddress } from '../../../src/net/address.ts';
import { formatPrefix } from '../../../src/net/prefix.ts';

/** As `ip -j -d address show` prints it on Debian 12, shortened to a few of its fields. */
const ADDRESSES = JSON.stringify([
  {
    ifindex: 1,
    ifname: 'lo',
    link_type: 'loopback',
    addr_info: [
      { family: 'inet', local: '127.0.0.1', prefixlen: 8, scope: 'host' },
      { family: 'inet6', local: '::1', prefixlen: 128 },
    ],
  },
  {
    ifindex: 2,
    ifname: 'eth0',
    link_type: 'ether',
    addr_info: [
      { family: 'inet', local: '198.51.100.10', prefixlen: 24, broadcast: '198.51.100.255' },
      { family: 'inet6', local: '2001:db8:51::10', prefixlen: 64 },
      { family: 'inet6', local: 'fe80::1', prefixlen: 64, scope: 'link' },
    ],
  },
  {
    ifindex: 3,
    ifname: 'docker0',
    linkinfo: { info_kind: 'bridge', info_data: { forward_delay: 1500 } },
    addr_info: [{ family: 'inet', local: '172.17.0.1', prefixlen: 16 }],
  },
  {
    ifindex: 5,
    ifname: 'veth1a2b',
    link: 'if4',
    master: 'docker0',
    linkinfo: { info_kind: 'veth', info_slave_kind: 'bridge' },
    addr_info: [],
  },
  {
    ifindex: 6,
    ifname: 'ppp0',
    linkinfo: { info_kind: 'ppp' },
    addr_info: [{ family: 'inet', local: '10.0.0.2', address: '10.0.0.1', prefixlen: 32 }],
  },
  {},
]);

async function read(answers: { addresses?: string; v4?: string; v6?: string } = {}) {
  const asked: string[] = [];
  const exec = ({ file, args }: Command): Promise<Output> => {
    asked.push([file, ...args].join(' '));
    const stdout = args.includes('address')
      ? (answers.addresses ?? ADDRESSES)
      : args.includes('-4')
        ? (answers.v4 ?? '[]')
        : (answers.v6 ?? '');
    return Promise.resolve({ outcome: 'exited', code: 0, stdout: Buffer.from(stdout), stderr: '' });
  };
  return { links: await readLinks({ exec }), asked };
}

test('links with kind, master and addresses', async () => {
  const { links } = await read();
  expect(links.map(({ name, kind, master }) => [name, kind, master])).toEqual([
    ['lo', undefined, undefined],
    ['eth0', undefined, undefined],
    ['docker0', 'bridge', undefined],
    ['veth1a2b', 'veth', 'docker0'],
    ['ppp0', 'ppp', undefined],
  ]);
  expect(links.map(({ addresses }) => addresses.map(formatAddress))).toEqual([
    ['127.0.0.1', '::1'],
    ['198.51.100.10', '2001:db8:51::10', 'fe80::1'],
    ['172.17.0.1'],
    [],
    ['10.0.0.2'],
  ]);
  expect(links.map(({ subnets }) => subnets.map(formatPrefix))).toEqual([
    ['127.0.0.0/8', '::1'],
    ['198.51.100.0/24', '2001:db8:51::/64', 'fe80::/64'],
    ['172.17.0.0/16'],
    [],
    ['10.0.0.2'],
  ]);
});

describe('uplinks: where a default route leaves', () => {
  const uplinks = async (answers: { v4?: string; v6?: string }): Promise<string[]> =>
    (await read(answers)).links.filter(({ uplink }) => uplink).map(({ name }) => name);

  test.each<[string, { v4?: string; v6?: string }, string[]]>([
    ['none', {}, []],
    ['one', { v4: '[{"dst":"default","gateway":"198.51.100.1","dev":"eth0","flags":[]}]' }, ['eth0']],
    [
      'of IPv6 alone',
      { v6: '[{"type":"unicast","dst":"default","gateway":"fe80::2","dev":"eth0","metric":1024}]' },
      ['eth0'],
    ],
    [
      'several hops',
      {
        v4: '[{"dst":"default","flags":[],"nexthops":[{"gateway":"198.51.100.1","dev":"eth0","weight":1},{"dev":"ppp0","weight":1}]}]',
      },
      ['eth0', 'ppp0'],
    ],
    [
      'in other tables',
      { v4: '[{"dst":"default","dev":"eth0","table":"100"},{"dst":"default","dev":"ppp0"}]' },
      ['eth0', 'ppp0'],
    ],
    ['an unreachable one', { v6: '[{"type":"unreachable","dst":"default","dev":"lo","metric":4294967295}]' }, ['lo']],
  ])('%s', async (_name, answers, expected) => {
    expect(await uplinks(answers)).toEqual(expected);
  });
});

test('routes of all tables are asked for, not the main one alone', async () => {
  const { asked } = await read();
  expect(asked).toContain('ip -j -4 route show table all default');
  expect(asked).toContain('ip -j -6 route show table all default');
});

test('a tool that fails is a failure with a way out', async () => {
  const exec = (): Promise<Output> =>
    Promise.resolve({ outcome: 'missing', code: -1, stdout: Buffer.alloc(0), stderr: '' });
  await expect(readLinks({ exec })).rejects.toMatchObject({
    message: 'reading the interfaces: ip is not installed',
    hint: 'install it: apt-get install iproute2',
  });
});
