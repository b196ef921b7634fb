import { beforeEach, describe, expect, test } from 'vitest';
import { cacheName, readList, type ListReading } from '../../../src/live/lists.ts';
import { formatPrefix } from '../../../src/net/prefix.ts';
import { FakeClock, FakeFiles } from '../../support/fake-effects.ts';

const PATH = '/etc/seawall/lists/partners.txt';
const CACHE = '/var/lib/seawall/lists';

let clock: FakeClock;
let files: FakeFiles;

beforeEach(() => {
  clock = new FakeClock();
  files = new FakeFiles(clock);
});

const read = (path = 'lists/partners.txt'): Promise<ListReading> =>
  readList({ files, clock }, path, '/etc/seawall/seawall.yaml', CACHE);

/** Reads and keeps the compiled form, as an apply does. */
async function apply(): Promise<ListReading> {
  const reading = await read();
  if (reading.compiled) await files.write(`${CACHE}/${cacheName(PATH)}`, [reading.compiled], 0o600);
  return reading;
}

const texts = ({ list }: ListReading): string[] => [...list.v4.prefixes(), ...list.v6.prefixes()].map(formatPrefix);
const written = (text: string, secondsAgo = 10): void => {
  files.put(PATH, text);
  clock.time += secondsAgo * 1000;
};

test('a list is read from the folder of the config, or from an absolute path', async () => {
  written('192.0.2.0/24 # office\n\n2001:db8::/32\n');
  expect(texts(await read())).toEqual(['192.0.2.0/24', '2001:db8::/32']);
  expect(texts(await read(PATH))).toEqual(['192.0.2.0/24', '2001:db8::/32']);
});

describe('the compiled form', () => {
  test('serves while the file stays as it was', async () => {
    written('192.0.2.0/24\n2001:db8::/32\n198.51.100.7\n');
    const first = await apply();
    expect(first.compiled).toBeDefined();
    const second = await read();
    expect(second.compiled).toBeUndefined();
    expect(texts(second)).toEqual(texts(first));
  });

  test('is not even looked at behind the back of a file that changed', async () => {
    written('192.0.2.0/24\n');
    await apply();
    written('192.0.3.0/24\n');
    expect(texts(await read())).toEqual(['192.0.3.0/24']);
  });

  test('does not hold while the file is so fresh that it may change again in the same instant', async () => {
    written('192.0.2.0/24\n', 0);
    await apply();
    // The same size and the same times, another content.
    files.put(PATH, '192.0.9.0/24\n');
    expect(texts(await read())).toEqual(['192.0.9.0/24']);
    clock.time += 10_000;
    await apply();
    expect((await read()).compiled).toBeUndefined();
  });

  test.each<[string, (bytes: Buffer) => Buffer]>([
    [
      'flipped bits',
      (bytes) => Buffer.from(bytes.map((byte, index) => (index === bytes.length - 3 ? byte ^ 1 : byte))),
    ],
    ['half of it', (bytes) => bytes.subarray(0, bytes.length - 4)],
    ['nothing', () => Buffer.alloc(0)],
    ['no line end', () => Buffer.from('seawall-list-2')],
    ['something else', () => Buffer.from('null\n')],
    [
      'another format',
      (bytes) => Buffer.from(bytes.toString('latin1').replace('seawall-list-2', 'seawall-list-9'), 'latin1'),
    ],
    ['counts that are not so', (bytes) => Buffer.from(bytes.toString('latin1').replace('"v4":1', '"v4":7'), 'latin1')],
  ])('that is damaged is ignored: %s', async (_name, damage) => {
    written('192.0.2.0/24\n');
    await apply();
    const path = `${CACHE}/${cacheName(PATH)}`;
    files.contents.set(path, damage(files.contents.get(path) ?? Buffer.alloc(0)));
    const reading = await read();
    expect(texts(reading)).toEqual(['192.0.2.0/24']);
    expect(reading.compiled).toBeDefined();
  });

  test('of another list has another name', () => {
    expect(cacheName('/a')).not.toBe(cacheName('/b'));
    expect(cacheName('/a')).toMatch(/^[0-9a-f]{24}\.list$/);
  });
});

describe('a list that is not right is refused, whole', () => {
  const refusal = async (text: string): Promise<string> => {
    written(text);
    return read().then(
      () => 'taken',
      (error: Error) => error.message,
    );
  };

  test('a bad line is named with its place and what was probably meant', async () => {
    expect(await refusal('192.0.2.0/24\n  10.0.0.5/24\n')).toBe(
      `the list has a line that is no prefix\n  ${PATH}:2:3: 10.0.0.5/24: has bits set below its prefix length (did you mean 10.0.0.0/24?)`,
    );
  });

  test('of many bad lines the first are named, and how many there are', async () => {
    const said = await refusal('nonsense\n'.repeat(9));
    expect(said.split('\n')[0]).toBe('the list has 9 lines that are no prefix');
    expect(said.split('\n')).toHaveLength(7);
    expect(said).toMatch(/and 4 more$/);
  });

  test.each([
    ['half a last line', '192.0.2.0/24\n198.51.100.1'],
    ['everyone', '0.0.0.0/0\n'],
    ['halves that add up to everyone', '0.0.0.0/1\n128.0.0.0/1\n'],
    ['IPv6 everyone', '::/1\n8000::/1\n'],
    ['a NUL byte', '192.0.2.1\0\n'],
    ['a page of HTML', '<!doctype html>\n<p>not found</p>\n'],
  ])('%s', async (_name, text) => {
    expect(await refusal(text)).not.toBe('taken');
  });

  test('a file that is gone', async () => {
    await expect(read()).rejects.toMatchObject({ message: `the list ${PATH} does not exist`, exitCode: 1 });
  });

  test('one that was emptied, though it had entries when it was last applied', async () => {
    written('192.0.2.0/24\n');
    await apply();
    expect(await refusal('# nothing left\n')).toBe(`the list ${PATH} is empty now; it had 1 prefixes`);
    // It stays refused: what is in force stays in force.
    await expect(read()).rejects.toThrow(/is empty now/);
  });

  test('but not one that was empty from the start', async () => {
    written('# to be filled\n');
    expect(texts(await apply())).toEqual([]);
    expect(texts(await apply())).toEqual([]);
  });
});
