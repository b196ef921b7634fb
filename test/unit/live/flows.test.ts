import { describe, expect, test } from 'vitest';
import type { Command, Output } from '../../../src/effects/types.ts';
import { parseFlows, readFlows, untrackedFlows } from '../../../src/live/flows.ts';
import { parseSocketTable } from '../../../src/live/sockets.ts';
import { formatAddress } from '../../../src/net/address.ts';

const shown = (text: string): string[] =>
  parseFlows(text).map(
    ({ protocol, source, sourcePort, destination, port, serverPort }) =>
      `${protocol} ${formatAddress(source)} ${sourcePort} > ${formatAddress(destination)} ${port} (${serverPort})`,
  );

describe('lines of conntrack -L', () => {
  test.each(['TIME_WAIT', 'CLOSE'])('a connection that has ended is marked: %s', (state) => {
    const line = `tcp      6 9 ${state} src=203.0.113.7 dst=198.51.100.10 sport=1 dport=22 src=198.51.100.10 dst=203.0.113.7 sport=22 dport=1 [ASSURED] mark=0 use=1`;
    expect(parseFlows(line)).toMatchObject([{ port: 22, ended: true }]);
    expect(parseFlows(line.replace(state, 'CLOSE_WAIT'))).toMatchObject([{ port: 22 }]);
    expect(parseFlows(line.replace(state, 'CLOSE_WAIT'))[0]).not.toHaveProperty('ended');
  });

  test.each<[string, string, string[]]>([
    [
      'an established connection',
      'tcp      6 431999 ESTABLISHED src=203.0.113.7 dst=198.51.100.10 sport=59192 dport=22 src=198.51.100.10 dst=203.0.113.7 sport=22 dport=59192 [ASSURED] mark=0 use=1',
      ['tcp 203.0.113.7 59192 > 198.51.100.10 22 (22)'],
    ],
    [
      'one to a published port: its opener dialled 8080, the container answers from 80',
      'tcp      6 86 ESTABLISHED src=203.0.113.7 dst=198.51.100.10 sport=40000 dport=8080 src=172.17.0.2 dst=203.0.113.7 sport=80 dport=40000 [ASSURED] mark=0 use=2',
      ['tcp 203.0.113.7 40000 > 198.51.100.10 8080 (80)'],
    ],
    [
      'a container to the world, behind NAT',
      'tcp      6 117 SYN_SENT src=172.17.0.2 dst=192.0.2.80 sport=50000 dport=443 [UNREPLIED] src=192.0.2.80 dst=198.51.100.10 sport=443 dport=50000 mark=0 use=1',
      ['tcp 172.17.0.2 50000 > 192.0.2.80 443 (443)'],
    ],
    [
      'UDP without an answer',
      'udp      17 29 src=127.0.0.1 dst=127.0.0.1 sport=41962 dport=9997 [UNREPLIED] src=127.0.0.1 dst=127.0.0.1 sport=9997 dport=41962 mark=0 use=1',
      ['udp 127.0.0.1 41962 > 127.0.0.1 9997 (9997)'],
    ],
    [
      'IPv6, with a mark, a security context and a zone',
      'udp      17 29 src=2001:db8::7 dst=2001:db8:51::10 sport=60569 dport=53 src=2001:db8:51::10 dst=2001:db8::7 sport=53 dport=60569 [ASSURED] mark=4660 secctx=system_u:object_r:unlabeled_t:s0 zone=7 use=1',
      ['udp 2001:db8::7 60569 > 2001:db8:51::10 53 (53)'],
    ],
    [
      'a zone of one direction',
      'tcp      6 300 ESTABLISHED src=203.0.113.7 dst=198.51.100.10 sport=1 dport=2 zone-orig=5 src=198.51.100.10 dst=203.0.113.7 sport=2 dport=1 [ASSURED] mark=0 use=1',
      ['tcp 203.0.113.7 1 > 198.51.100.10 2 (2)'],
    ],
    [
      'with counters and flags of offloading',
      'tcp      6 src=203.0.113.7 dst=198.51.100.10 sport=1 dport=2 packets=3 bytes=180 src=198.51.100.10 dst=203.0.113.7 sport=2 dport=1 packets=2 bytes=120 [OFFLOAD] mark=0 use=1',
      ['tcp 203.0.113.7 1 > 198.51.100.10 2 (2)'],
    ],
  ])('%s', (_name, line, flows) => {
    expect(shown(`${line}\n`)).toEqual(flows);
  });

  test.each<[string, string]>([
    [
      'an echo',
      'icmp     1 29 src=203.0.113.7 dst=198.51.100.10 type=8 code=0 id=3 src=198.51.100.10 dst=203.0.113.7 type=0 code=0 id=3 mark=0 use=1',
    ],
    [
      'SCTP',
      'sctp     132 9 COOKIE_WAIT src=203.0.113.7 dst=198.51.100.10 sport=1 dport=2 src=198.51.100.10 dst=203.0.113.7 sport=2 dport=1 mark=0 use=1',
    ],
    [
      'an unknown protocol',
      'unknown  2 575 src=203.0.113.7 dst=224.0.0.1 [UNREPLIED] src=224.0.0.1 dst=203.0.113.7 mark=0 use=1',
    ],
    ['what conntrack says at the end', 'conntrack v1.4.7 (conntrack-tools): 4 flow entries have been shown.'],
    ['half a line', 'tcp      6 431999 ESTABLISHED src=203.0.113.7 dst=198.51.100.10 sport=59192 dp'],
    [
      'a line without its second half',
      'tcp      6 431999 ESTABLISHED src=203.0.113.7 dst=198.51.100.10 sport=59192 dport=22 ',
    ],
    [
      'an address that is none',
      'tcp      6 1 ESTABLISHED src=203.0.113.777 dst=198.51.100.10 sport=1 dport=22 src=198.51.100.10 dst=203.0.113.7 sport=22 dport=1 use=1',
    ],
  ])('%s is left out', (_name, line) => {
    expect(shown(line)).toEqual([]);
  });

  test('who answers is told where it is not the one that was dialled', () => {
    const line =
      'tcp 6 86 ESTABLISHED src=203.0.113.7 dst=198.51.100.10 sport=1 dport=8080 packets=3 bytes=180 src=172.17.0.2 dst=203.0.113.7 sport=80 dport=1 use=1';
    const [behind] = parseFlows(line);
    expect(behind?.server && formatAddress(behind.server)).toBe('172.17.0.2');
    expect(parseFlows(line.replace('172.17.0.2', '198.51.100.10'))[0]).not.toHaveProperty('server');
  });

  test('a connection that is about to close is still one', () => {
    const line =
      'tcp      6 50 CLOSE_WAIT src=203.0.113.7 dst=198.51.100.10 sport=1 dport=22 src=198.51.100.10 dst=203.0.113.7 sport=22 dport=1 [ASSURED] use=1\n';
    expect(shown(line)).toHaveLength(1);
  });
});

describe('reading them', () => {
  const answer = (stdout: string, more: Partial<Output> = {}): Output => ({
    outcome: 'exited',
    code: 0,
    stdout: Buffer.from(stdout),
    stderr: '',
    ...more,
  });
  const line = (address: string): string =>
    `udp 17 29 src=${address} dst=${address} sport=1 dport=2 src=${address} dst=${address} sport=2 dport=1 use=1\n`;

  test('asks for each IP version by itself', async () => {
    const exec = ({ args }: Command): Promise<Output> =>
      Promise.resolve(answer(line(args.includes('ipv6') ? '::1' : '127.0.0.1')));
    expect((await readFlows({ exec }))?.map(({ source }) => source.family)).toEqual([4, 6]);
  });

  test.each<[string, Partial<Output>]>([
    ['there is no tool', { outcome: 'missing', code: -1 }],
    ['it may not', { code: 1 }],
    ['it hangs', { outcome: 'timed-out', code: -1 }],
  ])('where %s, nothing is known', async (_name, output) => {
    const exec = ({ args }: Command): Promise<Output> =>
      Promise.resolve(args.includes('ipv6') ? answer('', output) : answer(line('127.0.0.1')));
    expect(await readFlows({ exec })).toBeUndefined();
  });
});

describe('connections that nothing tracks', () => {
  const SOCKETS = parseSocketTable(
    [
      'LISTEN 0 128 0.0.0.0:22 0.0.0.0:*',
      'LISTEN 0 128 [::]:80 [::]:*',
      'ESTAB 0 0 198.51.100.10:22 203.0.113.50:50000',
      'ESTAB 0 0 198.51.100.10:22 203.0.113.51:50001',
      'ESTAB 0 0 [::ffff:198.51.100.10]:80 [::ffff:203.0.113.52]:50002',
      'ESTAB 0 0 [2001:db8:51::10]:80 [2001:db8:e::50]:50003',
      'ESTAB 0 0 198.51.100.10:40000 203.0.113.53:443',
    ].join('\n'),
  );
  const TRACKED = parseFlows(
    'tcp 6 431999 ESTABLISHED src=203.0.113.51 dst=198.51.100.10 sport=50001 dport=22 src=198.51.100.10 dst=203.0.113.51 sport=22 dport=50001 [ASSURED] mark=0 use=1',
  );

  test('are those of clients to a port that is listened to', () => {
    const found = untrackedFlows(SOCKETS, TRACKED).map(({ source, port }) => `${formatAddress(source)} ${port}`);
    expect(found).toEqual(['203.0.113.50 22', '203.0.113.52 80', '2001:db8:e::50 80']);
  });
});
