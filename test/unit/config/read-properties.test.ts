import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { readConfig } from '../../../src/config/read.ts';
import { formatPrefix } from '../../../src/net/prefix.ts';
import { mutated, writtenConfig } from './arbitrary-config.ts';
import { canonical, shown } from './shown.ts';

describe('reading', () => {
  test('gives the values, however they are written, and where they stand', () => {
    fc.assert(
      fc.property(writtenConfig, (written) => {
        const { config, problems } = readConfig(written.text);
        expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
        for (const list of ['trusted', 'block', 'public'] as const) {
          expect(shown(config, list)).toEqual(written[list].map(canonical));
        }
        const lines = written.text.replace('\uFEFF', '').split('\n');
        for (const { at } of [...(config?.trusted ?? []), ...(config?.public ?? [])]) {
          const [line = ''] = written.text.slice(at.offset).split('\n', 1);
          const there = lines[at.line - 1]?.slice(at.column - 1);
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
