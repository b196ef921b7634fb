import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SOURCES, TRUSTED } from '../../lab/addresses.ts';
import { type World, createWorld } from '../../lab/world.ts';
import { call, callJson } from './support/command-line.ts';

// audit, explain, denied and collect on a machine with Seawall and without Docker.

const HOST = '198.51.100.10';
let world: World;
beforeAll(async () => {
  world = await createWorld({ engine: false });
  await (await world.agent('host')).serveTcp({ name: 'host', port: 7000 });
});
afterAll(() => world?.remove());

const verdict = async (...args: string[]): Promise<unknown[]> => {
  const { answer } = await callJson(world, ['explain', ...args]);
  return [answer['verdict'], answer['certainty']];
};

test('without a config or state it names what is open, and a baseline silences it', async () => {
  const bare = await callJson(world, ['audit']);
  expect(bare.code).toBe(2);
  const baseline = join(world.dir, 'baseline.json');
  expect((await call(world, ['audit', '--write-baseline', baseline])).code).toBe(0);
  expect((await call(world, ['audit', '--baseline', baseline])).code).toBe(0);
  await (await world.agent('host')).serveTcp({ name: 'host', port: 6379 });
  const { code, stdout } = await call(world, ['audit', '--baseline', baseline]);
  expect(code).toBe(2);
  expect(stdout).toMatch(/^high {4}\S+ 6379\/tcp \(Redis\): everyone/m);
  expect(stdout.split('\n').every((line) => line.length <= 100)).toBe(true);
});

test('explain tells the verdict, the rule and the answer; denied tells who was turned away', async () => {
  await world.writeConfig(`version: 1\ntrusted: [${TRUSTED.single.v4}]\npublic: [22/tcp]\n`);
  expect((await call(world, ['apply', '--yes'])).code).toBe(0);
  const stranger = SOURCES.untrusted.v4;
  expect(await verdict('--from', stranger, '--to', `${HOST}:7000/tcp`)).toEqual(['drop', 'definite']);
  expect(await verdict('--from', stranger, '--to', `${HOST}:22/tcp`)).toEqual(['accept', 'definite']);
  expect(await verdict('--from', TRUSTED.single.v4, '--to', `${HOST}:7000/tcp`)).toEqual(['accept', 'definite']);
  expect(await verdict('--from', stranger, '--to', `${HOST}:7000/tcp`, '--state', 'established')).toEqual([
    'accept',
    'definite',
  ]);
  const why = await call(world, ['explain', '--from', stranger, '--to', `${HOST}:7000/tcp`, '--why-not']);
  expect(why.stdout).toContain(`seawall trust add ${stranger}`);

  const knock = async (): Promise<string> =>
    (await (await world.agent('untrusted')).tcp(HOST, 7000, { timeoutMs: 300 })).state;
  expect(await knock()).toBe('closed');
  await sleep(2500);
  expect(await knock()).toBe('closed');
  const { answer } = await callJson(world, ['denied']);
  const denied = answer['denied'] as { packets: number; since: number; last: number }[];
  expect(denied).toMatchObject([{ address: stranger, protocol: 'tcp', port: 7000 }]);
  expect(denied.every(({ packets, since, last }) => packets >= 2 && since - last >= 2 && last >= 0)).toBe(true);
});

test('what was collected says the same elsewhere, also in part', async () => {
  const folder = join(world.dir, 'collected');
  expect((await call(world, ['collect', folder])).code).toBe(0);
  const live = await callJson(world, ['audit']);
  const offline = await callJson(world, ['audit', '--offline', folder]);
  expect(offline.answer['rows']).toEqual(live.answer['rows']);
  await world.exec('host', ['rm', join(folder, 'links.json'), join(folder, 'listeners')]);
  await world.exec('host', ['sh', '-c', `echo 'Chain INPUT (policy ACCEPT)' > '${folder}/ip6tables-save'`]);
  const part = await callJson(world, ['audit', '--offline', folder]);
  const unseen = ['links.json: no such file', 'ip6tables-save: holds no table of rules'];
  expect(part.answer['unseen']).toEqual(expect.arrayContaining(unseen));
  const stranger = ['explain', '--from', SOURCES.untrusted.v4, '--to', '192.0.2.1:7000/tcp', '--offline', folder];
  expect((await callJson(world, stranger)).answer['verdict']).toBe('drop');
  const same = await call(world, ['diff', folder, folder]);
  expect(same.code).toBe(0);
  const said = same.stderr.replaceAll(/\s+/g, ' ');
  expect(said).toMatch(/not seen of \S+: links\.json: no such file not seen/);
  expect(said).toMatch(/They mean the same for what comes in by \S+, as far as can be seen\. $/);
});

test('diff tells what a change let in, and nothing where the meaning is the same', async () => {
  await world.writeConfig(`version: 1\ntrusted: [${TRUSTED.single.v4}]\npublic: [22/tcp, 8000-8003/tcp]\n`);
  expect((await call(world, ['apply', '--yes'])).code).toBe(0);
  const changed = await callJson(world, ['diff', '1', '2']);
  expect(changed.code).toBe(2);
  const found = changed.answer['differences'] as { change: string; ports: string[] }[];
  expect(new Set(found.map(({ change, ports }) => `${change} ${ports.join(' ')}`))).toEqual(
    new Set(['allowed 8000-8003/tcp']),
  );
  expect((await call(world, ['diff', '2', 'live'])).code).toBe(0);
});

test('plan says the same of what it would change, and a plan that was kept compares like anything else', async () => {
  await world.writeConfig(`version: 1\ntrusted: [${TRUSTED.single.v4}]\npublic: [22/tcp, 8001-8003/tcp, 53/udp]\n`);
  const file = join(world.dir, 'plan.json');
  const { code, answer } = await callJson(world, ['plan', '--out', file]);
  expect(code).toBe(2);
  const packets = answer['packets'] as { change: string; ports: string[]; witness: { port: number } }[];
  expect(new Set(packets.map(({ change, ports }) => `${change} ${ports.join(' ')}`))).toEqual(
    new Set(['denied 8000/tcp', 'allowed 53/udp']),
  );
  const shown = await call(world, ['plan']);
  expect(shown.stdout).toMatch(/^ {2}packets {3}[-+] newly (?:kept out|let in): everyone/m);
  expect(shown.stdout.split('\n').every((line) => line.length <= 100)).toBe(true);
  const kept = await callJson(world, ['diff', 'live', file]);
  expect([kept.code, kept.answer['differences']]).toEqual([2, packets]);
  const folder = join(world.dir, 'before');
  expect((await call(world, ['collect', folder])).code).toBe(0);
  expect((await call(world, ['diff', folder, 'live'])).code).toBe(0);
  expect((await call(world, ['apply', '--yes'])).code).toBe(0);
  const other = await callJson(world, ['diff', folder, 'live']);
  expect([other.code, (other.answer['differences'] as object[]).length]).toEqual([2, packets.length]);
});

test('beside long lists plan does not tell packets, which would take longer than all the rest', async () => {
  // Only even ones: neighbours would be one prefix.
  const entries = Array.from(
    { length: 50_001 },
    (_, at) => `100.${64 + (at >> 15)}.${(at >> 7) % 256}.${2 * (at % 128)}\n`,
  );
  await writeFile(join(world.dir, 'long.txt'), entries.join(''));
  await world.writeConfig('version: 1\ntrusted: [{file: long.txt}]\npublic: [22/tcp]\n');
  const { code, answer } = await callJson(world, ['plan']);
  expect([code, answer['packets'], (answer['steps'] as object[]).length > 0]).toEqual([2, null, true]);
  expect((await call(world, ['plan'])).stdout).not.toContain('newly');
});

test('matrix tells the classes of the live rules, also as a graph', async () => {
  const asked = ['matrix', '--port', '7000/tcp', '--chain', 'FORWARD'];
  const { code, answer } = await callJson(world, asked);
  expect(code).toBe(0);
  expect(answer).toMatchObject({ classes: expect.any(Array), edges: expect.any(Array) });
  const graph = await call(world, [...asked, '--dot']);
  const edges = graph.stdout.match(/^ {2}\w+ -> \w+(?: \[style=dashed\])?;$/gm) ?? [];
  expect([graph.stdout.startsWith('digraph matrix {'), edges.length]).toEqual([
    true,
    (answer['edges'] as object[]).length,
  ]);
});

test('who is not root is told what can’t be seen', async () => {
  const argv = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...world.seawallArgv(['audit'])];
  const { stdout, stderr, code } = await world.exec('host', argv);
  expect([code, `${stdout}${stderr}`]).toEqual([expect.any(Number), expect.stringMatching(/not seen|root/)]);
  expect(`${stdout}${stderr}`).not.toMatch(/ {4}at .*\(/);
});
