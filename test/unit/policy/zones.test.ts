import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DockerFacts, Link } from '../../../src/policy/facts.ts';
import { findZones, matchesAny, matchesLink, type Zones } from '../../../src/policy/zones.ts';
import { docker, link, network } from '../../support/machine.ts';
import { patient, runs } from '../../support/runs.ts';

const NONE = { internal: [], external: [] };
const UPLINK = link('eth0', { uplink: true });
const bridge = (name: string, more: Partial<Link> = {}): Link => link(name, { kind: 'bridge', ...more });
const DOCKERS = ['docker0', 'docker_gwbridge', 'br-*'];

/** How a packet from a link is taken: the first rule that names it decides, as in compile.ts. */
function sideOf(zones: Zones, name: string): 'inside' | 'outside' {
  return !matchesAny(zones.except, name) && matchesAny(zones.internal, name) ? 'inside' : 'outside';
}

/** Whether packets that leave there are let pass whoever sends them. */
const isOuter = (zones: Zones, name: string): boolean => matchesAny(zones.outer, name);

describe('which side a link is on', () => {
  const unknown: DockerFacts = docker({ seen: 'unknown', version: undefined, networks: [] });
  const shop = docker({ networks: [network('bridge', 'docker0'), network('shop', 'shop'), network('app', 'br-app')] });
  const remembered = docker({ ...shop, seen: 'remembered' });

  type Case = [
    what: string,
    Link,
    DockerFacts,
    { internal?: string[]; external?: string[] },
    'inside' | 'outside',
    outer: boolean,
  ];
  test.each<Case>([
    ['the uplink', UPLINK, docker(), {}, 'outside', true],
    ['another card', link('eth1'), docker(), {}, 'outside', true],
    ['a port of a bond', link('eth2', { master: 'bond0' }), docker(), {}, 'outside', false],
    ["Docker's default bridge", bridge('docker0'), docker(), {}, 'inside', false],
    [
      'a network with a bridge as Docker names it',
      bridge('br-0123456789ab'),
      docker({ networks: [network('x', 'br-0123456789ab')] }),
      {},
      'inside',
      false,
    ],
    ['a network with a bridge that the wildcard covers', bridge('br-app'), shop, {}, 'inside', false],
    ['a network with a bridge of any name', bridge('shop'), shop, {}, 'inside', false],
    ["a bridge like Docker's that isn't", bridge('br-0123456789ab'), docker(), {}, 'outside', true],
    ['a bridge for guests', bridge('br-guests'), docker(), {}, 'outside', true],
    ['a bridge of virtual machines', bridge('virbr0'), docker(), {}, 'outside', true],
    ['the uplink is br-lan', bridge('br-lan', { uplink: true }), docker(), {}, 'outside', true],
    [
      "the uplink is a bridge that Docker's network uses",
      bridge('br-app', { uplink: true }),
      shop,
      {},
      'outside',
      true,
    ],
    ['the uplink is docker0', bridge('docker0', { uplink: true }), docker(), {}, 'outside', true],
    ['the uplink has the name of a network of any name', bridge('shop', { uplink: true }), shop, {}, 'outside', true],
    // Docker can't be asked: what may be its own is neither inside nor outer.
    ['docker0 while Docker is unknown', bridge('docker0'), unknown, {}, 'inside', false],
    ['a name as Docker makes it, Docker unknown', bridge('br-0123456789ab'), unknown, {}, 'inside', false],
    [
      'such a name that is no bridge, Docker unknown',
      link('br-0123456789ab', { kind: 'veth' }),
      unknown,
      {},
      'outside',
      true,
    ],
    ['br-app while Docker is unknown', bridge('br-app'), unknown, {}, 'outside', false],
    ['a bridge of any name while Docker is unknown', bridge('shop'), unknown, {}, 'outside', false],
    ['a bridge that Docker is remembered to have', bridge('shop'), remembered, {}, 'inside', false],
    ['a bridge that came while Docker was away', bridge('new'), remembered, {}, 'outside', false],
    ['br-lan as uplink, Docker unknown', bridge('br-lan', { uplink: true }), unknown, {}, 'outside', true],
    // The config has the last word.
    ['listed as internal', bridge('virbr0'), docker(), { internal: ['virbr0'] }, 'inside', false],
    ['listed by a wildcard', link('wg7', { kind: 'wireguard' }), docker(), { internal: ['wg*'] }, 'inside', false],
    ['listed although it is the uplink', UPLINK, docker(), { internal: ['eth0'] }, 'inside', false],
    [
      'listed with a name that the wildcard covers',
      bridge('br-guests'),
      docker(),
      { internal: ['br-guests'] },
      'inside',
      false,
    ],
    ['listed as external', bridge('docker0'), docker(), { external: ['docker0'] }, 'outside', false],
    ['listed as external by a wildcard', bridge('docker0'), docker(), { external: ['docker*'] }, 'outside', false],
    ["a network's bridge listed as external", bridge('shop'), shop, { external: ['shop'] }, 'outside', false],
    [
      'internal by wildcard, external by name',
      link('wg9'),
      docker(),
      { internal: ['wg*'], external: ['wg9'] },
      'outside',
      true,
    ],
  ])('%s', (_what, one, facts, listed, side, outer) => {
    const zones = findZones([link('lo'), UPLINK, one], facts, { ...NONE, ...listed });
    expect([sideOf(zones, one.name), isOuter(zones, one.name)]).toEqual([side, outer]);
  });

  test('links that come tomorrow: those of Docker are inside, all others outside and not outer', () => {
    const zones = findZones([UPLINK], docker(), NONE);
    expect(['br-aaaaaaaaaaaa', 'docker_gwbridge'].map((name) => sideOf(zones, name))).toEqual(['inside', 'inside']);
    expect(['eth7', 'wg0', 'shop'].map((name) => [sideOf(zones, name), isOuter(zones, name)])).toEqual(
      ['eth7', 'wg0', 'shop'].map(() => ['outside', false]),
    );
  });
});

test('loopback is in no zone', () => {
  const { outer, except, bridges } = findZones([link('lo')], docker(), NONE);
  expect([outer, except, bridges]).toEqual([[], [], []]);
});

test('outer bridges are those whose broadcasts are for others too', () => {
  const links = [
    UPLINK,
    bridge('docker0'),
    bridge('virbr0'),
    bridge('br-lan', { uplink: true }),
    link('vnet0', { master: 'virbr0' }),
  ];
  expect(findZones(links, docker(), NONE).bridges).toEqual(['virbr0', 'br-lan']);
});

test('rules do not grow with networks that the wildcard covers', () => {
  const names = Array.from({ length: 30 }, (_, index) => `br-${index.toString(16).padStart(12, '0')}`);
  const zones = findZones(
    [UPLINK, ...names.map((name) => bridge(name))],
    docker({ networks: names.map((name) => network(name, name)) }),
    NONE,
  );
  expect(zones).toEqual({ internal: DOCKERS, except: [], outer: ['eth0'], bridges: [] });
});

test('nothing is both inside and outer, and no uplink is inside that nobody listed', patient, () => {
  const name = fc.constantFrom('eth0', 'docker0', 'br-lan', 'br-0123456789ab', 'shop', 'wg0', 'virbr0');
  const linkArb = fc
    .record({
      name,
      uplink: fc.boolean(),
      kind: fc.constantFrom('bridge', undefined),
      master: fc.constantFrom(undefined, 'bond0'),
    })
    .map((each) => link(each.name, each));
  const dockerArb = fc
    .tuple(fc.constantFrom('live', 'remembered', 'unknown'), fc.uniqueArray(name, { maxLength: 3 }))
    .map(([seen, bridges]) =>
      docker({ seen: seen as DockerFacts['seen'], networks: bridges.map((each) => network(each, each)) }),
    );
  const listedArb = fc.record({
    internal: fc.uniqueArray(fc.constantFrom('wg*', 'br-*', 'shop', 'eth0', 'virbr0'), { maxLength: 2 }),
    external: fc.uniqueArray(fc.constantFrom('wg0', 'br-lan', 'docker*', 'shop'), { maxLength: 2 }),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(linkArb, { selector: (each) => each.name }),
      dockerArb,
      listedArb,
      (links, facts, listed) => {
        const zones = findZones(links, facts, listed);
        for (const each of links) {
          const side = sideOf(zones, each.name);
          if (side === 'inside') expect(isOuter(zones, each.name)).toBe(false);
          if (each.uplink && !matchesAny(listed.internal, each.name)) expect(side).toBe('outside');
          if (matchesAny(listed.external, each.name)) expect(side).toBe('outside');
        }
      },
    ),
    runs(300),
  );
});

test.each<[string, string, boolean]>([
  ['wg*', 'wg0', true],
  ['wg*', 'wg', true],
  ['wg*', 'eth0', false],
  ['wg0', 'wg0', true],
  ['wg0', 'wg01', false],
])('%s matches %s: %s', (pattern, name, expected) => {
  expect(matchesLink(pattern, name)).toBe(expected);
});
