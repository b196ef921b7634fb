import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOST } from '../../lab/addresses.ts';
import { nodeBinds } from '../../lab/populate.ts';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { CLOSED_MS, PATIENT_MS } from './support/cells.ts';
import { call } from './support/command-line.ts';

// Whatever stands in DOCKER-USER, made before Docker or after it: Seawall judges elsewhere.

const CONFIG = 'version: 1\ntrusted: [203.0.113.7, "2001:db8:a::7"]\npublic: [8081/tcp]\n';

let world: World;
beforeAll(async () => {
  world = await createWorld({ engine: { autostart: false } });
});
afterAll(() => world?.remove());

async function answers(): Promise<object> {
  const [untrusted, trusted] = [await world.agent('untrusted'), await world.agent('trusted-a')];
  const ask = async (agent: typeof untrusted, port: number, timeoutMs: number): Promise<string> => {
    const { state, service } = await agent.tcp(HOST.v4, port, { timeoutMs });
    return service ?? state;
  };
  return {
    published: await ask(untrusted, 8080, CLOSED_MS),
    public: await ask(untrusted, 8081, PATIENT_MS),
    trusted: await ask(trusted, 8080, PATIENT_MS),
  };
}
const RIGHT = { published: 'closed', public: 'web', trusted: 'web' };

describe('a DOCKER-USER chain that lets everyone in', () => {
  test('made before Docker starts: still closed, and after its restart', async () => {
    await world.writeConfig(CONFIG);
    expect((await call(world, ['apply', '--yes'])).code).toBe(0);
    await mustExec(world, 'host', ['iptables', '-N', 'DOCKER-USER']);
    await mustExec(world, 'host', ['iptables', '-A', 'DOCKER-USER', '-j', 'ACCEPT']);
    await world.engine.start();
    const cmd = ['/lab/node', '/lab/service.mjs', 'web', 'tcp:80'];
    await world.engine.containers.run({ name: 'web', publish: ['8080:80', '8081:80'], cmd, binds: nodeBinds(world) });
    expect(await answers()).toEqual(RIGHT);
    expect(await mustExec(world, 'host', ['iptables', '-S', 'DOCKER-USER'])).toContain('-A DOCKER-USER -j ACCEPT\n');
    expect((await call(world, ['status'])).code).toBe(0);
    await world.engine.restart();
    await world.engine.containers.restart('web');
    expect(await answers()).toEqual(RIGHT);
  });

  test('it is what the closed port would be open by', async () => {
    expect((await call(world, ['down', '--yes'])).code).toBe(0);
    expect(await answers()).toEqual({ ...RIGHT, published: 'web' });
  });
});
