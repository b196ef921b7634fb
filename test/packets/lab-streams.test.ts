import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOST, NEIGHBOUR, SOURCES } from '../../lab/addresses.ts';
import { forge } from '../../lab/forge.ts';
import { currentTargets, populate } from '../../lab/populate.ts';
import { type World, createWorld, mustExec } from '../../lab/world.ts';

// Do the lab's streams count what really happens, and does its network do what is told of it?
let world: World;

beforeAll(async () => {
  world = await createWorld();
  await populate(world);
});
afterAll(() => world?.remove());

describe('streams', () => {
  test('TCP: the client counts as many as the service', async () => {
    const [client, host] = [await world.agent('trusted-a'), await world.agent('host')];
    const port = await host.serveTcp({ name: 'counted', port: 0 });
    const stream = await client.startTcpStream({ address: HOST.v4, port });
    await sleep(1500);
    const report = await stream.stop();
    expect(report).toMatchObject({ succeeded: report.attempts, failed: 0, slow: 0 });
    expect(report.attempts).toBeGreaterThan(100);
    expect(await host.received('tcp', port)).toEqual({
      count: report.attempts,
      by: { '203.0.113.7': report.attempts },
    });
  });

  test('TCP: a gap shows as slow connections, a longer one as failures', async () => {
    const client = await world.agent('trusted-a');
    const port = await (await world.agent('host')).serveTcp({ name: 'gap', port: 0 });
    const stream = await client.startTcpStream({ address: HOST.v4, port, timeoutMs: 2000 });
    await dropFor(port, 300);
    await sleep(1500);
    const between = await stream.peek();
    await dropFor(port, 3500);
    const report = await stream.stop();
    expect(between).toMatchObject({ slow: 4, failed: 0 });
    expect(report.reasons).toEqual({ closed: report.failed });
    expect(report.failed).toBeGreaterThanOrEqual(4);
    expect(report.attempts).toBe(report.succeeded + report.failed);
  });

  test('UDP: exactly the dropped datagrams are lost', async () => {
    const [client, host] = [await world.agent('trusted-b'), await world.agent('host')];
    const port = await host.serveUdp({ name: 'counted', port: 0 });
    const rule = [
      '-p',
      'udp',
      '--dport',
      String(port),
      '-m',
      'statistic',
      '--mode',
      'nth',
      '--every',
      '10',
      '--packet',
      '0',
      '-j',
      'DROP',
    ];
    await mustExec(world, 'host', ['iptables', '-t', 'mangle', '-A', 'PREROUTING', ...rule]);
    const stream = await client.startUdpStream({ address: HOST.v4, port, rate: 500, perFlow: 50 });
    await sleep(1500);
    const report = await stream.stop();
    await mustExec(world, 'host', ['iptables', '-t', 'mangle', '-F', 'PREROUTING']);
    const { count } = await host.received('udp', port);
    expect(report.attempts).toBeGreaterThan(500);
    expect(Math.abs(report.failed - report.attempts / 10)).toBeLessThanOrEqual(1);
    expect(count).toBe(report.succeeded);
  });

  test('a flood counts every answer, and a silent one arrives whole', async () => {
    const [client, host] = [await world.agent('untrusted'), await world.agent('host')];
    const port = await host.serveUdp({ name: 'sink', port: 0, echo: false });
    const open = await client.startSynFlood({ address: HOST.v4, port: 7000 });
    await sleep(1000);
    const answered = await open.stop();
    const refused = await client.startSynFlood({ address: HOST.v4, port: 9 });
    const blast = await client.startUdpStream({ address: HOST.v6, port, rate: 10_000, echo: false });
    await sleep(1000);
    const [refusals, sent] = await Promise.all([refused.stop(), blast.stop()]);
    await sleep(100);
    expect(answered.succeeded).toBe(answered.attempts);
    expect(refusals.reasons).toEqual({ refused: refusals.attempts });
    expect(Math.min(answered.attempts, refusals.attempts)).toBeGreaterThan(300);
    expect(sent.attempts).toBeGreaterThan(5000);
    expect(await host.received('udp', port)).toEqual({
      count: sent.attempts,
      by: { [SOURCES.untrusted.v6]: sent.attempts },
    });
  });

  test('a held connection tells of stalls and of its end', async () => {
    const client = await world.agent('trusted-a');
    const held = await client.hold({ address: HOST.v4, port: 8080, intervalMs: 20, stallMs: 200 });
    await sleep(300);
    const calm = await held.check();
    await mustExec(world, 'host', [
      'iptables',
      '-t',
      'mangle',
      '-A',
      'PREROUTING',
      '-s',
      SOURCES['single address'].v4,
      '-j',
      'DROP',
    ]);
    await sleep(500);
    await mustExec(world, 'host', ['iptables', '-t', 'mangle', '-F', 'PREROUTING']);
    await sleep(1500);
    const stalled = await held.check();
    await world.engine.containers.restart('app');
    await sleep(300);
    const ended = await held.release();
    expect(calm).toMatchObject({ alive: true, stalls: [] });
    expect(calm.exchanged).toBeGreaterThan(5);
    expect(stalled.stalls.length).toBe(1);
    expect(stalled.longestMs).toBeGreaterThan(400);
    expect(ended).toMatchObject({ alive: false });
    await currentTargets(world);
  });
});

describe('odd networks', () => {
  test('a hop with a small MTU needs its ICMP errors', async () => {
    const client = await world.agent('trusted-b');
    const request = { port: 7000, bytes: 400_000 };
    await world.setPathMtu('trusted-b', 1280);
    await mustExec(world, 'host', ['iptables', '-t', 'mangle', '-A', 'PREROUTING', '-p', 'icmp', '-j', 'DROP']);
    const deaf = await client.transfer({ ...request, address: HOST.v4, timeoutMs: 2000 });
    await mustExec(world, 'host', ['iptables', '-t', 'mangle', '-F', 'PREROUTING']);
    const reports = await Promise.all([HOST.v4, HOST.v6].map((address) => client.transfer({ ...request, address })));
    await world.setPathMtu('trusted-b', 1500);
    expect(deaf.complete).toBe(false);
    expect(reports.map(({ complete }) => complete)).toEqual([true, true]);
  });

  test('forged packets arrive as forged', async () => {
    const [neighbour, host] = [await world.agent('neighbour'), await world.agent('host')];
    const port = await host.serveUdp({ name: 'forged', port: 0, echo: false });
    const undo = await forge(world, { node: 'neighbour', to: HOST.v4, protocol: 'udp', port, source: '172.17.0.9' });
    await neighbour.udp(HOST.v4, port, { timeoutMs: 300 });
    await undo();
    await neighbour.udp(HOST.v4, port, { timeoutMs: 300 });
    const { by } = await host.received('udp', port);
    expect(Object.keys(by).toSorted()).toEqual(['172.17.0.9', NEIGHBOUR.v4]);
  });

  test('a forged loopback destination gets in where the kernel lets it', async () => {
    const [neighbour, host] = [await world.agent('neighbour'), await world.agent('host')];
    const port = await host.serveUdp({ name: 'loopback', port: 0, address: '127.0.0.1', echo: false });
    const undo = await forge(world, {
      node: 'neighbour',
      to: HOST.v4,
      protocol: 'udp',
      port,
      destination: '127.0.0.1',
    });
    await neighbour.udp(HOST.v4, port, { timeoutMs: 300 });
    const before = await host.received('udp', port);
    await mustExec(world, 'host', ['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet']);
    await neighbour.udp(HOST.v4, port, { timeoutMs: 300 });
    const after = await host.received('udp', port);
    await mustExec(world, 'host', ['sh', '-c', 'echo 0 > /proc/sys/net/ipv4/conf/eth0/route_localnet']);
    await undo();
    expect(before.count).toBe(0);
    expect(after.count).toBeGreaterThan(0);
  });
});

async function dropFor(port: number, milliseconds: number): Promise<void> {
  const rule = ['PREROUTING', '-p', 'tcp', '--dport', String(port), '-j', 'DROP'];
  await mustExec(world, 'host', ['iptables', '-t', 'mangle', '-A', ...rule]);
  await sleep(milliseconds);
  await mustExec(world, 'host', ['iptables', '-t', 'mangle', '-D', ...rule]);
}
