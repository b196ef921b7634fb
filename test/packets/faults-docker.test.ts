import type { RequestListener } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { normalise } from '../../lab/snapshot.ts';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { call, fresh } from './support/command-line.ts';
import { type Answers, INFO, always, answering, network, withDocker } from './support/fake-docker.ts';

// Docker's API may hang, lie or be gone: Seawall does its work without, in bounded time, and says what it could not see.

const CONFIG = 'version: 1\ntrusted: [203.0.113.7]\npublic: [22/tcp]\n';
const GOOD: Answers = { '/networks': [network('bridge', 'docker0'), network('mine', 'lab-mine')], '/info': INFO };
/** The longest that a question to Docker may hold up a command: two rounds of 3 s, and the work itself. */
const BOUND_MS = 8000;

let world: World;
const rules = (): Promise<string> =>
  mustExec(world, 'host', ['sh', '-c', 'iptables-save -t mangle; ip6tables-save -t mangle']).then(normalise);
const seawall = (args: readonly string[], DOCKER_HOST: string) => call(world, args, { env: { DOCKER_HOST } });

beforeAll(async () => {
  world = await createWorld({ engine: false });
  await world.ip('host', 'link add lab-mine type bridge', 'link set lab-mine up');
});
afterAll(() => world?.remove());
beforeEach(() => fresh(world, CONFIG));

/** Garbage as JSON, or a server that misbehaves. */
const body = (text: string, status = 200): RequestListener =>
  always((response) => void response.writeHead(status).end(text));
const FAULTS: readonly (readonly [name: string, fault: RequestListener, words: RegExp])[] = [
  ['hangs', () => undefined, /didn't answer within 3 s/],
  ['trickles', always((response) => void trickle(response)), /didn't answer within 3 s/],
  ['never ends', always((response) => void flood(response)), /longer than|didn't answer/],
  [
    'closes in the middle',
    always((response) => {
      response.writeHead(200, { 'content-length': 900 }).write('[{"Na');
      setTimeout(() => response.destroy(), 50);
    }),
    /Docker: .*(aborted|socket hang up|reset)/,
  ],
  ['closes at once', always((response) => response.destroy()), /Docker: .*(hang up|reset)/],
  ['answers with status 500', body('{"message":"broken"}', 500), /status 500/],
  ['is a web server', body('<!doctype html><p>Hello'), /not JSON/],
  ['answers nothing', body(''), /not JSON/],
  ['answers an object', body('{"message":"hello"}'), /makes no sense/],
  ['answers null', body('null'), /makes no sense/],
  ['answers a list of anything', body('[null, 7, "x", [], {}]'), /makes no sense/],
  [
    'answers with wrong types',
    body('[{"Name": 1, "Id": {}, "Driver": [], "Options": 7, "IPAM": {"Config": "x"}}]'),
    /makes no sense/,
  ],
  ['breaks off its JSON', body('[{"Name": "bridge", "Id"'), /not JSON/],
];

function trickle(response: { write(text: string): unknown; on(event: 'close', then: () => void): unknown }): void {
  const timer = setInterval(() => response.write('['), 1000);
  response.on('close', () => clearInterval(timer));
}

function flood(response: {
  write(text: Buffer): boolean;
  once(event: string, then: () => void): unknown;
  destroyed: boolean;
}): void {
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
    const child = world.spawn('host', [
      process.execPath,
      '-e',
      `require("net").createServer().listen(${JSON.stringify(socket)}, () => console.log(1)); setInterval(() => 0, 1e6)`,
    ]);
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
  /** What stands, without the rules for an interface that has one of the names: the kernel takes most of them. */
  const plain = async (): Promise<string[]> => {
    const { nft, ipset } = await world.snapshot();
    const own = NAMES.map((name) => `iifname "${name}" counter return`);
    return [...nft.split('\n').filter((line) => !own.includes(line.trim())), ipset];
  };
  const NAMES = [
    'x\n-A PREROUTING -j ACCEPT',
    '"',
    "'; id; '",
    '--',
    '-j ACCEPT',
    '$(id)',
    '`id`',
    'a b',
    '../x',
    'é',
    'br\u0000x',
    'n'.repeat(5000),
    '-i',
    '!',
    '+',
    'lo+',
    '*',
    '%s',
  ];
  test('of bridges and networks: at most an interface of just that name, and nothing else', async () => {
    await withDocker(world, answering({ ...GOOD, '/networks': [network('bridge', 'docker0')] }), ({ DOCKER_HOST }) =>
      seawall(['apply', '--yes'], DOCKER_HOST),
    );
    const clean = await plain();
    const hostile = NAMES.flatMap((name) => [
      network(name, name),
      network(name),
      network('x', undefined, { Id: `${name}0123456789ab` }),
    ]);
    await withDocker(
      world,
      answering({ ...GOOD, '/networks': [network('bridge', 'docker0'), ...hostile] }),
      async ({ DOCKER_HOST }) => {
        const { code, stderr } = await seawall(['apply', '--yes'], DOCKER_HOST);
        expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringMatching(/bug|unknown option/i) });
        expect(await plain()).toEqual(clean);
        expect((await seawall(['status'], DOCKER_HOST)).code).toBe(0);
        expect((await seawall(['doctor'], DOCKER_HOST)).stderr).toBe('');
      },
    );
  });

  test('a network cannot name the way out, the loopback or all interfaces as its own', async () => {
    const names = ['eth0', 'lo', '*', 'e*', 'eth+'];
    const networks = names.map((name) => network(name, name));
    await withDocker(world, answering({ ...GOOD, '/networks': networks }), ({ DOCKER_HOST }) =>
      seawall(['apply', '--yes'], DOCKER_HOST),
    );
    expect(await rules()).not.toMatch(/-i (eth0|e\+|\+|eth\+) -j RETURN/);
  });
});
