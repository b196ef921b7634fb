import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addEntry, removeEntry } from '../../../src/config/edit.ts';
import { readConfig } from '../../../src/config/read.ts';
import { mutated, VALUES, writtenConfig, type ListName, type WrittenConfig } from './arbitrary-config.ts';
import { canonical, shown } from './shown.ts';

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
