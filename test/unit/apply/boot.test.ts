import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { prepareBootFiles, switchBootFiles } from '../../../src/apply/boot.ts';
import { statePaths } from '../../../src/apply/state.ts';
import type { Files } from '../../../src/effects/types.ts';
import { PrefixSet } from '../../../src/net/prefix-set.ts';
import { bootFiles } from '../../../src/plan/boot-files.ts';
import { compile } from '../../../src/policy/compile.ts';
import type { Ruleset } from '../../../src/ruleset/ruleset.ts';
import { FakeClock, FakeFiles } from '../../support/fake-effects.ts';
import { policy } from '../../support/machine.ts';
import { joined } from '../../support/values.ts';

const PATHS = statePaths('/var/lib/seawall');
const SCRIPT = '#!/bin/sh\n# loads it\n';

const long = PrefixSet.of(
  4,
  Array.from({ length: 5000 }, (_, index) => ({ family: 4 as const, value: BigInt(index * 512), length: 24 })),
);
const lists = new Map([['long', { v4: long, v6: PrefixSet.empty(6) }]]);
const OLD = compile(policy('trusted: [203.0.113.7, {file: long}]', { lists }));
const NEW = compile(policy('trusted: [203.0.113.8, {file: long}]\npublic: [22/tcp]', { lists }));

let files: FakeFiles;
beforeEach(() => {
  files = new FakeFiles(new FakeClock());
});

async function write(ruleset: Ruleset, to: Files = files): Promise<boolean> {
  const prepared = await prepareBootFiles({ files: to }, PATHS, ruleset, SCRIPT);
  await switchBootFiles({ files: to }, PATHS, prepared, SCRIPT);
  return prepared.fresh;
}

const text = (path: string): string | undefined => files.contents.get(path)?.toString('latin1');

/** What a boot would load: the sets and rules of the named folder, if all its checksums hold. */
function loads(): string | undefined {
  const folder = `${PATHS.boot}/${text(PATHS.bootCurrent)?.trim()}`;
  const sums = text(`${folder}/SHA256SUMS`)?.trim().split('\n') ?? [];
  const contents = sums.map((line) => {
    const [sum, name] = line.split('  ');
    const content = files.contents.get(`${folder}/${name}`);
    return content && createHash('sha256').update(content).digest('hex') === sum
      ? `${name}\n${content.toString('latin1')}`
      : undefined;
  });
  return contents.length > 0 && contents.every((each) => each !== undefined) ? contents.join('') : undefined;
}

const contentOf = (ruleset: Ruleset): string =>
  bootFiles(ruleset)
    .map(({ name, content }) => `${name}\n${joined(content())}`)
    .join('');

test('what stands ready is the ruleset, and the script that loads it', async () => {
  expect(await write(OLD)).toBe(true);
  expect(loads()).toBe(contentOf(OLD));
  expect(text(PATHS.bootScript)).toBe(SCRIPT);
  expect(files.modes.get(PATHS.bootScript)).toBe(0o700);
  for (const [path, mode] of files.modes)
    if (path !== PATHS.bootScript) expect([path, mode & 0o077]).toEqual([path, 0]);
});

test('what stands already is not written again', async () => {
  await write(OLD);
  expect(await write(OLD)).toBe(false);
});

test.each<[string, () => unknown]>([
  ['a file is gone', () => files.remove(`${PATHS.boot}/${text(PATHS.bootCurrent)?.trim()}/hooks`)],
  ['the folder is gone', () => files.remove(`${PATHS.boot}/${text(PATHS.bootCurrent)?.trim()}`)],
  ['nothing is named', () => files.remove(PATHS.bootCurrent)],
  ['something else is named', () => files.put(PATHS.bootCurrent, '../../etc\n')],
  ['the script is another one', () => files.put(PATHS.bootScript, '#!/bin/sh\n')],
])('it is written again where %s', async (_name, damage) => {
  await write(OLD);
  await damage();
  expect(await write(OLD)).toBe(true);
  expect(loads()).toBe(contentOf(OLD));
});

test('the files of the policy before go, and so does the mark of `down`', async () => {
  await write(OLD);
  files.put(PATHS.down, '');
  files.put(`${PATHS.boot}/note`, 'of somebody else');
  await write(NEW);
  expect(loads()).toBe(contentOf(NEW));
  const folders = (await files.list(PATHS.boot)).filter((name) => /^[0-9a-f]{16}$/.test(name));
  expect(folders).toEqual([text(PATHS.bootCurrent)?.trim()]);
  expect(files.contents.has(PATHS.down)).toBe(false);
  expect(text(`${PATHS.boot}/note`)).toBe('of somebody else');
});

test('a long list that stays is taken over and not written', async () => {
  await write(OLD);
  const written: string[] = [];
  const watching: Files = Object.assign(Object.create(files) as Files, {
    write: (path: string, content: Iterable<string | Uint8Array>, mode: number) => {
      written.push(path);
      return files.write(path, content, mode);
    },
  });
  await write(NEW, watching);
  expect(written.some((path) => path.endsWith('sets.ipset'))).toBe(true);
  expect(written.some((path) => path.includes('seawall-list4-'))).toBe(false);
  expect(loads()).toBe(contentOf(NEW));
});

/** Files of which the nth change is the last one: the power is cut before the next. */
function cutAfter(changes: number): Files {
  let left = changes;
  const limited =
    <A extends unknown[], T>(change: (...args: A) => Promise<T>) =>
    (...args: A): Promise<T> =>
      left-- > 0 ? change(...args) : Promise.reject(new Error('power cut'));
  const { write: put, link, remove, folder } = files;
  return Object.assign(Object.create(files) as Files, {
    write: limited(put),
    link: limited(link),
    remove: limited(remove),
    folder: limited(folder),
  });
}

describe('a power cut at any instant', () => {
  test('leaves the old policy or the new one for the boot, whole, and the next run puts it right', async () => {
    await write(OLD);
    const before = new Map(files.contents);
    let completed = false;
    for (let changes = 0; !completed; changes++) {
      files = new FakeFiles(new FakeClock());
      for (const [path, content] of before) files.put(path, content);
      completed = await write(NEW, cutAfter(changes)).then(
        () => true,
        () => false,
      );
      expect([contentOf(OLD), contentOf(NEW)]).toContain(loads());
      await write(NEW);
      expect(loads()).toBe(contentOf(NEW));
    }
    expect(loads()).toBe(contentOf(NEW));
  });

  test('during the first apply leaves nothing that would load by halves', async () => {
    let completed = false;
    for (let changes = 0; !completed; changes++) {
      files = new FakeFiles(new FakeClock());
      completed = await write(OLD, cutAfter(changes)).then(
        () => true,
        () => false,
      );
      if (files.contents.has(PATHS.bootCurrent)) expect(loads()).toBe(contentOf(OLD));
    }
  });
});
