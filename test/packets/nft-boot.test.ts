import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HOST } from '../../lab/addresses.ts';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { SHELLS, type Shell, boot, copyState, emptyKernel } from './support/boot.ts';
import { CLOSED_MS, IP_VERSIONS, PATIENT_MS, addressOf } from './support/cells.ts';
import { apply, configText, seawall } from './support/sources.ts';

// What stands by nftables comes back at boot with sh and nft alone; and an undo that needs no Node goes back to it, also
// from the other backend.

const NO_IPTABLES = 'iptables ip6tables iptables-restore ip6tables-restore iptables-save ip6tables-save ipset';
const LIST_SIZE = 6000;
let world: World;
/** Another machine, which knows Seawall's state folder and nothing else. */
let fresh: World;
let state: string;
let applied: string;

beforeAll(async () => {
  [world, fresh] = await Promise.all([createWorld({ engine: false }), createWorld({ engine: false })]);
  const list = Array.from(
    { length: LIST_SIZE },
    (_, n) => `11.${n >> 8}.${n & 255}.${(n % 3) * 64}${n % 3 ? '/26' : ''}\n`,
  );
  await writeFile(join(world.dir, 'list.txt'), list.join(''));
  await apply(
    world,
    configText(
      ['443/tcp', '53/udp'],
      `backend: nftables\nblock: [203.0.113.99, {file: list.txt}]\nallow:\n  - {from: [198.18.0.0/24], to: [9100/tcp], note: "a \\"note\\""}\nlog: limited\n`,
    ),
  );
  applied = await table(world);
  state = await copyState(world.stateDir, join(fresh.dir, 'state'));
  await Promise.all([7000, 22, 443].map(async (port) => (await fresh.agent('host')).serveTcp({ name: 'host', port })));
});
afterAll(async () => {
  await world?.remove();
  await fresh?.remove();
});

/** All of the table, in one order, without what counts or is in the order of a hash. */
async function table(of: World): Promise<string> {
  const text = await mustExec(of, 'host', ['sh', '-c', 'nft -s -n list table inet seawall 2>/dev/null || echo none']);
  const inside = text.replace(/^table .*\n/, '').replace(/\}\n$/, '');
  const blocks = inside.split(/\n\n/).map((block) => {
    const [, before = block, elements = ''] = /^(.*elements = \{)(.*)\}.*$/s.exec(block) ?? [];
    const sorted = elements
      .split(',')
      .map((element) => element.trim())
      .toSorted();
    return `${before.trim()} ${sorted.length} ${createHash('sha256').update(sorted.join(' ')).digest('hex')}`;
  });
  return blocks
    .filter((block) => !/seawall-(denied|lately)/.test(block))
    .toSorted()
    .join('\n');
}

const dial = async (
  node: 'untrusted' | 'trusted-a',
  port: number,
  open: boolean,
  version: 4 | 6 = 4,
): Promise<string> => {
  const timeoutMs = open ? PATIENT_MS : CLOSED_MS;
  const { state: answer, service } = await (
    await fresh.agent(node)
  ).tcp(addressOf(HOST, version) ?? '', port, { timeoutMs });
  return service ?? answer;
};

describe('in an empty kernel', () => {
  beforeEach(() => emptyKernel(fresh));

  test.each(Object.keys(SHELLS) as Shell[])('%s loads what the last apply left, without iptables', async (shell) => {
    expect(await boot(fresh, state, { shell, missing: NO_IPTABLES })).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('the last apply'),
    });
    expect(await table(fresh)).toBe(applied);
    expect(applied.match(/-list4-[0-9a-f]{12}-\d+ \{/g)?.length).toBeGreaterThan(0);
    // Twice makes nothing twice.
    expect(await boot(fresh, state, { shell, missing: NO_IPTABLES })).toMatchObject({ code: 0 });
    expect(await table(fresh)).toBe(applied);
  });

  test.each(IP_VERSIONS)('v%i is closed to strangers and open to friends then', async (version) => {
    await boot(fresh, state, { missing: NO_IPTABLES });
    expect(await dial('untrusted', 7000, false, version)).toBe('closed');
    expect(await dial('trusted-a', 7000, true, version)).toBe('host');
    expect(await dial('untrusted', 443, true, version)).toBe('host');
  });

  test('a list that a killed run left half filled is not taken for whole', async () => {
    const folder = join(state, 'generations', (await readFile(join(state, 'boot/current'), 'utf8')).trim());
    const sets = `cat ${folder}/seawall-*.nft | grep '^add set'`;
    await mustExec(fresh, 'host', ['sh', '-c', `{ echo 'add table inet seawall'; ${sets}; } | nft -f -`]);
    expect(await boot(fresh, state, { missing: NO_IPTABLES })).toMatchObject({ code: 0 });
    expect(await table(fresh)).toBe(applied);
  });

  test.each(['sets.nft', 'rules.nft', 'the list'])(
    '%s damaged: the minimum stands, by nft where there is nothing else',
    async (name) => {
      const damaged = await copyState(state, join(fresh.dir, 'damaged'));
      const folder = join(damaged, 'generations', (await readFile(join(damaged, 'boot/current'), 'utf8')).trim());
      const { stdout } = await fresh.exec('host', ['sh', '-c', `ls ${folder} | grep '^seawall-.*nft$'`]);
      const file = join(folder, name === 'the list' ? stdout.trim() : name);
      await writeFile(file, (await readFile(file, 'utf8')).slice(0, -20));
      expect(await boot(fresh, damaged, { missing: NO_IPTABLES })).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('the minimum stands'),
      });
      for (const version of IP_VERSIONS) {
        expect(await dial('untrusted', 22, true, version)).toBe('host');
        expect(await dial('trusted-a', 7000, false, version)).toBe('closed');
        expect(await dial('untrusted', 443, false, version)).toBe('closed');
      }
      await rm(damaged, { recursive: true });
    },
  );

  test('by iptables, where that is there and nft’s files are damaged', async () => {
    const damaged = await copyState(state, join(fresh.dir, 'damaged'));
    await rm(join(damaged, 'boot/current'));
    expect(await boot(fresh, damaged)).toMatchObject({ code: 1 });
    expect(await dial('untrusted', 22, true)).toBe('host');
    expect(await dial('trusted-a', 7000, false)).toBe('closed');
  });
});

describe('a change that nobody confirms', () => {
  const undone = async (): Promise<void> => {
    for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(200))
      if ((await world.exec('host', ['ls', join(world.stateDir, 'pending')])).code !== 0) return;
    throw new Error('nothing was undone');
  };

  test.each([
    ['of the policy', 'backend: nftables\n'],
    ['of the backend', 'backend: iptables\n'],
  ])('%s is undone', async (_what, more) => {
    const before = await world.snapshot();
    await world.writeConfig(configText(['8443/tcp'], `${more}interfaces: {internal: [wg0]}\n`));
    await seawall(world, ['apply', '--yes', '--confirm', '2']);
    expect(await table(world)).not.toBe(applied);
    await undone();
    const after = await world.snapshot();
    expect(sorted(await table(world))).toBe(sorted(applied));
    expect(after.ipset).toBe(before.ipset);
    expect(after.iptables.includes('SEAWALL')).toBe(false);
    expect((await world.seawall(['status'])).stdout).toContain('undone');
  });

  /** Under which of their two names the sets stand says nothing. */
  const sorted = (text: string): string =>
    text
      .replaceAll(/(trusted|block|public-tcp|public-udp)([46])[ab]/g, '$1$2')
      .split('\n')
      .toSorted()
      .join('\n');
});

test.each(['there', 'not there'])('down leaves the tables of iptables as they were: %s', async (before) => {
  await seawall(world, ['down', '--yes']);
  const list = (): Promise<string> => mustExec(world, 'host', ['nft', 'list', 'tables']);
  await mustExec(world, 'host', ['nft', 'flush', 'ruleset']);
  if (before === 'there')
    await mustExec(world, 'host', ['sh', '-c', 'iptables-nft -t mangle -L; ip6tables-nft -t mangle -L']);
  const tables = await list();
  for (const backend of ['nftables', 'iptables', 'nftables'])
    await apply(world, configText(['443/tcp'], `backend: ${backend}\n`));
  await seawall(world, ['down', '--yes']);
  expect(await list()).toBe(tables);
});
