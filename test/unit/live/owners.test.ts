import { describe, expect, test } from 'vitest';
import type { Output } from '../../../src/effects/types.ts';
import { parseFlows } from '../../../src/live/flows.ts';
import { readOwners } from '../../../src/live/owners.ts';
import { fakeDocker } from '../../support/fake-effects.ts';

/** `ss -H -n -p -t -u -a` of iproute2 6.1. */
const SOCKETS = `udp UNCONN 0 0 0.0.0.0:53 0.0.0.0:* users:(("dnsmasq",pid=600,fd=4))
udp ESTAB 0 0 198.51.100.10:4500 203.0.113.7:4500 users:(("charon",pid=601,fd=4))
tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=500,fd=3))
tcp ESTAB 0 0 198.51.100.10:22 203.0.113.7:5000 users:(("sshd",pid=700,fd=4),("sshd",pid=699,fd=4))
tcp ESTAB 0 0 198.51.100.10:443 203.0.113.7:5001
tcp ESTAB 0 0 [2001:db8:51::10]:8080 [2001:db8::7]:5002 users:(("docker-proxy",pid=900,fd=4))
tcp ESTAB 0 0 [::ffff:198.51.100.10]:3000 [::ffff:203.0.113.7]:5003 users:(("no\u001b[31mde",pid=950,fd=18))
`;

const CONTAINERS = [
  {
    Names: ['/web'],
    Ports: [
      { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
      { PrivatePort: 81, Type: 'tcp' },
    ],
    NetworkSettings: { Networks: { bridge: { IPAddress: '172.17.0.2', GlobalIPv6Address: '' } } },
  },
  {
    Names: ['/db'],
    Ports: [],
    NetworkSettings: { Networks: { shop: { IPAddress: '172.18.0.2', GlobalIPv6Address: '2001:db8:d0c::2' } } },
  },
];

/** A line of conntrack -L; `server`: who answers, if not the one that was dialled. */
const flowOf = (protocol: string, from: string, to: string, server = to) => {
  const end = (text: string): [string, string] => {
    const at = text.lastIndexOf(':');
    return [text.slice(0, at), text.slice(at + 1)];
  };
  const [[client, sport], [dialled, dport], [answers, port]] = [end(from), end(to), end(server)];
  const line = `${protocol} 6 9 ESTABLISHED src=${client} dst=${dialled} sport=${sport} dport=${dport} src=${answers} dst=${client} sport=${port} dport=${sport} use=1`;
  const [flow] = parseFlows(line);
  if (!flow) throw new Error(line);
  return flow;
};

const answer = (stdout: string, code = 0): Output => ({
  outcome: 'exited',
  code,
  stdout: Buffer.from(stdout),
  stderr: '',
});
const owners = (containers: unknown, code = 0) =>
  readOwners({
    exec: () => Promise.resolve(answer(SOCKETS, code)),
    docker: fakeDocker({ '/containers/json': containers }),
  });

describe('who serves a connection', () => {
  test.each<[string, ReturnType<typeof flowOf>, string | undefined]>([
    ['a program', flowOf('tcp', '203.0.113.7:5000', '198.51.100.10:22'), 'sshd'],
    ['another connection to it', flowOf('tcp', '203.0.113.7:5009', '198.51.100.10:22'), undefined],
    ['a program that can’t be seen', flowOf('tcp', '203.0.113.7:5001', '198.51.100.10:443'), undefined],
    ['a program with paint in its name', flowOf('tcp', '203.0.113.7:5003', '198.51.100.10:3000'), 'no?[31mde'],
    ['UDP that talks to everybody', flowOf('udp', '203.0.113.7:5000', '198.51.100.10:53'), 'dnsmasq'],
    ['UDP that talks to one', flowOf('udp', '203.0.113.7:4500', '198.51.100.10:4500'), 'charon'],
    ['UDP that talks to another', flowOf('udp', '203.0.113.8:4500', '198.51.100.10:4500'), undefined],
    [
      'a container behind NAT',
      flowOf('tcp', '203.0.113.7:5000', '198.51.100.10:8080', '172.17.0.2:80'),
      'container web',
    ],
    ['a container that is reached directly', flowOf('tcp', '203.0.113.7:5000', '172.18.0.2:5432'), 'container db'],
    ['a container by IPv6', flowOf('tcp', '2001:db8::7:5000', '2001:db8:d0c::2:5432'), 'container db'],
    ['Docker’s proxy', flowOf('tcp', '2001:db8::7:5002', '2001:db8:51::10:8080'), 'container web'],
    [
      'a container that Docker doesn’t list, with the port of a program',
      flowOf('udp', '203.0.113.7:5000', '198.51.100.10:5353', '172.19.0.9:53'),
      undefined,
    ],
  ])('%s', async (_name, flow, expected) => {
    expect((await owners(CONTAINERS))(flow)).toBe(expected);
  });

  test('without Docker, or with one that says nonsense, programs are named', async () => {
    const flow = flowOf('tcp', '203.0.113.7:5000', '198.51.100.10:22');
    for (const nonsense of [
      null,
      'x',
      {},
      [null, 1, {}, { Names: 'x', Ports: [null], NetworkSettings: { Networks: [1] } }],
    ])
      expect((await owners(nonsense))(flow)).toBe('sshd');
    expect((await owners(CONTAINERS))(flowOf('tcp', '2001:db8::7:5002', '2001:db8:51::10:8080'))).toBe('container web');
    expect((await owners([]))(flowOf('tcp', '2001:db8::7:5002', '2001:db8:51::10:8080'))).toBe('docker-proxy');
  });

  test('without ss, containers are', async () => {
    const ownerOf = await owners(CONTAINERS, 1);
    expect(ownerOf(flowOf('tcp', '203.0.113.7:5000', '198.51.100.10:22'))).toBeUndefined();
    expect(ownerOf(flowOf('tcp', '203.0.113.7:5000', '172.18.0.2:5432'))).toBe('container db');
  });

  test('a container’s name can’t write to the terminal', async () => {
    const evil = [
      {
        Names: [`/a\u001b]0;b\nc${'x'.repeat(5000)}`],
        NetworkSettings: { Networks: { n: { IPAddress: '172.18.0.2' } } },
      },
    ];
    const name = (await owners(evil))(flowOf('tcp', '203.0.113.7:5000', '172.18.0.2:5432'));
    expect(name).toMatch(/^container a\?\]0;b\?cx{1,60}$/);
  });
});
