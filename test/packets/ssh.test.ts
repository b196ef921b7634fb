import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { HOST, type NodeName, SOURCES } from '../../lab/addresses.ts';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { recordFault } from '../support/fault-table.ts';
import { NO_SSH, Terminal, call, callJson, fresh, kernel } from './support/command-line.ts';
import { Ssh, until } from './support/ssh.ts';

// Who is logged in over a real sshd is not cut off, unless somebody insists.

const PORT = 2222;
const ALICE = SOURCES['single address'].v4;
const BOB = SOURCES['inside the prefix'].v4;
const BOTH = `version: 1\ntrusted: ["${ALICE}", "${SOURCES['single address'].v6}", "${BOB}"]\n`;
const ONLY_BOB = `version: 1\ntrusted: ["${BOB}"]\n`;
const NOBODY = 'version: 1\npublic: [443/tcp]\n';

let world: World;
let ssh: Ssh;
beforeAll(async () => {
  world = await createWorld({ engine: false });
  ssh = await Ssh.make(world, PORT);
});
afterAll(() => world?.remove());

const apply = async (config: string): Promise<void> => {
  await world.writeConfig(config);
  expect(await call(world, ['apply', '--yes'])).toMatchObject({ code: 0, stderr: expect.any(String) });
};
const fromAlice = (through: string, ...words: string[]) =>
  ssh.run('trusted-a', `${through} ${world.seawallArgv(words).join(' ')}`);

/** Somebody is logged in until the end of the test, however it ends. */
async function stays(node: NodeName): Promise<void> {
  const session = await ssh.login(node);
  onTestFinished(() => void session.kill());
}

describe('a change that takes a session', () => {
  beforeEach(async () => {
    await fresh(world);
    await apply(BOTH);
  });

  test('is refused in that session, whatever hides that it is one', async () => {
    const hidden = {
      'as it is': '',
      'as sudo leaves it': 'env -u SSH_CONNECTION -u SSH_CLIENT -u SSH_TTY',
      'no environment, and a session of processes of its own': 'env -i setsid -w',
    };
    await world.writeConfig(ONLY_BOB);
    const before = await kernel(world);
    for (const through of Object.values(hidden)) {
      const { code, stderr } = await fromAlice(through, 'apply', '--yes');
      expect([code, stderr]).toEqual([3, expect.stringMatching(`your own SSH session, which comes from ${ALICE}\n`)]);
      expect(stderr).toContain(`seawall trust add ${ALICE}`);
      expect(await kernel(world)).toEqual(before);
    }
    expect(await ssh.opens('trusted-a')).toBe(true);
    recordFault({
      number: 31,
      fault: 'a change that takes the own SSH session',
      injected: `from a session of a real sshd: ${Object.keys(hidden).join('; ')}`,
      times: Object.keys(hidden).length,
      converged: Object.keys(hidden).length,
    });
  });

  test('is refused to others too, and all who lose theirs are named, the own one first', async () => {
    await stays('trusted-b');
    await world.writeConfig(NOBODY);
    expect(await call(world, ['apply', '--yes'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(`this would cut off an SSH session, which comes from ${BOB}\n`) as string,
    });
    const { code, stderr } = await fromAlice('', 'apply', '--yes');
    expect([code, stderr]).toEqual([3, expect.stringContaining(`from ${ALICE} (your own) and ${BOB}\n`)]);
    const blocked = await call(world, ['block', 'add', BOB, '--yes']);
    expect([blocked.code, blocked.stderr]).toEqual([3, expect.stringContaining(`keep ${BOB} off the list`)]);
    expect(await call(world, ['apply', '--yes', '--force'])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`This cuts off an SSH session, which comes from ${BOB}.\n`) as string,
    });
  });

  test('is seen by plan: which program serves it, and that it is the own one', async () => {
    await world.writeConfig(ONLY_BOB);
    const { stdout } = await fromAlice('', 'plan');
    expect(stdout).toMatch(new RegExp(`tcp ${ALICE}:\\d+ → ${HOST.v4}:${PORT} \\(sshd, your own session\\)\n`));
    await stays('trusted-a');
    const { answer } = await callJson(world, ['plan']);
    expect(answer['cuts']).toEqual([expect.objectContaining({ source: ALICE, port: PORT, owner: 'sshd' })]);
  });
});

test('a first config trusts the own session, which sudo hides', async () => {
  await fresh(world);
  const { code, stdout } = await fromAlice('env -u SSH_CONNECTION -u SSH_CLIENT', 'init', '--print');
  expect([code, stdout]).toEqual([0, expect.stringMatching(`\n  - ${ALICE}\\b`)]);
});

describe('what is no such change', () => {
  beforeEach(() => fresh(world));

  test('one that shuts out who only knocks at sshd’s port', async () => {
    await apply(`version: 1\npublic: [${PORT}/tcp]\n`);
    const stranger = world.spawn('untrusted', ['bash', '-c', `exec 3<>/dev/tcp/${HOST.v4}/${PORT}; sleep 30`]);
    await until('a stranger knocks', async () => (await sessions(SOURCES.untrusted.v4)) === 1);
    await apply(ONLY_BOB);
    stranger.kill();
  });

  test('one under which a session comes by another port that leads to sshd’s', async () => {
    const nat = ['PREROUTING', '-p', 'tcp', '--dport', '8022', '-j', 'REDIRECT', '--to-ports', `${PORT}`];
    await mustExec(world, 'host', ['iptables', '-t', 'nat', '-A', ...nat]);
    await apply('version: 1\npublic: [443/tcp, 8022/tcp]\n');
    const words = ssh.argv(world.seawallArgv(['trust', 'add', '192.0.2.1', '--yes', '--confirm', '60']).join(' '));
    const argv = words.map((word) => (word === `${PORT}` ? '8022' : word));
    await world.writeConfig('version: 1\npublic: [8022/tcp]\n');
    expect(await world.exec('trusted-a', argv, { timeoutMs: 15_000 })).toMatchObject({ code: 0 });
    await mustExec(world, 'host', ['iptables', '-t', 'nat', '-D', ...nat]);
    expect(await call(world, ['rollback', '--yes'])).toMatchObject({ code: 0 });
  });
});

test('at a terminal of unknown origin a change that may shut somebody out proposes to undo it', async () => {
  await fresh(world, ONLY_BOB);
  const terminal = new Terminal(world, ['apply'], NO_SSH);
  await terminal.until('Apply this, and undo it in 60 s unless it is confirmed? [y/N]');
  terminal.type('y\r');
  const { code, said } = await terminal.end();
  expect([code, said]).toEqual([0, expect.stringContaining('nobody can say whether this cuts you off')]);
  expect(await call(world, ['confirm'])).toMatchObject({ code: 0 });
  const opening = new Terminal(world, ['trust', 'add', ALICE], NO_SSH);
  await opening.until('Apply this? [y/N]');
  opening.type('n\r');
  expect((await opening.end()).code).toBe(1);
});

/** How many connections from there sshd has. */
async function sessions(client: string): Promise<number> {
  const filter = ['state', 'established', `( sport = :${PORT} and dst = ${client} )`];
  const told = await mustExec(world, 'host', ['ss', '-Htn', ...filter]);
  return told.split('\n').filter((line) => line !== '').length;
}
