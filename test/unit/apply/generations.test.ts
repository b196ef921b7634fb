import { beforeEach, describe, expect, test } from 'vitest';
import {
  commitGeneration,
  type NewGeneration,
  prepareGeneration,
  pruneGenerations,
} from '../../../src/apply/generations.ts';
import { currentGeneration, generationNumbers } from '../../../src/apply/generation-numbers.ts';
import { readGeneration, readRuleset, readyAtBoot } from '../../../src/apply/generation-record.ts';
import { statePaths } from '../../../src/apply/state.ts';
import type { Files } from '../../../src/effects/types.ts';
import { PrefixSet } from '../../../src/net/prefix-set.ts';
import { meaningFingerprint, rulesetFingerprint } from '../../../src/plan/boot-files.ts';
import { compile } from '../../../src/policy/compile.ts';
import type { Ruleset } from '../../../src/ruleset/ruleset.ts';
import { FakeClock, FakeFiles } from '../../support/fake-effects.ts';
import { contentOf, generation, loads, named } from '../../support/generation.ts';
import { policy } from '../../support/machine.ts';

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

async function write(ruleset: Ruleset, to: Files = files, more: Partial<NewGeneration> = {}): Promise<boolean> {
  const prepared = await prepareGeneration({ files: to }, PATHS, generation(ruleset, more));
  await commitGeneration({ files: to }, PATHS, prepared.number, { script: SCRIPT });
  return prepared.fresh;
}

const text = (path: string): string | undefined => files.contents.get(path)?.toString('latin1');
const loaded = (): string | undefined => loads(files, PATHS);
const inFolder = (name: string, number = 1): string => `${PATHS.generation(number)}/${name}`;

test('what stands ready is the ruleset, and the script that loads it; for root alone', async () => {
  expect(await write(OLD)).toBe(true);
  expect(loaded()).toBe(contentOf(OLD));
  expect([text(PATHS.script), files.modes.get(PATHS.script)]).toEqual([SCRIPT, 0o700]);
  for (const [path, mode] of files.modes) expect([path, mode & 0o077]).toEqual([path, 0]);
});

test('what stands already is not written again, and each that differs has the next number', async () => {
  await write(OLD);
  expect(await write(OLD)).toBe(false);
  expect(await write(OLD, files, { config: 'version: 1\n# another\n' })).toBe(true);
  expect(await write(NEW)).toBe(true);
  expect([await generationNumbers({ files }, PATHS), named(files, PATHS)]).toEqual([[1, 2, 3], '3']);
});

test('everything comes back as it was written', async () => {
  const meta = {
    ...generation(OLD).meta,
    by: 'ann',
    from: '203.0.113.7',
    message: 'new office',
    changes: ['public +1'],
  };
  await write(OLD, files, { config: 'version: 1\n# é\n', meta });
  const read = await readGeneration({ files }, PATHS, 1);
  expect(read).toEqual({
    number: 1,
    config: 'version: 1\n# é\n',
    meta: {
      version: 1,
      backend: 'iptables',
      fingerprint: rulesetFingerprint(OLD),
      meaning: meaningFingerprint(OLD),
      ...meta,
    },
  });
  expect(contentOf(await readRuleset({ files }, PATHS, 1))).toBe(contentOf(OLD));
});

test.each<[string, () => unknown]>([
  ['a file is gone', () => files.remove(inFolder('hooks'))],
  ['a long list is gone', () => files.remove(inFolder(longList()))],
  ['a file has another byte', () => files.put(inFolder('rules.iptables'), `${text(inFolder('rules.iptables'))}#`)],
  ['the folder is gone', () => files.remove(PATHS.generation(1))],
  ['the record is damaged', () => files.put(inFolder('meta.json'), '{}')],
  ['nothing is named', () => files.remove(PATHS.current)],
  ['something else is named', () => files.put(PATHS.current, '../../etc\n')],
])('it is written again where %s', async (_name, damage) => {
  await write(OLD);
  await damage();
  expect(await write(OLD)).toBe(true);
  expect(loaded()).toBe(contentOf(OLD));
  expect(await readyAtBoot({ files }, PATHS, OLD)).toBe('ready');
});

const longList = (): string =>
  [...files.contents.keys()].flatMap((path) => /[^/]*seawall-list4-[^/]*$/.exec(path)?.[0] ?? [])[0] ?? 'none';

test('the script is written again where it is another one', async () => {
  await write(OLD);
  files.put(PATHS.script, '#!/bin/sh\n');
  expect(await write(OLD)).toBe(false);
  expect(text(PATHS.script)).toBe(SCRIPT);
});

test('an apply takes away the mark of `down`, and nothing of somebody else', async () => {
  await write(OLD);
  files.put(PATHS.down, '');
  files.put(`${PATHS.generations}/note`, 'of somebody else');
  await write(NEW);
  await pruneGenerations({ files }, PATHS);
  expect(loaded()).toBe(contentOf(NEW));
  expect(files.contents.has(PATHS.down)).toBe(false);
  expect(text(`${PATHS.generations}/note`)).toBe('of somebody else');
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
  expect(loaded()).toBe(contentOf(NEW));
});

describe('what is kept', () => {
  test('are the last 20; none that was never confirmed', async () => {
    for (let count = 1; count <= 25; count++) await write(OLD, files, { config: `version: 1\n# ${count}\n` });
    await prepareGeneration({ files }, PATHS, generation(NEW));
    expect(await generationNumbers({ files }, PATHS)).toHaveLength(26);
    await pruneGenerations({ files }, PATHS);
    expect(await generationNumbers({ files }, PATHS)).toEqual(Array.from({ length: 20 }, (_, index) => index + 6));
  });

  test('is all of it where nobody knows which one is the current one', async () => {
    await write(OLD);
    await write(NEW);
    await files.remove(PATHS.current);
    await pruneGenerations({ files }, PATHS);
    expect(await generationNumbers({ files }, PATHS)).toEqual([1, 2]);
  });

  test.each(['', '0\n', '-1\n', '1 2\n', '1e3\n', '007\n', '9999999999\n', '../1\n'])(
    'a number is a number, and %j is none',
    async (content) => {
      files.put(PATHS.current, content);
      expect(await currentGeneration({ files }, PATHS)).toBeUndefined();
    },
  );
});

describe('damage', () => {
  const DAMAGED = { message: 'generation 1 is damaged', hint: 'choose another one; seawall history lists them' };
  const RULES = ['sets.ipset', 'rules.iptables', 'rules.ip6tables', 'hooks', 'SHA256SUMS'];
  const RECORD = ['config.yaml', 'meta.json', 'RECORD-SHA256SUMS'];
  const cases = [...RULES, ...RECORD].flatMap((name) =>
    (['is gone', 'was cut off', 'has another bit', 'is empty'] as const).map((kind) => [name, kind] as const),
  );

  test.each(cases)('%s %s: refused', async (name, kind) => {
    await write(OLD);
    await damage(name, kind);
    const [rules, record] = [readRuleset, readGeneration].map((read) => read({ files }, PATHS, 1));
    if (RULES.includes(name)) await expect(rules).rejects.toMatchObject(DAMAGED);
    else await rules;
    if (RECORD.includes(name)) await expect(record).rejects.toMatchObject(DAMAGED);
    else await record;
    expect(await readyAtBoot({ files }, PATHS, OLD)).toBe('damaged');
  });

  async function damage(name: string, kind: 'is gone' | 'was cut off' | 'has another bit' | 'is empty'): Promise<void> {
    const content = files.contents.get(inFolder(name)) ?? Buffer.alloc(0);
    if (kind === 'is gone') return files.remove(inFolder(name));
    if (kind === 'is empty') return files.put(inFolder(name), '');
    if (kind === 'was cut off') return files.put(inFolder(name), content.subarray(0, content.length - 20));
    const flipped = Buffer.from(content);
    flipped[10] = (flipped[10] ?? 0) ^ 1;
    return files.put(inFolder(name), flipped);
  }

  test('a list of sums that leads astray names nothing', async () => {
    await write(OLD);
    files.put('/etc/shadow', 'secret');
    files.put(inFolder('SHA256SUMS'), `${'0'.repeat(64)}  ../../../../etc/shadow\n`);
    await expect(readRuleset({ files }, PATHS, 1)).rejects.toMatchObject(DAMAGED);
  });

  test('one that isn’t there is told as such', async () => {
    await write(OLD);
    for (const read of [readRuleset, readGeneration])
      await expect(read({ files }, PATHS, 7)).rejects.toMatchObject({
        message: 'there is no generation 7',
        hint: 'seawall history lists those that there are',
      });
  });
});

test('what a boot would load is told: nothing, an older one, the right one', async () => {
  expect(await readyAtBoot({ files }, PATHS, OLD)).toBe('missing');
  await write(OLD);
  expect(await readyAtBoot({ files }, PATHS, OLD)).toBe('ready');
  expect(await readyAtBoot({ files }, PATHS, NEW)).toBe('older');
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
      expect([contentOf(OLD), contentOf(NEW)]).toContain(loaded());
      await write(NEW);
      expect(loaded()).toBe(contentOf(NEW));
    }
    expect(loaded()).toBe(contentOf(NEW));
  });

  test('during the first apply leaves nothing that would load by halves', async () => {
    let completed = false;
    for (let changes = 0; !completed; changes++) {
      files = new FakeFiles(new FakeClock());
      completed = await write(OLD, cutAfter(changes)).then(
        () => true,
        () => false,
      );
      if (files.contents.has(PATHS.current)) expect(loaded()).toBe(contentOf(OLD));
    }
  });
});
