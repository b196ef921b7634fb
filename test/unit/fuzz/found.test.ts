// What fuzzing has found, each case by its name, so that it stays mended.
import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { readUndone } from '../../../src/apply/pending.ts';
import { statePaths } from '../../../src/apply/state.ts';
import { apply } from '../../../src/cli/commands/apply.ts';
import { confirm } from '../../../src/cli/commands/confirm.ts';
import { down } from '../../../src/cli/commands/down.ts';
import { history } from '../../../src/cli/commands/history.ts';
import { plan } from '../../../src/cli/commands/plan.ts';
import { rollback } from '../../../src/cli/commands/rollback.ts';
import { readConfig } from '../../../src/config/read.ts';
import { parseSets } from '../../../src/ipset/save.ts';
import { readDocker } from '../../../src/live/docker.ts';
import { readListeners } from '../../../src/live/listeners.ts';
import { readLinks } from '../../../src/live/links.ts';
import { parseRule } from '../../../src/iptables/parse-rule.ts';
import { readPlan } from '../../../src/plan/plan-file.ts';
import { fakeDocker } from '../../support/fake-effects.ts';
import { CONFIG, FakeMachine, STATE } from '../../support/fake-machine.ts';
import { YES } from '../../support/trial.ts';

const FIRST = 'version: 1\ntrusted: [203.0.113.7]\npublic: [22/tcp]\n';
const SECOND = 'version: 1\ntrusted: [203.0.113.8]\nblock: [203.0.113.9]\npublic: [22/tcp, 443/tcp]\n';
const FILE = '/root/plan.json';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine(FIRST);
  machine.kernel.others.set('sh', () => 'armed\n');
});

describe('a config', () => {
  test('of dashes alone is too deep, and doesn’t overflow the stack', () => {
    const { config, problems } = readConfig(`${'- '.repeat(20_000)}x\ntrusted:\nversion: 1\n`);
    expect(config).toBeUndefined();
    expect(problems.map(({ code }) => code)).toEqual(['too-deep']);
  });

  test('with a bracket that is never closed has its fault within the text', () => {
    const text = 'version: 1\ntrusted: [';
    for (const { at } of readConfig(text).problems) expect(at.offset + at.length).toBeLessThanOrEqual(text.length);
  });
});

describe('a plan that was kept is none', () => {
  const changed = async (change: (files: Record<string, string>) => void): Promise<ReturnType<typeof readPlan>> => {
    machine.files.put(CONFIG, SECOND);
    await machine.run(plan, [], { out: FILE });
    const kept = JSON.parse(machine.files.contents.get(FILE)?.toString() ?? '') as { files: Record<string, string> };
    expect(readPlan(JSON.stringify(kept))).toBeDefined();
    change(kept.files);
    return readPlan(JSON.stringify(kept));
  };

  test.each<[what: string, file: string, from: RegExp, to: string]>([
    ['without its hooks', 'hooks', /[^]*/, ''],
    ['without one hook', 'hooks', /^iptables FORWARD.*\n/m, ''],
    ['with a rule that nobody reads', 'rules.iptables', /^-A (SEAWALL-DENY -j DROP)$/m, '-B $1'],
    ['with a set that is missing', 'sets.ipset', /^(create|add) seawall-block4a.*\n/gm, ''],
    ['with an entry that nobody reads', 'sets.ipset', /^add (seawall-block4a)/m, 'adx $1'],
    ['with somebody else’s set', 'rules.iptables', /seawall-trusted4a/g, 'admins'],
    ['with a chain that is missing', 'rules.iptables', /^(:|-A )SEAWALL-DENY.*\n/gm, ''],
    ['with a chain that leads back to itself', 'rules.iptables', /^-A (SEAWALL-DENY) -j DROP$/m, '-A $1 -g $1'],
    ['with a set of the other IP version', 'sets.ipset', /^(create seawall-trusted4a .*family )inet /m, '$1inet6 '],
    ['with a NUL in a comment', 'rules.iptables', /-j DROP$/m, '-m comment --comment "a\0b" -j DROP'],
  ])('%s', async (_what, file, from, to) => {
    expect(await changed((files) => (files[file] = (files[file] ?? '').replace(from, to)))).toBeUndefined();
  });

  test('a control character makes a rule nobody’s', () => {
    expect(parseRule('-m comment --comment "a\0b" -j DROP', 4)).toBeUndefined();
    expect(parseRule('-m comment --comment "a b" -j DROP', 4)).toBeDefined();
  });
});

describe('a state file', () => {
  test.each(['', 'null', '{', '[]', '{"4": 7, "6": null}'])('before.json says %j, and down works', async (text) => {
    await machine.run(apply, [], YES);
    machine.files.put(`${STATE}/before.json`, text);
    expect((await machine.run(down, [], YES)).code).toBe(0);
    expect(machine.files.contents.has(`${STATE}/before.json`)).toBe(false);
  });

  test('undone speaks of a time that no calendar has, or of a result that there is none', async () => {
    const paths = statePaths(STATE);
    const text = (at: string, result: string): string =>
      `token 0123456789abcdef\ngeneration 1\nresult ${result}\nat ${at}\n`;
    machine.files.put(paths.undone, text('9'.repeat(40), 'restored'));
    expect(await readUndone(machine, paths)).toMatchObject({ at: '1970-01-01T00:00:00.000Z' });
    machine.files.put(paths.undone, text('1700000000', 'constructor'));
    expect(await readUndone(machine, paths)).toBeUndefined();
  });

  test('a generation that was damaged while it waited can’t be confirmed', async () => {
    machine.files.put('/proc/uptime', '1000.00 900.00\n');
    await machine.run(apply, [], YES);
    machine.files.put(CONFIG, SECOND);
    await machine.run(apply, [], { ...YES, confirm: '60' });
    machine.files.put(`${STATE}/generations/2/hooks`, '');
    await expect(machine.run(confirm)).rejects.toMatchObject({ hint: 'go back with: seawall rollback' });
    expect(machine.files.contents.get(`${STATE}/boot/current`)?.toString()).toBe('1\n');
    expect(machine.files.contents.has(`${STATE}/pending`)).toBe(true);
  });

  test('a generation whose sums name no sets is damaged: its rules would judge by the sets of another one', async () => {
    await machine.run(apply, [], YES);
    machine.files.put(CONFIG, SECOND);
    await machine.run(apply, [], YES);
    const sums = `${STATE}/generations/1/SHA256SUMS`;
    const text = machine.files.contents.get(sums)?.toString() ?? '';
    machine.files.put(sums, text.replace(/.*sets\.ipset\n/, ''));
    const before = machine.kernel.text();
    await expect(machine.run(rollback, ['1'], YES)).rejects.toMatchObject({ message: 'generation 1 is damaged' });
    expect(machine.kernel.text()).toBe(before);
  });

  test('a record of another shape, with the right sum, is told as damaged', async () => {
    await machine.run(apply, [], YES);
    const folder = `${STATE}/generations/1`;
    machine.files.put(`${folder}/meta.json`, '{"version": 2}');
    const config = machine.files.contents.get(`${folder}/config.yaml`) ?? '';
    const sum = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');
    const lines = [`${sum(config)}  config.yaml\n`, `${sum('{"version": 2}')}  meta.json\n`];
    machine.files.put(`${folder}/RECORD-SHA256SUMS`, lines.join(''));
    expect((await machine.run(history)).out).toContain('its record is damaged');
  });
});

describe('what others say', () => {
  test('a set whose name no tool would take back is nobody’s of ours', () => {
    expect([...parseSets(Buffer.from('create seawall-\u00e9 hash:net family inet\n')).keys()]).toEqual([]);
    expect([...parseSets(Buffer.from('create seawall-e hash:net family inet\n')).keys()]).toEqual(['seawall-e']);
  });

  const says = (text: string) => ({
    exec: () => Promise.resolve({ outcome: 'exited' as const, code: 0, stdout: Buffer.from(text), stderr: '' }),
  });

  test.each(['{', 'Usage: ip', '{}', '[7]', '[null]', '[{"ifname": 7}]'])('ip says %j: a failure', async (text) => {
    await expect(readLinks(says(text))).rejects.toMatchObject({ name: 'Failure' });
  });

  test('an interface whose name is a pattern to iptables is named by no rule', async () => {
    const names = async (...all: string[]): Promise<string[]> =>
      (await readLinks(says(JSON.stringify(all.map((ifname) => ({ ifname })))))).map(({ name }) => name);
    expect(await names('eth0', '+', 'eth+', 'e*', 'a"b')).toEqual(['eth0']);
    await expect(names('br-+')).rejects.toMatchObject({ name: 'Failure' });
  });

  test('an address with a length that is none is left out', async () => {
    const [link] = await readLinks(
      says('[{"ifname": "eth0", "addr_info": [{"local": "192.0.2.1", "prefixlen": 99.5}]}]'),
    );
    expect(link?.subnets).toEqual([]);
  });

  test('a network’s number that is no text of Unicode is not asked for', async () => {
    const docker = fakeDocker({
      '/networks': [{ Name: 'x', Id: '\ud800', Driver: 'overlay' }],
      '/info': { Swarm: { LocalNodeState: 'active' } },
    });
    expect((await readDocker({ docker })).facts?.networks).toMatchObject([{ name: 'x' }]);
  });

  test('a container’s name that is no text is none', async () => {
    const port = { IP: { toString: 1 }, PublicPort: 8080, Type: 'tcp' };
    const docker = fakeDocker({ '/containers/json': [{ Names: [{ toString: 1 }], Ports: [port] }] });
    expect(await readListeners({ ...says(''), docker })).toMatchObject([{ port: 8080, owner: 'container ' }]);
  });
});
