import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeBinds } from '../../lab/populate.ts';
import type { Snapshot } from '../../lab/snapshot.ts';
import { type World, type WorldOptions, createWorld } from '../../lab/world.ts';
import { PUBLIC_PORTS } from '../../lab/targets.ts';
import { recordFault } from '../support/fault-table.ts';
import { foreignPart, makeForeign } from './support/foreign.ts';
import { apply, configText, seawall } from './support/sources.ts';

// After `down` a machine is as it was before the first apply; and what others have made is theirs all the time.

const VARIANTS = ['nft', 'legacy'] as const;

const MACHINES: readonly (readonly [string, (variant: 'nft' | 'legacy') => Promise<World>])[] = [
  ['with nothing on it', (iptables) => createWorld({ iptables, engine: false })],
  ["with Docker and other people's rules and sets", (iptables) => busyMachine({ iptables })],
];

async function busyMachine(options: WorldOptions): Promise<World> {
  const world = await createWorld(options);
  await world.engine.containers.createNetwork({ name: 'app', ipv6: true, subnets: ['172.28.0.0/16', 'fd00:28::/64'] });
  const cmd = ['/lab/node', '/lab/service.mjs', 'web', 'tcp:80'];
  await world.engine.containers.run({
    name: 'web',
    network: 'app',
    publish: ['8080:80'],
    cmd,
    binds: nodeBinds(world),
  });
  await makeForeign(world);
  return world;
}

/** Applies three configs that differ in everything, edits one, and takes it all down. */
async function liveAWhile(world: World): Promise<{ states: { what: string; snapshot: Snapshot }[] }> {
  const states: { what: string; snapshot: Snapshot }[] = [];
  const note = async (what: string): Promise<void> => {
    states.push({ what, snapshot: await world.snapshot() });
  };
  await apply(world, configText(PUBLIC_PORTS));
  await note('an apply');
  await apply(world, configText(['443/tcp'], 'log: limited\nblock: [203.0.113.99, "2001:db8:f::/48"]\n'));
  await note('a second apply');
  await apply(world, configText([], 'allow:\n  - {from: [198.18.0.0/24], to: [9100/tcp]}\n'));
  await note('a third apply');
  await seawall(world, ['trust', 'add', '203.0.113.77', '--yes']);
  await note('trust add');
  await seawall(world, ['down', '--yes']);
  return { states };
}

describe.each(VARIANTS)('iptables %s', (variant) => {
  describe.each(MACHINES)('a machine %s', (name, make) => {
    let world: World;
    let before: Snapshot;
    let after: Snapshot;
    let states: { what: string; snapshot: Snapshot }[];

    beforeAll(async () => {
      world = await make(variant);
      // Looking alone makes legacy's tables come into being, with ACCEPT policies and no rules.
      await world.snapshot();
      before = await world.snapshot();
      ({ states } = await liveAWhile(world));
      after = await world.snapshot();
    });
    afterAll(() => world?.remove());

    test('Seawall stood there in between', () => {
      for (const { snapshot } of states) {
        const text = variant === 'nft' ? snapshot.iptables + snapshot.ip6tables : snapshot.legacy;
        expect(text.match(/-j SEAWALL-FWD/g)).toHaveLength(2);
        expect(snapshot.ipset).toContain('seawall-trusted6');
      }
    });

    test('after down, sets, sysctls and nftables are as they were', () => {
      expect(after.ipset).toBe(before.ipset);
      expect(after.sysctl).toBe(before.sysctl);
      expect(withoutEmptyChains(after.nft)).toBe(withoutEmptyChains(before.nft));
    });

    test('after down, the rules are as they were', () => {
      expect(withoutEmptyTables(after.iptables, variant)).toBe(withoutEmptyTables(before.iptables, variant));
      expect(withoutEmptyTables(after.ip6tables, variant)).toBe(withoutEmptyTables(before.ip6tables, variant));
      expect(withoutEmptyTables(after.legacy, variant)).toBe(withoutEmptyTables(before.legacy, variant));
    });

    test('what others have made stays as it is, to the letter, whatever Seawall does', () => {
      for (const { what, snapshot } of states)
        expect([what, foreignPart(snapshot)]).toEqual([what, foreignPart(before)]);
    });

    test('a second down finds nothing to do, and an apply after it starts afresh', async () => {
      await seawall(world, ['down', '--yes']);
      expect((await world.snapshot()).ipset).toBe(before.ipset);
      await seawall(world, ['apply', '--yes']);
      expect((await world.seawall(['status'])).code).toBe(0);
      await seawall(world, ['down', '--yes']);
      expect(withoutEmptyChains((await world.snapshot()).nft)).toBe(withoutEmptyChains(before.nft));
      const injected = 'four changes, then down, twice; saves, sets, nft and sysctls compared';
      recordFault({ number: 43, fault: `down (${variant}, ${name})`, injected, times: 2, converged: 2 });
    });
  });
});

/** In a table that others use, a built-in chain that Seawall needed may stay: empty, accepting, unseen by iptables-save. */
const withoutEmptyChains = (text: string): string =>
  text.replaceAll(/\n?\tchain \w+ \{\n\t\ttype \w+ hook [^;]*; policy accept;\n\t\}\n/g, '');

/**
 * Legacy iptables can make tables but not take them away again: mangle may stay, empty and accepting, until the next
 * boot. The nft variant leaves no excuse.
 */
function withoutEmptyTables(text: string, variant: 'nft' | 'legacy'): string {
  if (variant === 'nft') return text;
  const tables = text.split(/(?<=^COMMIT\n)/m);
  return tables.filter((table) => /^-A /m.test(table) || / DROP \[/.test(table) || /^:\S+ - /m.test(table)).join('');
}
