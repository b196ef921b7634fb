import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type World, createWorld, mustExec } from '../../lab/world.ts';
import { call, fresh, kernel } from './support/command-line.ts';

// What people and programs write into a config and its lists: right, or refused with its place; never half, never more.

let world: World;
beforeAll(async () => {
  world = await createWorld({ engine: false });
});
afterAll(() => world?.remove());

const list = (name = 'list.txt'): string => join(world.dir, name);
const config = (trusted: string): string => `version: 1\ntrusted: [${trusted}]\npublic: [22/tcp]\n`;

async function applied(text: string): Promise<void> {
  await world.writeConfig(text);
  const { code, stderr } = await call(world, ['apply', '--yes'], { timeoutMs: 100_000 });
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
}

/** Entries of the sets that say who is trusted. */
async function standing(): Promise<string[]> {
  const saved = await mustExec(world, 'host', ['ipset', 'save']);
  return [...saved.matchAll(/^add seawall-(?:trusted|list)\S+ (\S+)$/gm)].map(([, entry = '']) => entry).toSorted();
}

/** apply and plan fail with these words, and nothing was touched. */
async function refused(words: RegExp): Promise<void> {
  const before = await kernel(world);
  for (const args of [['apply', '--yes'], ['plan']]) {
    const { code, stderr } = await call(world, args);
    expect({ args, code, stderr }).toEqual({ args, code: 1, stderr: expect.stringMatching(words) });
    expect(stderr).not.toContain('bug');
  }
  expect(await kernel(world)).toEqual(before);
}

describe('a bad entry', () => {
  beforeAll(async () => {
    await fresh(world);
    await applied(config('203.0.113.7'));
  });

  const BAD: readonly (readonly [name: string, trusted: string, hint: RegExp])[] = [
    ['everyone', '0.0.0.0/0', /public/],
    ['everyone in IPv6', '"::/0"', /public/],
    ['everyone in two halves', '0.0.0.0/1, 128.0.0.0/1', /public/],
    ['host bits', '10.0.0.1/8', /10\.0\.0\.0\/8/],
    ['octal', '010.0.0.1', /octal/i],
    ['short', '10.1', /10\.1/],
    ['IPv4-mapped', '"::ffff:1.2.3.4"', /1\.2\.3\.4/],
    ['a zone', '"fe80::1%eth0"', /zone|%eth0/],
    ['a length that is none', '10.0.0.0/33', /33/],
    ['NUL', '"10.0.0.1\\0"', /./],
  ];
  test.each(BAD)('%s', async (_name, text, hint) => {
    await world.writeConfig(config(text));
    await refused(new RegExp(`seawall\\.yaml:2:\\d+: error: [^]*${hint.source}`, 'i'));
  });

  test.each([
    ['empty', ''],
    ['cut in the middle', 'version: 1\ntrusted: [203.0.113.7, "2001'],
    ['binary', '\0\x01\x02\uFFFD\n'],
    ['a line of 10 MB', `version: 1\ntrusted: [${'1'.repeat(10_000_000)}]\n`],
  ])('a config that is %s', async (_name, text) => {
    await world.writeConfig(text);
    await refused(/seawall\.yaml:\d+:\d+: error: /);
    expect((await call(world, ['apply', '--yes'])).stderr.length).toBeLessThan(4000);
  });

  test('CRLF, BOM and tabs behind entries are no faults', async () => {
    await applied('\uFEFFversion: 1\r\ntrusted: # all\r\n  - 203.0.113.7\t\r\n  - 203.0.113.8 \r\n');
    expect(await standing()).toEqual(['203.0.113.7', '203.0.113.8']);
  });
});

describe('a list', () => {
  const LISTED = '192.0.2.0/24\n2001:db8:77::/48\n';
  beforeEach(async () => {
    await fresh(world);
    await rm(list(), { recursive: true, force: true });
    await writeFile(list(), LISTED);
    await applied(config('{file: list.txt}'));
    expect(await standing()).toEqual(['192.0.2.0/24', '2001:db8:77::/48']);
  });

  const BAD = [
    ['a line that is no prefix', `${LISTED}203.0.113.300\n`, /list\.txt:3:1: .*203\.0\.113\.300/],
    ['host bits', `# office\n  203.0.113.9/24\n${LISTED}`, /list\.txt:2:3: .*203\.0\.113\.0\/24/],
    ['a cut last line', `${LISTED}203.0.1`, /list\.txt:3:1: /],
    ['no end of its last line', `${LISTED}203.0.113.9`, /list\.txt:3:1: 203\.0\.113\.9: .*cut off/],
    ['NUL bytes', `${LISTED}\0\0\0\0\n`, /list\.txt:3:1: /],
    ['everyone', '0.0.0.0/1\n128.0.0.0/1\n', /list\.txt:2:1: .*covers every address/],
    ['everyone in IPv6', '::/0\n', /list\.txt:1:1: .*covers every address/],
    ['a web page', '<!doctype html>\n<p>404\n', /list\.txt:1:1: /],
    ['nothing any more', '', /list\.txt is empty now; it had 2/],
    ['comments only', '# gone\n', /list\.txt is empty now; it had 2/],
  ] as const;
  test.each(BAD)('with %s: what is in force stays', async (_name, text, words) => {
    await writeFile(list(), text);
    await refused(words);
    await writeFile(list(), `${LISTED}203.0.113.9\n`);
    await applied(config('{file: list.txt}'));
    expect(await standing()).toEqual(['192.0.2.0/24', '2001:db8:77::/48', '203.0.113.9']);
  });

  test('that is missing, or a folder', async () => {
    await rm(list());
    await refused(/list\.txt does not exist/);
    await mkdir(list());
    await refused(/can't read the list .*list\.txt: it is a folder/);
    await rm(list(), { recursive: true });
  });

  test('with CRLF, a BOM, comments and blanks, is read to its last entry', async () => {
    await writeFile(list(), '\uFEFF# office\r\n\r\n192.0.2.0/24\t# a\r\n  198.51.100.0/24 ; b\r\n203.0.113.9\n');
    await applied(config('{file: list.txt}'));
    expect(await standing()).toEqual(['192.0.2.0/24', '198.51.100.0/24', '203.0.113.9']);
  });

  test('with overlaps and duplicates is what its widest entries say', async () => {
    await writeFile(list(), '10.1.0.0/16\n10.0.0.0/8\n10.1.2.3\n10.1.2.3\n2001:db8::/32\n2001:db8:7::/48\n');
    await applied(config('{file: list.txt}'));
    expect(await standing()).toEqual(['10.0.0.0/8', '2001:db8::/32']);
    await applied(config('10.0.0.0/8, 10.1.0.0/16, 10.1.0.0/16, 10.255.255.255'));
    expect(await standing()).toEqual(['10.0.0.0/8']);
  });
});

describe('long lists are in force whole', () => {
  beforeEach(() => fresh(world));
  // No two of them are siblings, so none are merged: what goes in has to come out.
  const scattered = (count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${11 + (i >> 15)}.${(i >> 7) & 255}.${(i & 127) * 2}.1`).toSorted();

  test('200,000 prefixes from a file, and one more', async () => {
    const entries = scattered(200_000);
    await writeFile(list('long.txt'), `${entries.join('\n')}\n`);
    await applied(config('{file: long.txt}'));
    expect((await standing()).join('\n') === entries.join('\n')).toBe(true);
    await appendFile(list('long.txt'), '203.0.113.9\n');
    await applied(config('{file: long.txt}'));
    expect((await standing()).join('\n') === [...entries, '203.0.113.9'].toSorted().join('\n')).toBe(true);
  });

  test('70,000 prefixes in the config itself', async () => {
    const entries = scattered(70_000);
    await applied(config('203.0.113.7'));
    await applied(`version: 1\ntrusted:\n${entries.map((entry) => `- ${entry}\n`).join('')}`);
    expect((await standing()).join('\n') === entries.join('\n')).toBe(true);
    expect((await call(world, ['status'])).code).toBe(0);
  });
});
