import type { RequestListener } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { call, callJson, fresh, kernel } from './support/command-line.ts';
import { type Answers, INFO, always, answering, network, withDocker } from './support/fake-docker.ts';

// Docker's API may hang, lie or be gone: Seawall does its work without, in bounded time, and says what it could not see.

const CONFIG = 'version: 1\ntrusted: [203.0.113.7]\npublic: [22/tcp]\n';
const GOOD: Answers = { '/networks': [network('bridge', 'docker0'), network('mine', 'lab-mine')], '/info': INFO };
/** The longest that a question to Docker may hold up a command: two rounds of 3 s, and the work itself. */
const BOUND_MS = 8000;

let world: World;
const rules = (): Promise<string> => mustExec(world, 'host', ['sh', '-c', 'iptables-save -t mangle; ip6tables-save -t mangle']);
const seawall = (args: readonly string[], DOCKER_HOST: string) => call(world, args, { env: { DOCKER_HOST } });

beforeAll(async () => {
  world = await createWorld({ engine: false });
  await world.ip('host', 'link add lab-mine type bridge', 'link set lab-mine up');
});
afterAll(() => world?.remove());
beforeEach(() => fresh(world, CONFIG));

/** Garbage as JSON, or a server that misbehaves. */
const body = (text: string, status = 200): RequestListener => always((response) => void response.writeHead(status).end(text));
const FAULTS: readonly (readonly [name: string, fault: RequestListener, words: RegExp])[] = [
  ['hangs', () => undefined, /didn't answer within 3 s/],
  ['trickles', always((response) => void trickle(response)), /didn't answer within 3 s/],
  ['never ends', always((response) => void flood(response)), /longer than|didn't answer/],
  ['closes in the middle', always((response) => { response.writeHead(200, { 'content-length': 900 }).write('[{"Na'); setTimeout(() => response.destroy(), 50); }), /Docker: .*(aborted|socket hang up|reset)/],
  ['closes at once', always((response) => response.destroy()), /Docker: .*(hang up|reset)/],
  ['answers with status 500', body('{"message":"broken"}', 500), /status 500/],
  ['is a web server', body('<!doctype html><p>Hello'), /not JSON/],
  ['answers nothing', body(''), /not JSON/],
  ['answers an object', body('{"message":"hello"}'), /makes no sense/],
  ['answers null', body('null'), /makes no sense/],
  ['answers a list of anything', body('[null, 7, "x", [], {}]'), /makes no sense/],
  ['answers with wrong types', body('[{"Name": 1, "Id": {}, "Driver": [], "Options": 7, "IPAM": {"Config": "x"}}]'), /makes no sense/],
  ['breaks off its JSON', body('[{"Name": "bridge", "Id"'), /not JSON/],
];

function trickle(response: { write(text: string): unknown; on(event: 'close', then: () => void): unknown }): void {
  const timer = setInterval(() => response.write('['), 1000);
  response.on('close', () => clearInterval(timer));
}

function flood(response: { write(text: Buffer): boolean; once(event: string, then: () => void): unknown; destroyed: boolean }): void {
  const block = Buffer.alloc(1 << 20, '[');
  const more = (): void => {
    while (!response.destroyed && response.write(block));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
}

describe('an engine that', () => {
  test.each(FAULTS)('%s', async (_name, fault, words) => {
    await withDocker(world, answering(GOOD), ({ DOCKER_HOST }) => seawall(['apply', '--yes'], DOCKER_HOST));
    const known = await rules();
    expect(known).toContain('-i lab-mine -j RETURN');
    await withDocker(world, fault, async ({ DOCKER_HOST }) => {
      const [status, apply] = [await timed(['status'], DOCKER_HOST), await timed(['apply', '--yes'], DOCKER_HOST)];
      // What Docker said when it was last well stays in force.
      expect({ code: status.code, said: status.stdout }).toEqual({ code: 0, said: expect.stringMatching(words) });
      expect({ code: apply.code, said: apply.stderr }).toEqual({ code: 0, said: expect.stringMatching(words) });
      expect(await rules()).toBe(known);
      expect(Math.max(status.ms, apply.ms)).toBeLessThan(BOUND_MS);
    });
  });

  test.each(FAULTS.slice(0, 1))('%s, and never answered before: closed all the same', async (_name, fault, words) => {
    await withDocker(world, fault, async ({ DOCKER_HOST }) => {
      expect((await seawall(['status'], DOCKER_HOST)).code).toBe(2);
      const { code, stderr } = await seawall(['apply', '--yes'], DOCKER_HOST);
      expect([code, stderr]).toEqual([0, expect.stringMatching(words)]);
      expect(await rules()).toMatch(/-A SEAWALL-PRE .*-j DROP/);
    });
  });

  async function timed(args: readonly string[], docker: string) {
    const started = performance.now();
    const outcome = await seawall(args, docker);
    return { ...outcome, ms: performance.now() - started };
  }
});

describe('no engine', () => {
  test('not running: nobody listens at the socket that is there', async () => {
    const socket = join(world.dir, 'dead.sock');
    const child = world.spawn('host', [process.execPath, '-e', `require("net").createServer().listen(${JSON.stringify(socket)}, () => console.log(1)); setInterval(() => 0, 1e6)`]);
    if (child.stdout) await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { code, stderr } = await seawall(['apply', '--yes'], `unix://${socket}`);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/Docker: not running .*dead\.sock/)]);
    expect((await seawall(['status'], `unix://${socket}`)).code).toBe(0);
  });

  test.each([
    ['not installed', 'unix:///nowhere/docker.sock', /not installed or not running .*nowhere/],
    ['an address of another kind', 'ssh://me@there', /ssh:\/\/me@there is not/],
    ['no address at all', '%%', /%% is not/],
    ['a socket that is a file', 'unix:///etc/hostname', /Docker: /],
  ])('%s', async (_name, host, words) => {
    const { code, stderr } = await seawall(['apply', '--yes'], host);
    expect([code, stderr]).toEqual([0, expect.stringMatching(words)]);
    expect((await seawall(['status'], host)).code).toBe(0);
  });
});

describe('hostile names', () => {
  const NAMES = ['x\n-A PREROUTING -j ACCEPT', '"', "'; id; '", '--', '-j ACCEPT', '$(id)', '`id`', 'a b', '../x', 'é', 'br\u0000x', 'n'.repeat(5000), '-i', '!', '+', 'lo+', '*', '%s', ''];
  test('of bridges and networks: what stands is what stands without them', async () => {
    await withDocker(world, answering({ ...GOOD, '/networks': [network('bridge', 'docker0')] }), ({ DOCKER_HOST }) => seawall(['apply', '--yes'], DOCKER_HOST));
    const clean = await kernel(world);
    const hostile = NAMES.flatMap((name) => [network(name, name), network(name), network('x', undefined, { Id: `${name}0123456789ab` })]);
    await withDocker(world, answering({ ...GOOD, '/networks': [network('bridge', 'docker0'), ...hostile] }), async ({ DOCKER_HOST }) => {
      const { code, stderr } = await seawall(['apply', '--yes'], DOCKER_HOST);
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringMatching(/bug|unknown option/i) });
      expect(await kernel(world)).toEqual(clean);
      expect((await seawall(['status'], DOCKER_HOST)).code).toBe(0);
      expect((await seawall(['doctor'], DOCKER_HOST)).stderr).toBe('');
    });
  });

  test('a network cannot name the way out, the loopback or all interfaces as its own', async () => {
    const names = ['eth0', 'lo', '*', 'e*', 'eth+'];
    const networks = names.map((name) => network(name, name));
    await withDocker(world, answering({ ...GOOD, '/networks': networks }), ({ DOCKER_HOST }) => seawall(['apply', '--yes'], DOCKER_HOST));
    expect(await rules()).not.toMatch(/-i (eth0|e\+|\+|eth\+) -j RETURN/);
  });
});

describe('a swarm', () => {
  const manager = { ...INFO, Swarm: { LocalNodeState: 'active', ControlAvailable: true, RemoteManagers: [{ Addr: '192.0.2.1:2377' }] } };
  const worker = { ...INFO, Swarm: { LocalNodeState: 'active', ControlAvailable: false, RemoteManagers: [{ Addr: '192.0.2.1:2377' }, { Addr: '[2001:db8:5::1]:2377' }] } };
  const overlay = { Name: 'ingress', Id: 'overlay1', Driver: 'overlay', Peers: [{ Name: 'a', IP: '192.0.2.7' }, { Name: 'b', IP: '0.0.0.0' }] };
  const nodes = [{ Status: { Addr: '192.0.2.1' } }, { Status: { Addr: '192.0.2.2' }, ManagerStatus: { Addr: '[2001:db8:5::2]:2377' } }, { Status: { Addr: '0.0.0.0' } }, { Status: { Addr: 'unknown' } }, {}];
  const MANAGER: Answers = { '/networks': [overlay], '/networks/overlay1': overlay, '/nodes': nodes, '/info': manager };
  const WORKER: Answers = { '/networks': [overlay], '/networks/overlay1': overlay, '/info': worker };
  const trusted = async (): Promise<string[]> =>
    (await mustExec(world, 'host', ['ipset', 'save'])).split('\n').flatMap((line) => /^add seawall-trusted\S+ (\S+)$/.exec(line)?.[1] ?? []).toSorted();
  const applied = (answers: Answers): Promise<unknown> =>
    withDocker(world, answering(answers), async ({ DOCKER_HOST }) => expect((await seawall(['apply', '--yes'], DOCKER_HOST)).code).toBe(0));

  test('a manager trusts all nodes', async () => {
    await applied(MANAGER);
    expect(await trusted()).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.7', '2001:db8:5::2', '203.0.113.7']);
  });

  test('a worker trusts the managers and the peers of its overlays', async () => {
    await applied(WORKER);
    expect(await trusted()).toEqual(['192.0.2.1', '192.0.2.7', '2001:db8:5::1', '203.0.113.7']);
  });

  test('with swarm: off nobody', async () => {
    await world.writeConfig(`${CONFIG}docker: {swarm: off}\n`);
    await applied(MANAGER);
    expect(await trusted()).toEqual(['203.0.113.7']);
  });

  test.each(['/nodes', '/info', '/networks', '/networks/overlay1'])('%s fails later: the nodes that are known stay', async (path) => {
    await applied(MANAGER);
    const known = await trusted();
    const { [path]: _gone, ...rest } = MANAGER;
    await withDocker(world, answering(rest), async ({ DOCKER_HOST }) => {
      const { code, stderr } = await seawall(['apply', '--yes'], DOCKER_HOST);
      expect([code, stderr]).toEqual([0, expect.stringContaining(path)]);
      expect(await trusted()).toEqual(known);
    });
    expect((await callJson(world, ['status'])).answer['notes']).not.toEqual([]);
    expect(await trusted()).toEqual(known);
  });

  test('a swarm that was left is trusted no longer', async () => {
    await applied(MANAGER);
    await applied({ '/networks': [], '/info': INFO });
    expect(await trusted()).toEqual(['203.0.113.7']);
  });
});
