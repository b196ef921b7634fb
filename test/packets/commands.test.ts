import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { readConfig } from '../../src/config/read.ts';
import { call, callJson, configText, fresh, kernel, sshFrom } from './support/command-line.ts';

// The command line as scripts see it: what it answers, with which exit code, and what it leaves alone.

const BASE = 'version: 1\ntrusted: [203.0.113.7, "2001:db8:a::7"]\npublic: [22/tcp]\n';
const NOTHING = 'Nothing to change: what stands is what the config says.\n';

let world: World;
beforeAll(async () => {
  world = await createWorld({ engine: false });
});
afterAll(() => world?.remove());

describe('init', () => {
  beforeEach(() => fresh(world));

  test('trusts the address of the SSH session; its config is right, private, and plan works on it', async () => {
    const { code } = await call(world, ['init'], sshFrom('::ffff:203.0.113.50'));
    expect(code).toBe(0);
    const { config, problems } = readConfig(await configText(world));
    expect(problems).toEqual([]);
    expect(config?.trusted).toHaveLength(1);
    expect((await stat(world.configFile)).mode & 0o777).toBe(0o600);
    const { answer } = await callJson(world, ['trust', 'list']);
    expect(answer['entries']).toMatchObject([{ entry: '203.0.113.50' }]);
    const plan = await call(world, ['plan'], sshFrom('203.0.113.50'));
    expect([plan.code, plan.stdout]).toEqual([2, expect.stringContaining('203.0.113.50')]);
    expect((await call(world, ['apply', '--yes'], sshFrom('203.0.113.50'))).code).toBe(0);
  });

  test('without a session it trusts nobody and says so', async () => {
    const { code, stderr } = await call(world, ['init']);
    expect([code, stderr]).toEqual([0, expect.stringContaining('Nobody is trusted yet')]);
    expect(readConfig(await configText(world))).toMatchObject({ config: { trusted: [], public: [] } });
    expect((await call(world, ['plan'])).code).toBe(2);
  });

  test('lists listening programs and published ports as comments', async () => {
    const listener = world.spawn('host', [
      process.execPath,
      '-e',
      'const at = (p, h) => require("net").createServer().listen(p, h, () => console.log(p)); at(7777, "::"); at(7778, "127.0.0.1")',
    ]);
    const docker = createServer((request, response) => {
      const ports = [{ IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' }];
      response.end(JSON.stringify(request.url === '/containers/json' ? [{ Names: ['/web'], Ports: ports }] : {}));
    }).listen(join(world.dir, 'docker.sock'));
    if (listener.stdout) await once(listener.stdout, 'data');
    const env = { DOCKER_HOST: `unix://${join(world.dir, 'docker.sock')}` };
    const { stdout } = await call(world, ['init', '--print'], { env });
    listener.kill();
    docker.close();
    expect(stdout).toMatch(/^# {3}7777\/tcp .*node/m);
    expect(stdout).toMatch(/^# {3}8080\/tcp .*container web$/m);
    expect(stdout).not.toContain('7778');
    expect(readConfig(stdout)).toMatchObject({ config: { trusted: [], public: [] } });
    await expect(stat(world.configFile)).rejects.toThrow('ENOENT');
  });

  test('never overwrites', async () => {
    await world.writeConfig('# mine\n');
    const { code, stderr } = await call(world, ['init'], sshFrom('203.0.113.50'));
    expect([code, stderr]).toEqual([1, expect.stringContaining('exists already')]);
    expect(await configText(world)).toBe('# mine\n');
  });
});

describe('plan, apply, status, down', () => {
  test('plan says 2, and 0 after apply; a second apply touches nothing', async () => {
    await fresh(world, BASE);
    const before = await kernel(world);
    expect((await call(world, ['plan'])).code).toBe(2);
    expect(await kernel(world)).toEqual(before);
    expect((await call(world, ['apply', '--yes'])).code).toBe(0);
    expect((await call(world, ['plan'])).code).toBe(0);
    const applied = await kernel(world);
    expect(applied.rules).toMatch(/SEAWALL-PRE.*# handle \d+/);
    expect(await call(world, ['apply', '--yes'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining(NOTHING),
    });
    expect(await kernel(world)).toEqual(applied);
  });

  test('without a terminal, apply and down want --yes', async () => {
    await fresh(world, BASE);
    const before = await kernel(world);
    const refused = await call(world, ['apply']);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/no terminal.*\n.*--yes/)]);
    expect(await kernel(world)).toEqual(before);
    await call(world, ['apply', '--yes']);
    const applied = await kernel(world);
    expect(await call(world, ['down'])).toMatchObject({ code: 1, stderr: expect.stringContaining('--yes') });
    expect(await kernel(world)).toEqual(applied);
  });

  test('a change that would cut off its own SSH session is refused, unless forced', async () => {
    await fresh(world, 'version: 1\ntrusted: [203.0.113.7]\npublic: [443/tcp]\n');
    const before = await kernel(world);
    const { code, stderr } = await call(world, ['apply', '--yes'], sshFrom('203.0.113.50'));
    expect([code, stderr]).toEqual([3, expect.stringMatching(/cut off.*203\.0\.113\.50\n.*--force/)]);
    expect(await kernel(world)).toEqual(before);
    expect((await call(world, ['apply', '--yes'], sshFrom('203.0.113.50', 443))).code).toBe(0);
    expect((await call(world, ['trust', 'remove', '203.0.113.7', '--yes'], sshFrom('203.0.113.7'))).code).toBe(3);
    expect((await call(world, ['block', 'add', '203.0.113.0/24', '--yes'], sshFrom('203.0.113.7'))).code).toBe(3);
    expect(await configText(world)).toContain('trusted: [203.0.113.7]');
    expect((await call(world, ['status'])).code).toBe(0);
    expect((await call(world, ['apply', '--yes', '--force'], sshFrom('2001:db8:e::50'))).code).toBe(0);
  });

  test('status: off, as configured, differing, healed', async () => {
    await fresh(world, BASE);
    const status = () => call(world, ['status']);
    expect(await status()).toMatchObject({ code: 2, stdout: expect.stringContaining('does not stand') });
    await call(world, ['apply', '--yes']);
    expect(await status()).toMatchObject({ code: 0, stdout: expect.stringContaining('as the config says') });
    await mustExec(world, 'host', ['ip6tables', '-t', 'mangle', '-D', 'SEAWALL-FWD', '1']);
    expect(await status()).toMatchObject({ code: 2, stdout: expect.stringContaining('differs') });
    await call(world, ['apply', '--yes']);
    expect((await status()).code).toBe(0);
    await mustExec(world, 'host', ['sh', '-c', 'iptables -t mangle -D PREROUTING 1']);
    expect(await status()).toMatchObject({ code: 2, stdout: expect.stringContaining('in part only') });
  });

  test('down on nothing says so; down after apply leaves what was before', async () => {
    await fresh(world, BASE);
    const before = await world.snapshot();
    const nothing = await call(world, ['down', '--yes']);
    expect(nothing).toMatchObject({ code: 0, stderr: 'There was nothing to remove.\n' });
    expect(await world.snapshot()).toEqual(before);
    await call(world, ['apply', '--yes']);
    expect((await call(world, ['down', '--yes'])).code).toBe(0);
    expect(await world.snapshot()).toEqual(before);
    expect(await configText(world)).toBe(BASE);
  });
});

describe('--json', () => {
  test('every command that answers does so in one schema', async () => {
    await fresh(world, BASE);
    const commands: readonly (readonly [code: number, args: string[], field: string])[] = [
      [2, ['plan'], 'steps'],
      [2, ['status'], 'state'],
      [0, ['apply', '--yes'], 'applied'],
      [0, ['plan'], 'steps'],
      [0, ['status'], 'families'],
      [0, ['trust', 'list'], 'entries'],
      [0, ['block', 'list'], 'entries'],
      [0, ['public', 'list'], 'entries'],
      [0, ['public', 'add', '80/tcp', '--yes'], 'changes'],
      [2, ['doctor'], 'findings'],
      [0, ['down', '--yes'], 'removed'],
    ];
    for (const [expected, args, field] of commands) {
      const { code, answer } = await callJson(world, args);
      expect({ args, code, version: answer['schemaVersion'] }).toEqual({ args, code: expected, version: 1 });
      expect(answer).toHaveProperty(field);
    }
  });

  test('errors too', async () => {
    await fresh(world, BASE);
    const calls = [['trust', 'add', '10.1', '--yes'], ['aply'], ['plan', '--rulse'], ['apply'], ['trust']];
    for (const args of calls) {
      const { code, answer } = await callJson(world, args);
      expect({ args, code, answer }).toEqual({
        args,
        code: 1,
        answer: { schemaVersion: 1, error: { message: expect.stringMatching(/./), hint: expect.any(String) } },
      });
    }
  });
});
