import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRemembered, rememberedText, type Remembered } from '../../../src/live/remembered.ts';
import { docker, network } from '../../support/machine.ts';
import { FakeClock, FakeFiles } from '../../support/fake-effects.ts';
import { patient, runs } from '../../support/runs.ts';
import { address } from '../../support/values.ts';

const PATH = '/var/lib/seawall/remembered.json';

function read(content: string | undefined): Promise<Remembered> {
  const files = new FakeFiles(new FakeClock());
  if (content !== undefined) files.put(PATH, content);
  return readRemembered({ files }, PATH);
}

const NOTHING: Remembered = { names: new Map(), docker: undefined };
const SOME: Remembered = {
  names: new Map([
    ['office.example.com', [address('192.0.2.10'), address('2001:db8::10')]],
    ['nowhere.example.com', []],
  ]),
  docker: docker({
    networks: [
      network('bridge', 'docker0', '172.17.0.0/16', 'fd00:17::/64'),
      network('lan', undefined, '198.51.100.0/24'),
    ],
    nodes: [address('198.51.100.11')],
    swarm: true,
  }),
};

test('what was kept comes back, and Docker as one that is remembered', async () => {
  const { names, docker: back } = await read(rememberedText(SOME));
  expect(names).toEqual(SOME.names);
  expect(back).toEqual({ ...SOME.docker, seen: 'remembered' });
});

test('an engine without a version comes back without one', async () => {
  const { docker: back } = await read(rememberedText({ names: new Map(), docker: docker({ version: undefined }) }));
  expect(back?.version).toBeUndefined();
});

test('nothing comes back from nothing', async () => {
  expect(await read(rememberedText(NOTHING))).toEqual(NOTHING);
  expect(await read(undefined)).toEqual(NOTHING);
});

describe('a memory that is damaged is none', () => {
  test.each<[string, string]>([
    ['empty', ''],
    ['cut off', rememberedText(SOME).slice(0, 200)],
    ['another version', rememberedText(SOME).replace('"version": 1', '"version": 2')],
    ['null', 'null'],
    ['a list', '[]'],
    ['a number', '1'],
    ['nothing in it', '{"version":1}'],
    ['names that are none', '{"version":1,"names":7,"docker":{}}'],
    ['networks that are none', '{"version":1,"names":{},"docker":{"networks":7,"nodes":[]}}'],
  ])('%s', async (_name, text) => {
    expect(await read(text)).toEqual(NOTHING);
  });

  test('addresses that are none are left out', async () => {
    const text = rememberedText(SOME).replace('192.0.2.10', '192.0.2.999');
    expect((await read(text.replace(/"sum".*/, ''))).names.get('office.example.com')).toEqual([
      address('2001:db8::10'),
    ]);
  });

  test('an address that became another one is nobody’s', async () => {
    expect(await read(rememberedText(SOME).replace('192.0.2.10', '192.0.2.11'))).toEqual(NOTHING);
  });

  test('a bridge whose name is more than a name is none', async () => {
    const text = rememberedText(SOME)
      .replace('"docker0"', '"docker0 -j X"')
      .replace(/"sum".*/, '');
    const { docker: back } = await read(text);
    expect(back?.networks.map(({ bridge }) => bridge)).toEqual([undefined, undefined]);
  });

  test('no bytes make it throw', patient, async () => {
    const text = rememberedText(SOME);
    const spoiled = fc
      .tuple(fc.nat(text.length), fc.nat(30), fc.string())
      .map(([at, gone, more]) => text.slice(0, at) + more + text.slice(at + gone));
    await fc.assert(
      fc.asyncProperty(spoiled, async (content) => {
        const { names, docker: back } = await read(content);
        for (const addresses of names.values()) expect(Array.isArray(addresses)).toBe(true);
        expect(back?.seen ?? 'remembered').toBe('remembered');
      }),
      runs(300),
    );
  });
});
