import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOST } from '../../lab/addresses.ts';
import { setSysctls } from '../../lab/netns.ts';
import { mustExec } from '../../lab/world.ts';
import { arrivalKey } from './support/arrivals.ts';
import { CLOSED_MS, type IpVersion, IP_VERSIONS, PATIENT_MS, addressOf } from './support/cells.ts';
import { PROTOCOL, type Payload, packet, raw, tcp, udp } from './support/frames.ts';
import { type Look, lookAll } from './support/looks.ts';
import { shortened } from './support/rule-frames.ts';
import { type RuleWorld, createRuleWorld } from './support/rule-world.ts';
import { seawall } from './support/sources.ts';
import { macOf } from './support/wire.ts';

// What is neither UDP nor a well-behaved TCP connection, and what other people's NAT rules make of packets.

let at: RuleWorld;
const arrived = new Map<string, boolean>();

/** Flags of a first TCP packet: bits of RFC 9293, 3.1. */
const SCANS = { null: 0, fin: 1, syn: 2, 'syn and fin': 3, rst: 4, 'syn and ack': 18, ack: 16, xmas: 41 } as const;
const FILLER = Buffer.alloc(40, 1);
/** The second one is no valid association; conntrack throws that away whoever sends it. */
const OTHERS = [
  ['GRE', raw(PROTOCOL.gre, Buffer.concat([Buffer.from('00000800', 'hex'), FILLER]))],
  ['SCTP', raw(PROTOCOL.sctp, FILLER)],
  ['ESP', raw(PROTOCOL.esp, FILLER)],
  ['IP in IP', raw(4, FILLER)],
  ['an unknown protocol', raw(253, FILLER)],
] as const;

interface Case {
  readonly name: string;
  readonly version: IpVersion;
  readonly source: string;
  readonly payload: Payload;
  readonly passes: boolean;
}

const CASES: readonly Case[] = IP_VERSIONS.flatMap((version) => {
  const stranger = (n: number): string => (version === 4 ? `198.51.100.${100 + n}` : `2001:db8:51::${100 + n}`);
  const friend = (n: number): string => (version === 4 ? `198.18.66.${n}` : `2001:db8:b00::${100 + n}`);
  const others = OTHERS.flatMap(([name, payload], i) => [
    { name: `untrusted: ${name}`, version, source: stranger(i), payload, passes: false },
    { name: `trusted: ${name}`, version, source: friend(i + 1), payload, passes: name !== 'SCTP' },
  ]);
  const scans = Object.entries(SCANS).map(([name, flags], i) => {
    const payload = tcp(3000 + i, 7000, flags, 1);
    return { name: `untrusted: TCP with ${name}`, version, source: stranger(20 + i), payload, passes: false };
  });
  return [...others, ...scans];
});
const nameOf = ({ name, version }: Case): string => `v${version} ${name}`;

beforeAll(async () => {
  at = await createRuleWorld();
  await measure('applied');
  await seawall(at.world, ['down', '--yes']);
  await measure('bare');
  await seawall(at.world, ['apply', '--yes']);
});
afterAll(() => at?.end());

async function measure(phase: 'bare' | 'applied'): Promise<void> {
  await mustExec(at.world, 'host', ['conntrack', '-F']);
  const wire = { enter: at.world.enter('neighbour'), device: 'eth0' };
  const looks = CASES.map(({ version, source, payload }): Look => {
    const sent = [{ to: at.hostMac, packet: packet({ source, destination: addressOf(HOST, version) ?? '' }, payload) }];
    const key = arrivalKey(shortened(source), payload.protocol, payload.bytes.readUInt16BE(0));
    return { kind: 'frame', wire, sent, key, at: 'local' };
  });
  const answers = await lookAll(looks, at.arrivals, 0);
  CASES.forEach((each, i) => arrived.set(`${phase} ${nameOf(each)}`, answers[i] ?? false));
}

describe('other protocols, and scans of a closed port', () => {
  test.each(CASES.map((each) => [nameOf(each)] as const))('%s: gets in without Seawall', (name) => {
    expect(arrived.get(`bare ${name}`)).toBe(true);
  });
  test.each(CASES.map((each) => [nameOf(each), each.passes ? 'gets in' : 'closed', each] as const))(
    '%s: %s',
    (name, _what, { passes }) => {
      expect(arrived.get(`applied ${name}`)).toBe(passes);
    },
  );
});

test("Docker's own drop still decides over clear-text VXLAN of a friend", async () => {
  const rule = ['INPUT', '-p', 'udp', '--dport', '4789', '-j', 'DROP'];
  const friend = await at.world.agent('trusted-a');
  await (await at.world.agent('host')).serveUdp({ name: 'vxlan', port: 4789 });
  expect((await friend.udp(HOST.v4, 4789, { timeoutMs: PATIENT_MS })).service).toBe('vxlan');
  await mustExec(at.world, 'host', ['iptables', '-I', ...rule]);
  expect((await friend.udp(HOST.v4, 4789, { timeoutMs: CLOSED_MS })).state).toBe('closed');
  await mustExec(at.world, 'host', ['iptables', '-D', ...rule]);
});

test('a container cannot reach what the host keeps on 127.0.0.1, even with route_localnet', async () => {
  const listener = await at.world.agent('host');
  await listener.serveUdp({ name: 'local', port: 7003, address: '127.0.0.1', echo: false });
  await setSysctls(at.world.netns('host'), { 'net.ipv4.conf.docker0.route_localnet': 1 });
  const enter = await at.world.engine.enterContainer('front');
  const source = at.containers.front.v4;
  const sent = [
    {
      to: await macOf(at.world.enter('host'), 'docker0'),
      packet: packet({ source, destination: '127.0.0.1' }, udp(4000, 7003)),
    },
  ];
  const look: Look = { kind: 'datagram', wire: { enter, device: 'eth0' }, sent, listener, port: 7003, source };
  const applied = await lookAll([look], at.arrivals, 0);
  await seawall(at.world, ['down', '--yes']);
  const bare = await lookAll([look], at.arrivals, 0);
  await seawall(at.world, ['apply', '--yes']);
  expect({ applied, bare }).toEqual({ applied: [false], bare: [true] });
});

describe("somebody else's NAT rules", () => {
  const nat = (...words: readonly string[]): Promise<string> =>
    mustExec(at.world, 'host', ['iptables', '-t', 'nat', '-A', 'PREROUTING', '-d', HOST.v4, '-p', 'tcp', ...words]);
  const dial = async (node: 'untrusted' | 'neighbour' | 'trusted-a', port: number): Promise<string> => {
    const timeoutMs = node === 'trusted-a' ? PATIENT_MS : CLOSED_MS;
    const { state, service } = await (await at.world.agent(node)).tcp(HOST.v4, port, { timeoutMs });
    return service ?? state;
  };

  test('a redirection to a program of the host is no way in', async () => {
    await nat('--dport', '9999', '-j', 'REDIRECT', '--to-ports', '7000');
    expect([await dial('untrusted', 9999), await dial('neighbour', 9999)]).toEqual(['closed', 'closed']);
    expect(await dial('trusted-a', 9999)).toBe('host');
  });

  test('nor is one to a container', async () => {
    await nat('--dport', '9998', '-j', 'DNAT', '--to-destination', `${at.containers.front.v4}:82`);
    expect([await dial('untrusted', 9998), await dial('neighbour', 9998)]).toEqual(['closed', 'closed']);
    expect(await dial('trusted-a', 9998)).toBe('front');
  });

  test('a public port that is sent elsewhere stays public: the number that is dialled counts', async () => {
    await nat('--dport', '22', '-j', 'DNAT', '--to-destination', `${at.containers.front.v4}:82`);
    expect(await dial('untrusted', 22)).toBe('front');
  });
});
