import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeBinds } from '../../lab/populate.ts';
import { type World, createWorld } from '../../lab/world.ts';
import { recordFault } from '../support/fault-table.ts';
import { serveFew } from './probing/few.ts';
import { HOST_SERVICES, startStrangers } from './probing/floods.ts';
import { nothingLeaked, nothingLost, startAll, tell } from './probing/ground.ts';
import { Meter } from './probing/meter.ts';
import { change } from './probing/policies.ts';
import { call } from './support/command-line.ts';
import { apply, configText } from './support/sources.ts';
import { look } from './support/transaction.ts';

// Several who change something at once: operators, and Docker.

const NIGHTLY = process.env['SEAWALL_NIGHTLY'] === '1';

describe('two operators and more', () => {
  let world: World;
  let meter: Meter;
  beforeAll(async () => {
    world = await createWorld({ engine: false });
    const host = await world.agent('host');
    await host.serveTcp({ name: 'host', port: 7000 });
    await host.serveUdp({ name: 'host', port: 7000 });
    meter = await Meter.start(world);
    await apply(world, configText(['22/tcp', '500/udp']));
  });
  afterAll(() => world?.remove());

  const ROUNDS = NIGHTLY ? 200 : 20;

  const edits = (n: number): string[][] => [
    ['trust', 'add', `192.0.2.${n % 250}`],
    ['public', n % 3 === 2 ? 'remove' : 'add', `${9100 + (n % 3 === 2 ? n - 1 : n)}/tcp`],
    n % 4 === 3 ? ['rollback'] : ['block', 'add', `2001:db8:bad:${n}::/64`],
    ['apply', ...(n % 5 === 4 ? ['--confirm', '30'] : [])],
  ];

  test(
    `${ROUNDS} rounds at once: one after the other, never mixed`,
    { timeout: 60_000 * (NIGHTLY ? 20 : 3) },
    async () => {
      const before = await meter.read();
      const flood = await startStrangers(world, HOST_SERVICES);
      const wrong: string[] = [];
      let converged = 0;
      const codes = new Set<number | null>();
      for (let n = 0; n < ROUNDS; n++) {
        const all = await Promise.all(edits(n).map((args) => call(world, [...args, '--yes'])));
        for (const [index, { code, stderr }] of all.entries()) {
          codes.add(code);
          if (![0, 1, 3, 4].includes(code ?? -1) || /bug/.test(stderr)) wrong.push(`${n}.${index}: ${code} ${stderr}`);
        }
        await call(world, ['confirm']);
        // What stands is what the config says now, whoever wrote it last.
        const { code, stdout } = await call(world, ['status']);
        if (code === 0) converged++;
        else wrong.push(`${n}: ${stdout}`);
      }
      const { answered, attempts } = await flood.stop();
      const leaked = (await meter.read()).leaked - before.leaked;
      expect(wrong).toEqual([]);
      expect([leaked, answered]).toEqual([0, 0]);
      expect(attempts).toBeGreaterThan(1000);
      expect(codes).toContain(0);
      const injected = 'four commands at once: trust, public, block or rollback, apply';
      recordFault({ number: 35, fault: 'two operators', injected, times: ROUNDS, leaked, converged });
    },
  );
});

describe('Docker', () => {
  let world: World;
  let meter: Meter;
  beforeAll(async () => {
    world = await createWorld();
    await serveFew(world);
    meter = await Meter.start(world);
    await apply(world, configText(['22/tcp', '500/udp']));
  });
  afterAll(() => world?.remove());

  const APPLIES = NIGHTLY ? 200 : 20;

  /** Containers and networks come and go until it is stopped; resolves to how many there were. */
  function storm(): { stop(): Promise<number> } {
    const cmd = ['/lab/node', '/lab/service.mjs', 'storm', 'tcp:80'];
    const state = { going: true };
    const { containers } = world.engine;
    const work = (async () => {
      let times = 0;
      for (; state.going; times++) {
        await containers.createNetwork({ name: `storm-${times}` });
        await containers.run({ name: `storm-${times}`, cmd, publish: ['18080:80'], binds: nodeBinds(world) });
        await containers.remove(`storm-${times}`);
        await containers.removeNetwork(`storm-${times}`);
      }
      return times;
    })();
    // Told when it is stopped.
    work.catch(() => {});
    return {
      stop() {
        state.going = false;
        return work;
      },
    };
  }

  test(
    `${APPLIES} changes while containers and networks come and go`,
    { timeout: 60_000 * (NIGHTLY ? 20 : 3) },
    async () => {
      const ground = await startAll(world, meter, { strangers: HOST_SERVICES, friends: HOST_SERVICES });
      const docker = storm();
      const words = await change(world, APPLIES);
      const times = await docker.stop();
      const results = await ground.stop();
      tell(`${APPLIES} changes during ${times} containers and networks`, results);
      // A network that goes while it is looked at is told of.
      const done = words.filter((word) => word === 'Done' || word === 'note').length;
      expect(done).toBe(APPLIES);
      expect(times).toBeGreaterThan(2);
      nothingLeaked(results);
      nothingLost(results);
      await apply(world);
      expect((await call(world, ['status'])).code).toBe(0);
      recordFault({
        number: 8,
        fault: 'writer storm',
        injected: `containers and networks made and removed ${times} times during the changes`,
        times: APPLIES,
        leaked: results.packets.leaked,
        lost: results.packets.lost + results.friends.lost,
        converged: done,
      });
    },
  );
});

test('another program that holds the lock of legacy iptables: waited for, but not for ever', async () => {
  const world = await createWorld({ iptables: 'legacy', engine: false });
  try {
    await apply(world, configText(['22/tcp']));
    const hold = (seconds: number) =>
      world.spawn('host', ['flock', '/run/xtables.lock', 'sh', '-c', `echo held; exec sleep ${seconds}`]);
    const held = async (seconds: number): Promise<void> => {
      const child = hold(seconds);
      if (child.stdout) await once(child.stdout, 'data');
    };
    await held(2);
    const started = performance.now();
    await apply(world, configText(['22/tcp', '80/tcp'], 'log: limited\n'));
    expect(performance.now() - started).toBeGreaterThan(1000);
    const before = await look(world);
    await world.writeConfig(configText(['22/tcp', '443/tcp']));
    await held(14);
    const { code, stderr } = await call(world, ['apply', '--yes']);
    expect([code, stderr]).toEqual([4, expect.stringMatching(/xtables lock.*was put back\n.*another program/s)]);
    expect(await look(world)).toBe(before);
    await held(0);
    await apply(world);
    expect((await call(world, ['status'])).code).toBe(0);
    recordFault({
      number: 7,
      fault: 'lock held',
      injected: 'flock on xtables.lock for 2 s, and for 14 s',
      times: 2,
      converged: 2,
    });
  } finally {
    await world.remove();
  }
});
