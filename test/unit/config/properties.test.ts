import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { addEntry, removeEntry } from '../../../src/config/edit.ts';
import type { Config, Source } from '../../../src/config/model.ts';
import { readConfig } from '../../../src/config/read.ts';
import { formatPortRange, parsePortRange } from '../../../src/net/port.ts';
import { formatPrefix, parsePrefix } from '../../../src/net/prefix.ts';
import { BAD_INPUTS } from './bad-inputs.ts';
import { VALUES, writtenConfig, type ListName, type WrittenConfig } from './arbitrary-config.ts';

const showSource = (source: Source): string => {
  if (source.kind === 'prefix') return formatPrefix(source.prefix);
  return source.kind === 'name' ? source.name : `file:${source.path}`;
};

const canonical = (value: string): string => {
  const [prefix, range] = [parsePrefix(value), parsePortRange(value)];
  if (prefix.ok) return formatPrefix(prefix.value);
  return range.ok ? formatPortRange(range.value) : value;
};

const shown = (config: Config | undefined, list: ListName): string[] => {
  if (list === 'public') return config?.public.map(({ range }) => formatPortRange(range)) ?? [];
  return config?.[list].map(showSource) ?? [];
};

describe('reading', () => {
  test('gives the values, however they are written, and where they stand', () => {
    fc.assert(
      fc.property(writtenConfig, (written) => {
        const { config, problems } = readConfig(written.text);
        expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
        for (const list of ['trusted', 'block', 'public'] as const) {
          expect(shown(config, list)).toEqual(written[list].map(canonical));
        }
        for (const { at } of [...(config?.trusted ?? []), ...(config?.public ?? [])]) {
          const [line = ''] = written.text.slice(at.offset).split('\n', 1);
          const there = written.text
            .replace('\uFEFF', '')
            .split('\n')
            [at.line - 1]?.slice(at.column - 1);
          expect(there).toBe(line);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('never throws, and whoever is trusted is written in the text', () => {
    fc.assert(
      fc.property(mutated, (text) => expectHonest(text)),
      { numRuns: 1500 },
    );
  });

  test('bytes of garbage are no config', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(readConfig(new TextDecoder().decode(bytes)).config).toBeUndefined();
      }),
    );
  });

  test('half a config is no config, or one that trusts nobody else', () => {
    const [design = ''] = fc.sample(writtenConfig, { numRuns: 1, seed: 7 }).map(({ text }) => text);
    for (let length = 0; length <= design.length; length++) expectHonest(design.slice(0, length));
  });
});

const edits = fc.array(
  fc.tuple(
    fc.nat(),
    fc.nat({ max: 8 }),
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.constantFrom(
        '\n',
        ': ',
        '- ',
        '[',
        ']',
        '{',
        '}',
        '#',
        '"',
        "'",
        '&a ',
        '*a',
        '!!str ',
        '|',
        '>',
        ',',
        '\t',
        '/0',
        '/1',
        '0.0.0.0/0',
        '<<',
        '---\n',
        '?',
        '%',
      ),
    ),
  ),
  { minLength: 1, maxLength: 4 },
);

/** Configs, good and bad ones, with some of their characters replaced. */
const mutated = fc
  .tuple(
    fc.oneof(
      writtenConfig.map(({ text }) => text),
      fc.constantFrom(...BAD_INPUTS.map(({ text }) => text).filter((text) => text.length < 3000)),
    ),
    edits,
  )
  .map(([text, changes]) =>
    changes.reduce((old, [at, length, put]) => {
      const start = at % (old.length + 1);
      return old.slice(0, start) + put + old.slice(start + length);
    }, text),
  );

/** Every source of the config is what the YAML library reads at its place alone, and never everyone. */
function expectHonest(text: string): void {
  const { config, problems } = readConfig(text);
  expect(config === undefined).toBe(problems.some(({ severity }) => severity === 'error'));
  for (const source of [...(config?.trusted ?? []), ...(config?.allow.flatMap(({ from }) => from) ?? [])]) {
    const written = text.slice(source.at.offset, source.at.offset + source.at.length);
    if (source.kind !== 'prefix' || written.startsWith('*')) continue;
    expect(source.prefix.length).toBeGreaterThan(0);
    const alone: unknown = parseDocument(written, { schema: 'failsafe' }).toJS();
    expect(canonical(String(alone))).toBe(formatPrefix(source.prefix));
  }
}

const lists = fc.constantFrom<ListName>('trusted', 'block', 'public');
const withValue = fc
  .tuple(writtenConfig, lists)
  .chain(([config, list]) => fc.tuple(fc.constant(config), fc.constant(list), VALUES[list]));

describe('editing', () => {
  test('adding changes one place, and removing it again gives the bytes of before', () => {
    fc.assert(
      fc.property(withValue, ([written, list, value]) => {
        const added = addEntry(written.text, list, value);
        if (added.kind === 'unchanged') return;
        expect(added.kind).toBe('changed');
        if (added.kind !== 'changed') return;
        expect(onlyAdds(written.text, added.text)).toBe(true);
        expect(shown(readConfig(added.text).config, list)).toEqual([...written[list].map(canonical), canonical(value)]);
        expect(removeEntry(added.text, list, value)).toHaveProperty('text', written.text);
      }),
      { numRuns: 500 },
    );
  });

  test('removing takes away that entry, its comment and its comma, and nothing else', () => {
    fc.assert(
      fc.property(writtenConfig, lists, fc.nat(), (written, list, at) => {
        const value = written[list][at % written[list].length] ?? '';
        const edit = removeEntry(written.text, list, value);
        expect(edit.kind).toBe('changed');
        if (edit.kind !== 'changed') return;
        const left = written[list].map(canonical).filter((other) => other !== canonical(value));
        expect(shown(readConfig(edit.text).config, list)).toEqual(left);
        expectOtherListsSame(written, edit.text, list);
        expect(onlyAdds(edit.text.replace(/\[\]|$/, ''), written.text) || left.length === 0).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('whatever is given for a value, the config has that value more, or nothing is changed', () => {
    fc.assert(
      fc.property(writtenConfig, lists, hostile, (written, list, value) => {
        const edit = addEntry(written.text, list, value);
        if (edit.kind !== 'changed') return;
        const before = readConfig(written.text).config;
        const after = readConfig(edit.text).config;
        expect(shown(after, list).slice(0, -1)).toEqual(shown(before, list));
        expectOtherListsSame(written, edit.text, list);
      }),
      { numRuns: 300 },
    );
  });

  test('never throws, whatever the text', () => {
    fc.assert(
      fc.property(mutated, lists, hostile, (text, list, value) => {
        for (const edit of [addEntry(text, list, value), removeEntry(text, list, value)]) {
          if (edit.kind === 'changed') expect(readConfig(edit.text).config).toBeDefined();
        }
      }),
      { numRuns: 500 },
    );
  });
});

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '192.0.2.1',
    '22/tcp',
    '::1',
    '2001:db8::',
    'a.example.com',
    'null',
    'file:a',
    'file:a, {b: c}',
    'file:"x"',
    "file:'",
    'file:null',
    'file:a\\',
  ),
  fc
    .tuple(VALUES.trusted, fc.constantFrom('\n', ' #', ']', '}', ', 0.0.0.0/0', ': ', '&', '*'))
    .map(([value, more]) => value + more),
);

function expectOtherListsSame(written: WrittenConfig, text: string, edited: ListName): void {
  const { config } = readConfig(text);
  for (const list of ['trusted', 'block', 'public'] as const) {
    if (list !== edited) expect(shown(config, list)).toEqual(written[list].map(canonical));
  }
}

/** Whether the second text has all characters of the first, in their order. */
function onlyAdds(before: string, after: string): boolean {
  let at = 0;
  for (const char of after) if (char === before[at]) at++;
  return at === before.length;
}
