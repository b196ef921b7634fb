import { describe, expect, test } from 'vitest';
import type { Output } from '../../../src/effects/types.ts';
import { parseSockets, readListeners } from '../../../src/live/listeners.ts';
import { fakeDocker } from '../../support/fake-effects.ts';

/** `ss -H -lntup` of iproute2 6.1. */
const SOCKETS = `udp   UNCONN 0      0                  0.0.0.0:68         0.0.0.0:*    users:(("dhclient",pid=512,fd=7))
udp   UNCONN 0      0                *%eth0:5353              *:*    users:(("avahi-daemon",pid=600,fd=12))
tcp   LISTEN 0      128                0.0.0.0:22         0.0.0.0:*    users:(("sshd",pid=700,fd=3))
tcp   LISTEN 0      128              127.0.0.1:631        0.0.0.0:*    users:(("cupsd",pid=701,fd=7))
tcp   LISTEN 0      4096               0.0.0.0:8080       0.0.0.0:*    users:(("docker-proxy",pid=900,fd=4))
tcp   LISTEN 0      4096                  [::]:8080          [::]:*    users:(("docker-proxy",pid=907,fd=4))
tcp   LISTEN 0      128                   [::]:22            [::]:*    users:(("sshd",pid=700,fd=4))
tcp   LISTEN 0      511                  [::1]:9000          [::]:*
tcp   LISTEN 0      511                      *:3000             *:*    users:(("node",pid=950,fd=18),("node",pid=951,fd=18))
tcp   LISTEN 0      1     [::ffff:127.0.0.1]:7000             *:*    users:(("java",pid=960,fd=18))
`;

test('sockets as ss prints them', () => {
  expect(
    parseSockets(SOCKETS).map(
      ({ protocol, port, loopback, owner }) => `${port}/${protocol} ${owner ?? '?'}${loopback ? ' loopback' : ''}`,
    ),
  ).toEqual([
    '68/udp dhclient',
    '5353/udp avahi-daemon',
    '22/tcp sshd',
    '631/tcp cupsd loopback',
    '8080/tcp docker-proxy',
    '8080/tcp docker-proxy',
    '22/tcp sshd',
    '9000/tcp ? loopback',
    '3000/tcp node',
    '7000/tcp java loopback',
  ]);
});

test.each([
  '',
  '\n',
  'Netid State Recv-Q',
  'nl UNCONN 0 0 rtnl:kernel *',
  'tcp LISTEN 0 128 nonsense',
  'sctp LISTEN 0 128 0.0.0.0:5 0.0.0.0:*',
  'tcp LISTEN 0 128 0.0.0.0:* 0.0.0.0:*',
])('%j is none', (line) => {
  expect(parseSockets(line)).toEqual([]);
});

describe('all that answers', () => {
  const ss = (stdout: string, code = 0): Promise<Output> =>
    Promise.resolve({ outcome: code < 0 ? 'missing' : 'exited', code, stdout: Buffer.from(stdout), stderr: '' });
  const containers = [
    {
      Names: ['/web'],
      Ports: [
        { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
        { IP: '::', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
        { PrivatePort: 9000, Type: 'tcp' },
      ],
    },
    { Names: ['/db'], Ports: [{ IP: '127.0.0.1', PrivatePort: 5432, PublicPort: 5432, Type: 'tcp' }] },
  ];
  const shown = async (docker: Readonly<Record<string, unknown>>, sockets = SOCKETS, code = 0): Promise<string[]> =>
    (await readListeners({ exec: () => ss(sockets, code), docker: fakeDocker(docker) })).map(
      ({ port, protocol, loopback, owner }) => `${port}/${protocol} ${owner ?? '?'}${loopback ? ' loopback' : ''}`,
    );

  test('programs and published ports, each once, by port', async () => {
    expect(await shown({ '/containers/json': containers })).toEqual([
      '22/tcp sshd',
      '68/udp dhclient',
      '631/tcp cupsd loopback',
      '3000/tcp node',
      '5353/udp avahi-daemon',
      '5432/tcp container db loopback',
      '7000/tcp java loopback',
      '8080/tcp container web',
      '9000/tcp ? loopback',
    ]);
  });

  test('without Docker, and without ss', async () => {
    expect(await shown({}, SOCKETS)).not.toContain('8080/tcp container web');
    expect(await shown({ '/containers/json': containers }, '', -1)).toEqual([
      '5432/tcp container db loopback',
      '8080/tcp container web',
    ]);
  });

  test.each([
    null,
    7,
    'x',
    {},
    [null],
    [{}],
    [{ Names: 1, Ports: 2 }],
    [{ Names: [], Ports: [null, 1, { PublicPort: '80', Type: 'tcp' }, { PublicPort: 80, Type: 'sctp' }] }],
  ])('an answer of Docker’s that makes no sense is none: %j', async (body) => {
    expect(await shown({ '/containers/json': body }, '')).toEqual([]);
  });
});
