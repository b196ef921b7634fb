import { expect, test } from 'vitest';
import type { Command } from '../../../src/effects/types.ts';
import { readDenied } from '../../../src/live/denied.ts';
import { formatAddress } from '../../../src/net/address.ts';
import { deniedReport } from '../../../src/report/denied.ts';
import { PLAIN } from '../../support/fake-machine.ts';

/** Answers by the name of the set, which both tools are asked for last; where there is none, the tool fails. */
const tools =
  (answers: Readonly<Record<string, string>>) =>
  ({ file, args }: Command) => {
    const said = answers[`${file} ${args.at(-1)}`];
    return Promise.resolve({
      outcome: 'exited' as const,
      code: said === undefined ? 1 : 0,
      stdout: Buffer.from(said ?? ''),
      stderr: '',
    });
  };

async function denied(answers: Readonly<Record<string, string>>): Promise<string[] | undefined> {
  const entries = await readDenied({ exec: tools(answers) });
  return entries?.map(
    ({ address, protocol, port, packets, since, last }) =>
      `${formatAddress(address)} ${port}/${protocol} ${packets} times, ${since} s, ${last} s`,
  );
}

const ADD4 = 'create seawall-x4 hash:ip,port family inet\n';

test('by ipset: how often is said by one set, when last by the other', async () => {
  const first = `${ADD4}add seawall-denied4 203.0.113.9,tcp:23 timeout 3000 packets 5 bytes 300\n`;
  const last = `${ADD4}add seawall-lately4 203.0.113.9,tcp:23 timeout 3590 packets 0 bytes 0\nadd seawall-lately4 203.0.113.9,udp:23 timeout 3599\n`;
  expect(await denied({ 'ipset seawall-denied4': first, 'ipset seawall-lately4': last })).toEqual([
    '203.0.113.9 23/tcp 6 times, 600 s, 10 s',
  ]);
});

test('by nft, of both IP versions', async () => {
  const set = (address: string, rest: object): string =>
    JSON.stringify({ nftables: [{ set: { elem: [{ elem: { val: { concat: [address, 'tcp', 23] }, ...rest } }] } }] });
  const answers = {
    'nft seawall-denied4': set('203.0.113.9', { expires: 3500, counter: { packets: 7 } }),
    'nft seawall-lately4': set('203.0.113.9', { expires: 3570 }),
    'nft seawall-denied6': set('2001:db8::9', { expires: 3400, counter: { packets: 2 } }),
    'nft seawall-lately6': set('2001:db8::9', { expires: 3480 }),
  };
  expect(await denied(answers)).toEqual([
    '203.0.113.9 23/tcp 7 times, 100 s, 30 s',
    '2001:db8::9 23/tcp 2 times, 200 s, 120 s',
  ]);
});

test('what the other set has lost was last seen when it was first seen; without any set nothing is known', async () => {
  const first = `${ADD4}add seawall-denied4 203.0.113.9,tcp:23 timeout 3000 packets 0 bytes 0\n`;
  expect(await denied({ 'ipset seawall-denied4': first })).toEqual(['203.0.113.9 23/tcp 1 times, 600 s, 600 s']);
  expect(await denied({})).toBeUndefined();
});

test('a table for people, within 100 columns', async () => {
  const text = `add x 2001:db8:1111:2222:3333:4444:5555:6666,tcp:65535 timeout 0 packets 4294967295 bytes 1\nadd x 203.0.113.9,tcp:23 timeout 3599 packets 0 bytes 0\n`;
  const entries = await readDenied({ exec: tools({ 'ipset seawall-denied6': text }) });
  const shown = (entries ?? []).map((entry, at) => ({ ...entry, owner: at === 0 ? 'redis-server' : undefined }));
  expect(deniedReport(shown, PLAIN)).toMatchInlineSnapshot(`
    "from                                    port      packets  first       last        whose port
    2001:db8:1111:2222:3333:4444:5555:6666  65535/tcp 4294967296 60 min ago  60 min ago  redis-server
    203.0.113.9                             23/tcp    1        1 s ago     1 s ago     nobody

    To let one in: seawall trust add 2001:db8:1111:2222:3333:4444:5555:6666"
  `);
});
