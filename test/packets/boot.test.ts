import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HOST, INTERNET } from '../../lab/addresses.ts';
import { nodeBinds } from '../../lab/populate.ts';
import { repositoryRoot } from '../../lab/repository.ts';
import type { Snapshot } from '../../lab/snapshot.ts';
import { type World, createWorld } from '../../lab/world.ts';
import { DAMAGES, SHELLS, type Shell, boot, copyState, emptyKernel, inForce, ownPart } from './support/boot.ts';
import { CLOSED_MS, IP_VERSIONS, PATIENT_MS, addressOf } from './support/cells.ts';
import { foreignPart, makeForeign } from './support/foreign.ts';
import { Passed } from './support/passed.ts';
import { apply, configText, seawall } from './support/sources.ts';

// What the next boot loads: in an empty kernel, with neither Node nor Docker, it is what the last apply left; and if
// the files are damaged it is a minimum that is closed, but for SSH.

let world: World;
/** Another machine, which knows Seawall's state folder and nothing else. */
let fresh: World;
let applied: Snapshot;
let state: string;
let downState: string;
const SCRIPT = join(repositoryRoot(), 'packaging/boot/seawall-boot.sh');

beforeAll(async () => {
  [world, fresh] = await Promise.all([createWorld(), createWorld({ engine: { autostart: false } })]);
  await world.engine.containers.createNetwork({ name: 'named', bridge: 'lab-custom' });
  writeFileSync(join(world.dir, 'list.txt'), '192.0.2.0/28\n2001:db8:77::/48\n');
  const more =
    'block: [203.0.113.99, {file: list.txt}]\nallow:\n  - {from: [198.18.0.0/24], to: [9100/tcp], note: "a \\"note\\""}\n';
  await apply(world, configText(['443/tcp', '53/udp'], `${more}log: limited\n`));
  applied = await world.snapshot();
  state = await copyState(world.stateDir, join(fresh.dir, 'state'));
  await seawall(world, ['down', '--yes']);
  downState = await copyState(world.stateDir, join(fresh.dir, 'down'));
  await Promise.all([7000, 22].map(async (port) => (await fresh.agent('host')).serveTcp({ name: 'host', port })));
});
afterAll(async () => {
  await world?.remove();
  await fresh?.remove();
});

async function dial(node: 'untrusted' | 'trusted-a', port: number, open: boolean, version: 4 | 6 = 4): Promise<string> {
  const agent = await fresh.agent(node);
  const timeoutMs = open ? PATIENT_MS : CLOSED_MS;
  const { state: answer, service } = await agent.tcp(addressOf(HOST, version) ?? '', port, { timeoutMs });
  return service ?? answer;
}

describe('in an empty kernel', () => {
  beforeEach(() => emptyKernel(fresh));

  test.each(Object.keys(SHELLS) as Shell[])('%s loads what the last apply left', async (shell) => {
    expect(await boot(fresh, state, { shell })).toMatchObject({ code: 0 });
    expect(ownPart(await fresh.snapshot())).toEqual(ownPart(applied));
    expect(ownPart(applied).iptables?.length).toBeGreaterThan(30);
  });

  test('loading it twice makes nothing twice', async () => {
    await boot(fresh, state);
    expect(await boot(fresh, state)).toMatchObject({ code: 0 });
    expect(ownPart(await fresh.snapshot())).toEqual(ownPart(applied));
  });

  test('after down nothing is loaded', async () => {
    // What is installed is all there is: down took the state folder's own copy away.
    expect(await boot(fresh, downState, { script: SCRIPT })).toMatchObject({ code: 0 });
    expect(ownPart(await fresh.snapshot())).toEqual({ iptables: [], ip6tables: [], ipset: [] });
    expect(await dial('untrusted', 7000, true)).toBe('host');
  });

  test('what others have loaded before stays as it is', async () => {
    await makeForeign(fresh);
    const before = foreignPart(await fresh.snapshot());
    await boot(fresh, state);
    const after = await fresh.snapshot();
    expect(foreignPart(after)).toEqual(before);
    expect(ownPart(after)).toEqual(ownPart(applied));
  });
});

describe('damaged files', () => {
  const counted = new Passed();
  let minimum: ReturnType<typeof inForce>;
  let others: ReturnType<typeof foreignPart>;

  beforeAll(async () => {
    await emptyKernel(fresh);
    await makeForeign(fresh);
    const damaged = await copyState(state, join(fresh.dir, 'damaged'));
    rmSync(join(damaged, 'boot/current'));
    await boot(fresh, damaged);
    minimum = inForce(await fresh.snapshot());
  });
  beforeEach(async () => {
    await emptyKernel(fresh);
    await makeForeign(fresh);
    others = foreignPart(await fresh.snapshot());
  });

  test.each(DAMAGES)('%s: the minimum stands, and the exit code is 1', async (_name, damage) => {
    const damaged = await copyState(state, join(fresh.dir, 'damaged'));
    await damage(damaged);
    const { code, stderr } = await boot(fresh, damaged);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('the minimum stands') });
    const after = await fresh.snapshot();
    expect(inForce(after)).toEqual(minimum);
    expect(foreignPart(after)).toEqual(others);
    counted.one();
  });

  test('all of it was counted', () => {
    const injected = 'every file of a boot torn, empty, flipped or gone';
    counted.record(DAMAGES.length, { number: 39, fault: 'boot files corrupt', injected });
  });

  test.each(Object.keys(SHELLS) as Shell[])('%s loads the minimum, too', async (shell) => {
    const damaged = await copyState(state, join(fresh.dir, 'damaged'));
    rmSync(join(damaged, 'boot/current'));
    expect(await boot(fresh, damaged, { shell })).toMatchObject({ code: 1 });
    expect(inForce(await fresh.snapshot())).toEqual(minimum);
  });

  test('without ipset, too', async () => {
    expect(await boot(fresh, state, { missing: 'ipset' })).toMatchObject({ code: 1 });
    expect(inForce(await fresh.snapshot())).toEqual(minimum);
  });

  test.each(IP_VERSIONS)(
    'the minimum v%i: closed for everybody, but for SSH; the host itself is not cut off',
    async (version) => {
      await emptyKernel(fresh);
      const damaged = await copyState(state, join(fresh.dir, 'damaged'));
      rmSync(join(damaged, 'boot/current'));
      await boot(fresh, damaged);
      const closed = [dial('untrusted', 7000, false, version), dial('trusted-a', 7000, false, version)];
      expect(await Promise.all(closed)).toEqual(['closed', 'closed']);
      expect(await dial('untrusted', 22, true, version)).toBe('host');
      const [internet, host] = [await fresh.agent('internet'), await fresh.agent('host')];
      const port = await internet.serveTcp({ name: 'internet', port: 0 });
      const out = await host.tcp(addressOf(INTERNET, version) ?? '', port, { timeoutMs: PATIENT_MS });
      expect(out.service).toBe('internet');
    },
  );
});

describe('then Docker starts', () => {
  beforeAll(async () => {
    await emptyKernel(fresh);
    expect(await boot(fresh, state)).toMatchObject({ code: 0 });
    await fresh.engine.start();
    const cmd = ['/lab/node', '/lab/service.mjs', 'web', 'tcp:80'];
    await fresh.engine.containers.run({ name: 'web', publish: ['8080:80', '443:80'], cmd, binds: nodeBinds(fresh) });
    await (await fresh.agent('internet')).serveTcp({ name: 'internet', port: 80 });
  });

  test.each(IP_VERSIONS)('its published port v%i is closed to strangers and open to friends', async (version) => {
    expect(await dial('untrusted', 8080, false, version)).toBe('closed');
    expect(await dial('trusted-a', 8080, true, version)).toBe('web');
    expect(await dial('untrusted', 443, true, version)).toBe('web');
  });

  test('its containers reach the internet', async () => {
    const inside = await fresh.containerAgent('web');
    expect((await inside.tcp(INTERNET.v4, 80, { timeoutMs: PATIENT_MS })).service).toBe('internet');
  });

  test('and Docker has not touched a rule of it', async () => {
    expect(ownPart(await fresh.snapshot())).toEqual(ownPart(applied));
  });
});
